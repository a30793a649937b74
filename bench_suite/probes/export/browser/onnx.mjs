// Opens an ONNX model in ONNX Runtime Web, on WebAssembly and one thread.

import * as ort from "./library/onnxruntime-web/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1;

export async function openModel(bytes) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  return {
    makeInput: (array, { type, shape }) => new ort.Tensor(type, array, shape),
    run: async (input) => {
      const logits = (await session.run({ [session.inputNames[0]]: input }))[session.outputNames[0]];
      return { shape: logits.dims, values: logits.data };
    },
  };
}
