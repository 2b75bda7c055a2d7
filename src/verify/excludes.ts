/** What a verdict does not speak about. */
import type { Subject } from './subject.js';
import type { Beyond } from './system.js';
import type { Bounds } from './types.js';

/** Never modelled. */
const ALWAYS = [
  'translations that a TLB still holds, mmu notifiers, IOMMUs',
  'reclaim, swap, migration, KSM, khugepaged, memory hotplug, userfaultfd',
  'per-VMA locks, and memory ordering weaker than one interleaving of all',
  'operations that are not on the menu (docs/verify.md): PROT_EXEC, other advice, MAP_POPULATE, mlock',
] as const;

const MET: Readonly<Record<string, string>> = {
  ram: 'programs that need more `ram` at a time than the test has',
  vmas: 'programs with more mappings than they have pages',
  files: 'programs that keep more files open or mapped',
  arena: 'mappings that move or grow beyond those pages',
  pins: 'processes that hold more than one reference by GUP',
};

/** @param beyond bounds that the search has met: the others are left out where they cut nothing off */
export function excludes(subject: Subject, bounds: Bounds, beyond: Beyond): string[] {
  const { processes, pages, files, races } = bounds;
  const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
  const list = [
    `more than ${plural(processes, processes === 1 ? 'process' : 'processe')}, each with ${plural(pages, 'page')} of address space and ${plural(files, 'descriptor')}`,
  ];
  for (const bound of beyond.bounds) if (MET[bound] !== undefined) list.push(MET[bound]);
  if (!races && processes > 1) list.push('races inside system calls and faults (--races)');
  if (!subject.compiled.options.faultsAlloc) list.push('allocations that fail (`faults alloc;`)');
  if (!subject.compiled.lowered.touchesContents) list.push('what pages contain: the driver does not look');
  return [...list, ...ALWAYS];
}
