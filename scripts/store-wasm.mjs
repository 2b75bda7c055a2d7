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
  const shared = text.replace(MEMORY, '(memory 1 65536 shared)');
  return (
    constant(
      'store.wat as WebAssembly, in base64: made by scripts/store-wasm.mjs.',
      'STORE_WASM',
      await binary(text),
    ) + constant('The same for a memory that threads share.', 'STORE_WASM_SHARED', await binary(shared))
  );
}

async function binary(text) {
  const { parseWat } = await wabt();
  const module = parseWat('store.wat', text, FEATURES);
  module.validate(FEATURES);
  return Buffer.from(module.toBinary({}).buffer).toString('base64');
}

function constant(says, name, text) {
  const lines = text.match(/.{1,120}/g).map((line) => `  '${line}'`);
  return `/** ${says} */\nexport const ${name} =\n${lines.join(' +\n')};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(path('store-wasm.ts'), await generated());
