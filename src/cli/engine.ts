import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Source } from '../c/diagnostics.js';
import { loadGrammar, type Grammar } from '../c/grammar.js';
import type { LitmusTest } from '../litmus/ast.js';
import { runTest } from '../run/index.js';
import { sharedRuns } from '../run/shared.js';
import { parseLitmus } from '../run/parse.js';
import type { TwinOf } from '../run/twin.js';
import { Helpers } from './crew.js';
import type { Engine } from './file-run.js';
import { flagsForRunning } from './v8-flags.js';

/** The parser's binaries lie beside the bundle; the build puts them there. */
function wasm(name: string): Uint8Array {
  return readFileSync(new URL(`./${name}.wasm`, import.meta.url));
}

/**
 * The grammar of C.
 * @param few whether no more than a few runs are to be made
 */
export async function loadParser(few = false): Promise<Grammar> {
  const grammar = await loadGrammar(wasm('web-tree-sitter'), wasm('tree-sitter-c'));
  flagsForRunning(!few);
  return grammar;
}

/**
 * The front end and the engine, ready to run.
 * @param few as for {@link loadParser}
 */
export async function loadEngine(
  few = false,
): Promise<Engine<LitmusTest> & { parseDriver(source: Source): LitmusTest }> {
  const grammar = await loadParser(few);
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
