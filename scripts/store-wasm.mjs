// Makes src/explore/store-wasm.ts of src/explore/store.wat. A test holds the two together.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const path = (relative) => fileURLToPath(new URL(`../src/explore/${relative}`, import.meta.url));

/** The text of store-wasm.ts. */
export async function generated() {
  const { parseWat } = await wabt();
  const module = parseWat('store.wat', readFileSync(path('store.wat'), 'utf8'), {
    simd: true,
    threads: true,
  });
  module.validate();
  const text = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const lines = text.match(/.{1,120}/g).map((line) => `  '${line}'`);
  return `/** store.wat as WebAssembly, in base64: made by scripts/store-wasm.mjs. */\nexport const STORE_WASM =\n${lines.join(' +\n')};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(path('store-wasm.ts'), await generated());
