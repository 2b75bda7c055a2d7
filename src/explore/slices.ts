/** A search that lets the event loop in now and then. */
import type { Ending, Search, SearchOptions } from './bfs.js';

/** How long a search runs before it lets the event loop in. */
export const SLICE_MS = 200;

export interface Watch {
  /** By `performance.now()`. */
  readonly deadline: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Shorter slices than usual. */
  readonly sliceMs?: number;
  /** Called after each slice but the last; true ends it there, `paused`. */
  onSlice?(): boolean | void;
}

/** Lets the event loop in. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Runs a search in slices until it ends, or `signal` is heard after one. */
export async function runInSlices(
  search: Search,
  options: Omit<SearchOptions, 'sliceMs' | 'timeoutMs'>,
  watch: Watch,
): Promise<Ending | 'aborted'> {
  const { deadline, signal, sliceMs = SLICE_MS } = watch;
  for (;;) {
    const left = deadline === undefined ? {} : { timeoutMs: Math.max(0, deadline - performance.now()) };
    const ending = search.run({ ...options, ...left, sliceMs });
    if (ending !== 'paused') return ending;
    if (watch.onSlice?.() === true) return 'paused';
    await breathe();
    if (signal?.aborted === true) return 'aborted';
  }
}
