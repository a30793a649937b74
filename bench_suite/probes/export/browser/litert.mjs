// Opens a LiteRT flatbuffer in LiteRT.js, on WebAssembly and one thread.

import { loadAndCompile, loadLiteRt, Tensor } from "./library/@litertjs/core/index.js";

await loadLiteRt(new URL("library/@litertjs/core/", document.baseURI).href, { threads: false });

export async function openModel(bytes) {
  const model = await loadAndCompile(bytes, { accelerator: "wasm" });
  return {
    makeInput: (array, { shape }) => new Tensor(array, shape),
    run: async (input) => {
      const [logits] = await model.run(input);
      const values = await logits.data();
      const shape = logits.type.layout.dimensions;
      logits.delete();
      return { shape, values };
    },
  };
}
