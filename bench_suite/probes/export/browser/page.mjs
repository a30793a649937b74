// Runs an ONNX model in ONNX Runtime Web, on WebAssembly and one thread: it asks for tasks and posts what came of them,
// until the server has gone. It decides nothing.

import * as ort from "./library/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1;

const ARRAYS = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array };
let session;

async function open({ model }) {
  await session?.release();
  session = undefined;
  const bytes = new Uint8Array(await (await fetch(model)).arrayBuffer());
  session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return {};
}

async function makeFeeds({ type, shape }) {
  const bytes = await (await fetch("batch")).arrayBuffer();
  return { [session.inputNames[0]]: new ort.Tensor(type, new ARRAYS[type](bytes), shape) };
}

async function run(task) {
  const logits = (await session.run(await makeFeeds(task)))[session.outputNames[0]];
  return { shape: logits.dims, values: Array.from(logits.data) };
}

async function time(task) {
  const feeds = await makeFeeds(task);
  const milliseconds = [];
  for (let call = 0; call < task.calls; call++) {
    const began = performance.now();
    await session.run(feeds);
    milliseconds.push(performance.now() - began);
  }
  return { milliseconds };
}

const ACTIONS = { open, run, time };

async function perform(task) {
  try {
    return { number: task.number, value: await ACTIONS[task.action](task) };
  } catch (error) {
    return { number: task.number, error: String(error?.message ?? error) };
  }
}

for (;;) {
  const task = await (await fetch("task")).json();
  await fetch("answer", { method: "POST", body: JSON.stringify(await perform(task)) });
}
