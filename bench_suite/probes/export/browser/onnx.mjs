// Opens an ONNX model in ONNX Runtime Web, on WebAssembly and one thread.

import * as ort from "./library/onnxruntime-web/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1;

// `beside` are the files of weights that the model names: [{name, bytes}].
export async function openModel(bytes, beside) {
  const externalData = beside.map((file) => ({ path: file.name, data: file.bytes }));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"], externalData });
  return {
    // From an array to an array, as every runtime is timed.
    run: async (array, { type, shape }) => {
      const input = new ort.Tensor(type, array, shape);
      const logits = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]];
      return { shape: logits.dims, values: logits.data };
    },
  };
}
