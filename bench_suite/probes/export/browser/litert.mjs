// Opens a LiteRT flatbuffer in LiteRT.js, on WebAssembly and one thread.

import { loadAndCompile, loadLiteRt, Tensor } from "./library/@litertjs/core/index.js";

await loadLiteRt(new URL("library/@litertjs/core/", document.baseURI).href, { threads: false });

export async function openModel(bytes) {
  const model = await loadAndCompile(bytes, { accelerator: "wasm" });
  return {
    // From an array to an array, as every runtime is timed.
    run: async (array, { shape }) => {
      const input = new Tensor(array, shape);
      const [logits] = await model.run(input);
      input.delete();
      const values = await logits.data();
      const dimensions = logits.type.layout.dimensions;
      logits.delete();
      return { shape: dimensions, values };
    },
  };
}
