/** What must hold in every state, whoever uses a driver and however: each with the rules that keep it so. */
import type { RuleId } from '../index.js';

export interface Invariant {
  /** Stable: reports and JSON name it. */
  readonly id: string;
  readonly statement: string;
  /** Rules without which it would fall. */
  readonly guards: readonly RuleId[];
}

/** In the order in which a state that breaks several is reported. */
export const INVARIANTS = [
  {
    id: 'no-bug',
    statement: 'the kernel does not stop in a BUG',
    guards: ['F-3', 'F-5', 'F-6', 'F-7', 'F-8', 'F-14', 'F-15', 'F-41'],
  },
  {
    id: 'no-undefined',
    statement: 'nobody follows a pointer to where nothing is',
    guards: ['F-14', 'F-22', 'F-41', 'F-43'],
  },
  {
    id: 'not-freed',
    statement: 'no frame is in the page allocator while user space reaches it',
    guards: ['F-1a', 'F-21', 'F-22', 'F-29'],
  },
  {
    id: 'not-foreign',
    statement: "no frame is another program's private page while user space reaches it raw",
    guards: ['F-1a', 'F-21', 'F-22'],
  },
  {
    id: 'resource',
    statement: 'user space reaches no frame that the driver has not been given for it',
    guards: ['F-1a', 'F-14', 'F-19', 'F-28'],
  },
  {
    id: 'class',
    statement: 'an entry is a normal page to the mm exactly if it was counted when it was installed',
    guards: ['F-1b', 'F-9', 'F-10', 'F-18', 'F-26', 'F-27', 'F-33', 'F-35', 'F-36', 'F-38', 'F-42'],
  },
  {
    id: 'private-write',
    statement: 'a private mapping writes only to copies of its own',
    guards: ['F-13', 'F-34'],
  },
  {
    id: 'isolation',
    statement: "nobody can write a page that is another process's private copy, too",
    guards: ['F-1b', 'F-34'],
  },
  {
    id: 'read-only',
    statement: 'what was given read-only is not writable',
    guards: ['F-13', 'F-16', 'F-17'],
  },
  {
    id: 'memory-type',
    statement: 'all mappings of a frame have one memory type',
    guards: ['F-13'],
  },
  {
    id: 'mapcount',
    statement: "a page's mapcount is the number of entries that were counted",
    guards: ['F-10', 'F-25', 'F-30'],
  },
  {
    id: 'refcount',
    statement: 'a page has a reference for each counted entry and each user of GUP',
    guards: ['F-11', 'F-25', 'F-31', 'F-33'],
  },
  {
    id: 'rss',
    statement: 'the RSS counters of a process are what it has mapped, counted, and 0 when it has exited',
    guards: ['F-1b', 'F-9', 'F-10', 'F-25'],
  },
  {
    id: 'stale',
    statement: 'no entry is where no mapping is',
    guards: ['F-14', 'F-25'],
  },
  {
    id: 'revoked',
    statement: 'after the driver has revoked access, no raw entry is left',
    guards: ['F-21', 'F-22'],
  },
  {
    id: 'notified',
    statement: 'a driver with page_mkwrite or pfn_mkwrite is asked before a program can write',
    guards: ['F-20'],
  },
  {
    id: 'served',
    statement: 'mmap() succeeds, and leaves no hole, where the driver has promised it',
    guards: ['F-2', 'F-12'],
  },
  {
    id: 'no-report',
    statement: 'the kernel reports no bad map and no bad page',
    guards: ['F-1a', 'F-9', 'F-36', 'F-39'],
  },
  { id: 'no-warning', statement: 'the kernel warns of nothing', guards: ['F-4', 'F-23'] },
  {
    id: 'no-deadlock',
    statement: 'not everybody waits for a lock',
    guards: ['F-8'],
  },
  {
    id: 'no-leak',
    statement: 'when all processes are gone, only the driver holds pages, and those it can still name',
    guards: ['F-1b', 'F-10', 'F-12', 'F-23', 'F-25'],
  },
] as const satisfies readonly Invariant[];

export type InvariantId = (typeof INVARIANTS)[number]['id'];

/** Those that a state alone does not show: they are about how it was reached, or about what can follow. */
export const OF_PATHS: readonly InvariantId[] = ['revoked', 'notified', 'served', 'no-deadlock'];

/** Place of an invariant in the list. */
export function invariantIndex(id: InvariantId): number {
  return INVARIANTS.findIndex((one) => one.id === id);
}
