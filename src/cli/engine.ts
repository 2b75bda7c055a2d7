import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { loadGrammar } from '../c/grammar.js';
import type { LitmusTest } from '../litmus/ast.js';
import { runTest } from '../run/index.js';
import { parseLitmus } from '../run/parse.js';
import type { Engine } from './session.js';

/** The parser's binaries lie beside the bundle; the build puts them there. */
async function wasm(name: string): Promise<Uint8Array> {
  return readFile(new URL(`./${name}.wasm`, import.meta.url));
}

/**
 * The front end and the engine, ready to run. The parser stays with V8's quick WebAssembly compiler: the optimizing one needs
 * longer for the C grammar than a whole run of a small test, and gains nothing on texts of a few pages.
 */
export async function loadEngine(): Promise<Engine<LitmusTest>> {
  setFlagsFromString('--liftoff-only');
  const [runtime, c] = await Promise.all([wasm('web-tree-sitter'), wasm('tree-sitter-c')]);
  const grammar = await loadGrammar(runtime, c);
  return { parse: (source) => parseLitmus(source, grammar), run: runTest };
}
