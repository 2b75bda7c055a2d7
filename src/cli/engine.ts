import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Source } from '../c/diagnostics.js';
import { loadGrammar } from '../c/grammar.js';
import type { LitmusTest } from '../litmus/ast.js';
import type { LoadOptions } from '../litmus/load.js';
import { runTest } from '../run/index.js';
import { sharedRuns } from '../run/shared.js';
import { parseLitmus } from '../run/parse.js';
import type { TwinOf } from '../run/twin.js';
import type { VerifyTwinOf } from '../verify/types.js';
import { Helpers } from './crew.js';
import type { Engine } from './file-run.js';
import { flagsForRunning } from './v8-flags.js';

/** The parser's binaries lie beside the bundle; the build puts them there. */
function wasm(name: string): Uint8Array {
  return readFileSync(new URL(`./${name}.wasm`, import.meta.url));
}

/** Reads a test, or with `threadless` a driver alone. @throws {DiagnosticError} */
export type Parse = (source: Source, options?: LoadOptions) => LitmusTest;

/**
 * The front end.
 * @param few whether no more than a few runs are to be made
 */
export async function loadParser(few = false): Promise<Parse> {
  const grammar = await loadGrammar(wasm('web-tree-sitter'), wasm('tree-sitter-c'));
  return (source, options) => {
    try {
      return parseLitmus(source, grammar, options);
    } finally {
      flagsForRunning(!few);
    }
  };
}

/**
 * The front end and the engine, ready to run.
 * @param few as for {@link loadParser}
 */
export async function loadEngine(
  few = false,
): Promise<Engine<LitmusTest> & { parseDriver(source: Source): LitmusTest }> {
  const parse = await loadParser(few);
  return {
    parse,
    parseDriver: (source) => parse(source, { threadless: true }),
    run: runTest,
    shared: sharedRuns,
    crew: (threads, source) => new Helpers(threads, { crew: { verb: 'run', source, few } }),
    ...(existsSync(TWIN) && { twin: loadTwin }),
  };
}

/** The model once more: the build puts it beside the bundle. */
const TWIN = fileURLToPath(new URL('./twin.cjs', import.meta.url));

function loadTwin(): TwinOf {
  return twins().twinOf;
}

/** The same for `verify`; undefined if it was not built. */
export const verifyTwin = existsSync(TWIN) ? (): VerifyTwinOf => twins().verifyTwinOf : undefined;

function twins(): typeof import('../verify/twin.js') {
  return createRequire(TWIN)(TWIN) as typeof import('../verify/twin.js');
}
