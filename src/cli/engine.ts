import { readFileSync } from 'node:fs';
import { loadGrammar } from '../c/grammar.js';
import type { LitmusTest } from '../litmus/ast.js';
import { runTest } from '../run/index.js';
import { sharedRuns } from '../run/shared.js';
import { parseLitmus } from '../run/parse.js';
import { Helpers } from './crew.js';
import type { Engine } from './file-run.js';

/** The parser's binaries lie beside the bundle; the build puts them there. */
export function wasm(name: string): Uint8Array {
  return readFileSync(new URL(`./${name}.wasm`, import.meta.url));
}

/** The front end and the engine, ready to run. */
export async function loadEngine(): Promise<Engine<LitmusTest>> {
  const grammar = await loadGrammar(wasm('web-tree-sitter'), wasm('tree-sitter-c'));
  return {
    parse: (source) => parseLitmus(source, grammar),
    run: runTest,
    shared: sharedRuns,
    crew: (threads, source) => new Helpers(threads, { crew: { source } }),
  };
}
