/** What V8 is told about its compilers. Flags are the process's: all its threads have the same. */
import { setFlagsFromString } from 'node:v8';

/**
 * As they have to be when the bundle is loaded, for compiled code that was kept is good for one set of them (scripts/code-cache.mjs). The
 * parser stays with the quick compiler of WebAssembly: the optimizing one needs longer for the C grammar than a whole run of a small test,
 * and gains nothing on texts of a few pages. Functions are optimized late: in a search of less than a second most of that comes too soon,
 * is done again when the types of more states were seen, and takes the second processor or the time of the search.
 */
export function flagsForLoading(): void {
  setFlagsFromString('--liftoff-only');
  setFlagsFromString('--interrupt-budget=264000');
}

/** What {@link flagsForLoading} has switched off: to be without the optimizing compiler implies the other two, to be with it again nothing. */
const OPTIMIZE = ['--no-liftoff-only', '--wasm-tier-up', '--wasm-dynamic-tiering'];

/**
 * A test has been read: WebAssembly that is compiled now, the search's, may be optimized.
 * @param long functions may be, too, as soon as V8 usually does it: there is much to run
 */
export function flagsForRunning(long: boolean): void {
  for (const flag of OPTIMIZE) setFlagsFromString(flag);
  if (long) setFlagsFromString('--interrupt-budget=67584');
}
