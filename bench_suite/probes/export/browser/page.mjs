// Runs a model in the runtime that the page's address names: it asks for tasks and posts what came of them, until the
// server has gone. It decides nothing.

const { openModel } = await import(`./${new URLSearchParams(location.search).get("runtime")}.mjs`);

const ARRAYS = { float32: Float32Array, int32: Int32Array, int64: BigInt64Array };
let model;

async function fetchBytes(name) {
  return (await fetch(name)).arrayBuffer();
}

async function fetchBatch({ type }) {
  return new ARRAYS[type](await fetchBytes("batch"));
}

async function open({ beside }) {
  model = undefined;
  const files = beside.map(async (name) => ({ name, bytes: new Uint8Array(await fetchBytes(name)) }));
  model = await openModel(new Uint8Array(await fetchBytes("model")), await Promise.all(files));
  return {};
}

async function run(task) {
  const { shape, values } = await model.run(await fetchBatch(task), task);
  return { shape: Array.from(shape), values: Array.from(values) };
}

async function time(task) {
  const batch = await fetchBatch(task);
  const milliseconds = [];
  for (let call = 0; call < task.calls; call++) {
    const began = performance.now();
    await model.run(batch, task);
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
