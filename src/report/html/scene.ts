/** What drawing one state takes: the state, the one before it, and what a run's states have in common. */
import type { Picture } from '../../run/picture/types.js';

export interface Scene {
  readonly now: Picture;
  readonly before: Picture;
  /** Frames to show, by name. */
  readonly frames: ReadonlySet<string>;
  /** Globals of the driver to show, by name. */
  readonly globals: ReadonlySet<string>;
  /** Pages of address space to show. */
  readonly pages: number;
  /** Where an invariant is broken in this state. */
  readonly marked?:
    { readonly process?: string; readonly page?: number; readonly frame?: string } | undefined;
}

/** Globals that change. */
export function globalsOf(pictures: readonly Picture[]): Set<string> {
  const first = new Map(pictures[0]!.globals.map(({ name, value }) => [name, value]));
  const changed = pictures.flatMap(({ globals }) =>
    globals.filter(({ name, value }) => first.get(name) !== value),
  );
  return new Set(changed.map(({ name }) => name));
}

/** Pages that are in use in any of the states. */
export function pagesOf(pictures: readonly Picture[]): number {
  const ends = pictures.flatMap(({ processes }) =>
    processes.flatMap(({ vmas, entries }) => [
      ...vmas.map((vma) => vma.start + vma.pages),
      ...entries.map((entry) => entry.page + entry.pages),
    ]),
  );
  return Math.max(1, ...ends);
}
