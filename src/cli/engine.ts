import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import type { Source } from '../c/diagnostics.js';
import { loadGrammar, type Grammar } from '../c/grammar.js';
import type { LitmusTest } from '../litmus/ast.js';
import { runTest } from '../run/index.js';
import { sharedRuns } from '../run/shared.js';
import { parseLitmus } from '../run/parse.js';
import type { TwinOf } from '../run/twin.js';
import { Helpers } from './crew.js';
import type { Engine } from './file-run.js';

/** The parser's binaries lie beside the bundle; the build puts them there. */
function wasm(name: string): Uint8Array {
  return readFileSync(new URL(`./${name}.wasm`, import.meta.url));
}

/** The grammar of C. What is compiled after it may be optimized again: see main.ts. */
export async function loadParser(): Promise<Grammar> {
  const grammar = await loadGrammar(wasm('web-tree-sitter'), wasm('tree-sitter-c'));
  setFlagsFromString('--no-liftoff-only');
  return grammar;
}

/** The front end and the engine, ready to run. */
export async function loadEngine(): Promise<
  Engine<LitmusTest> & { parseDriver(source: Source): LitmusTest }
> {
  const grammar = await loadParser();
  return {
    parse: (source) => parseLitmus(source, grammar),
    parseDriver: (source) => parseLitmus(source, grammar, { threadless: true }),
    run: runTest,
    shared: sharedRuns,
    crew: (threads, source) => new Helpers(threads, { crew: { verb: 'run', source } }),
    ...(existsSync(TWIN) && { twin: loadTwin }),
  };
}

/** The model once more: the build puts it beside the bundle. */
const TWIN = fileURLToPath(new URL('./twin.cjs', import.meta.url));

function loadTwin(): TwinOf {
  return (createRequire(TWIN)(TWIN) as typeof import('../run/twin.js')).twinOf;
}
