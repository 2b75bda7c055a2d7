/** The C grammar, loaded once for a test file. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { loadGrammar } from '../../src/c/grammar.js';
import type { Grammar } from '../../src/c/grammar.js';

const require = createRequire(import.meta.url);

function wasm(name: string): Uint8Array {
  return readFileSync(require.resolve(name));
}

export const grammar: Grammar = await loadGrammar(
  wasm('web-tree-sitter/web-tree-sitter.wasm'),
  wasm('tree-sitter-c/tree-sitter-c.wasm'),
);
