// Makes src/explore/store-wasm.ts of src/explore/store.wat. A test holds the two together.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const path = (relative) => fileURLToPath(new URL(`../src/explore/${relative}`, import.meta.url));

const FEATURES = { simd: true, threads: true };
const MEMORY = '(memory 1 65536)';

/** The text of store-wasm.ts. */
export async function generated() {
  const text = readFileSync(path('store.wat'), 'utf8');
  if (!text.includes(MEMORY)) throw new Error(`store.wat imports no ${MEMORY}`);
  const [own, shared] = [await binary(text), await binary(text.replace(MEMORY, '(memory 1 65536 shared)'))];
  const changed = [...own.keys()].filter((at) => own[at] !== shared[at]);
  if (own.length !== shared.length || changed.length !== 1)
    throw new Error('a memory that threads share makes more than a byte of difference');
  const [at] = changed;
  const lines = own
    .toString('base64')
    .match(/.{1,120}/g)
    .map((line) => `  '${line}'`);
  return `/** store.wat as WebAssembly, in base64: made by scripts/store-wasm.mjs. */
export const STORE_WASM =
${lines.join(' +\n')};
/** The byte that is another one for a memory that threads share. */
export const STORE_SHARED = { at: ${at}, byte: ${shared[at]} };
`;
}

async function binary(text) {
  const { parseWat } = await wabt();
  const module = parseWat('store.wat', text, FEATURES);
  module.validate(FEATURES);
  return Buffer.from(module.toBinary({}).buffer);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(path('store-wasm.ts'), await generated());
