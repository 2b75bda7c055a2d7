/** What a verdict does not speak about. */
import type { Subject } from './subject.js';
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

/** @param met bounds that the search has met: the others are left out where they cut nothing off */
export function excludes(subject: Subject, worlds: readonly Bounds[], met: ReadonlySet<string>): string[] {
  const list = [`more than ${worlds.map(sizeOf).join(', or ')}`];
  const only = worlds[0]?.only;
  if (only !== undefined) list.push(`operations other than ${only.join(', ')} (--only)`);
  const offsets = worlds[0]?.offsets;
  if (offsets !== undefined) list.push(`mappings at other offsets than ${offsets.join(', ')}`);
  for (const [bound, programs] of Object.entries(MET)) if (met.has(bound)) list.push(programs);
  if (worlds.some(({ races, processes }) => !races && processes > 1))
    list.push('races inside system calls and faults (--races)');
  if (worlds.every(({ threads = 1 }) => threads === 1))
    list.push(
      'several threads of one process: what they could do to each other, deadlocks on mmap_lock for instance',
    );
  if (!subject.compiled.options.faultsAlloc) list.push('allocations that fail (`faults alloc;`)');
  if (!subject.compiled.lowered.touchesContents) list.push('what pages contain: the driver does not look');
  return [...list, ...ALWAYS];
}

function sizeOf({ processes, pages, files, threads = 1 }: Bounds): string {
  const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
  const size = `${plural(pages, 'page', 'pages')} of address space and ${plural(files, 'descriptor', 'descriptors')}`;
  const first = threads === 1 ? '' : `, the first with ${threads} threads`;
  return processes === 1
    ? `1 process with ${size}${first}`
    : `${processes} processes, each with ${size}${first}`;
}
