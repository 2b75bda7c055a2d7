/** A search that lets the event loop in now and then. */
import type { Ending, Search, SearchOptions } from './bfs.js';

/** How long a search runs before it lets the event loop in. */
export const SLICE_MS = 200;

export interface Watch {
  /** By `performance.now()`. */
  readonly deadline: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each slice but the last. */
  onSlice?(): void;
}

/** Runs a search in slices until it ends, or `signal` is heard after one. */
export async function runInSlices(
  search: Search,
  options: Omit<SearchOptions, 'sliceMs' | 'timeoutMs'>,
  watch: Watch,
): Promise<Ending | 'aborted'> {
  const { deadline, signal } = watch;
  for (;;) {
    const left = deadline === undefined ? {} : { timeoutMs: Math.max(0, deadline - performance.now()) };
    const ending = search.run({ ...options, ...left, sliceMs: SLICE_MS });
    if (ending !== 'paused') return ending;
    watch.onSlice?.();
    await new Promise((resolve) => setTimeout(resolve));
    if (signal?.aborted === true) return 'aborted';
  }
}
