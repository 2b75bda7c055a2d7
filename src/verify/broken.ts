/** A state that breaks an invariant, and where it shows. */
import { INVARIANTS } from '../contract/invariants/list.js';

export interface Broken {
  readonly id: number;
  readonly invariant: number;
  readonly proc: number;
  readonly page: number;
  readonly pfn: number;
}

/** The invariant of an index. */
export function invariantOf(broken: Broken): (typeof INVARIANTS)[number] {
  return INVARIANTS[broken.invariant]!;
}
