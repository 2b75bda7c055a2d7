/**
 * The table of observers: what a condition may ask about a state. Parser, checker, documentation and evaluation all read
 * this one table, so an observer exists everywhere or nowhere.
 */

/** What stands between the parentheses of an observer. */
export type ObserverArgument = 'address' | 'frame' | 'name' | 'nothing';

/**
 * What an observer yields.
 * - `frame`: a frame number, printed `NAME.k` of its region (or `ram`); `NULL` when there is no page; `none` without VMA or entry
 * - `integer`: a signed number
 * - `bit`: 0 or 1
 * - `flags`: VMA flags, usable only as `P:vma_flags(p) & NAME`
 * - `memtype`: a memory type, compared with their names
 * - `truth`: a proposition of its own, also comparable to 0 and 1
 */
export type ObserverValue = 'frame' | 'integer' | 'bit' | 'flags' | 'memtype' | 'truth';

export interface ObserverDoc {
  readonly name: string;
  /** `process`: written `P:name(...)`, about that process. `system`: written `name(...)`. */
  readonly scope: 'process' | 'system';
  readonly takes: ObserverArgument;
  readonly value: ObserverValue;
  /** `end`: evaluated after every process has exited; else `state`: with all living processes in place. */
  readonly when: 'state' | 'end';
  /** The trait a configuration must have for the observed thing to exist. */
  readonly trait?: string;
  readonly meaning: string;
}

const OBSERVER_LIST = [
  {
    name: 'vm_normal_page',
    scope: 'process',
    takes: 'address',
    value: 'frame',
    when: 'state',
    meaning:
      "the page that the mm's classifier gives for the entry at this address; NULL for a special mapping",
  },
  {
    name: 'folio_walk',
    scope: 'process',
    takes: 'address',
    value: 'frame',
    when: 'state',
    trait: 'folio_walk',
    meaning: 'the page that folio_walk_start() finds at this address; NULL if it refuses the entry',
  },
  {
    name: 'pfn',
    scope: 'process',
    takes: 'address',
    value: 'frame',
    when: 'state',
    meaning: 'the frame that the entry at this address maps',
  },
  {
    name: 'special',
    scope: 'process',
    takes: 'address',
    value: 'bit',
    when: 'state',
    meaning: 'the special bit of the entry; always 0 where the architecture has none',
  },
  {
    name: 'present',
    scope: 'process',
    takes: 'address',
    value: 'bit',
    when: 'state',
    meaning: 'whether the entry at this address is present',
  },
  {
    name: 'writable',
    scope: 'process',
    takes: 'address',
    value: 'bit',
    when: 'state',
    meaning: 'whether the hardware may write through the entry',
  },
  {
    name: 'level',
    scope: 'process',
    takes: 'address',
    value: 'integer',
    when: 'state',
    meaning: 'level of the entry that maps this address: 1 PTE, 2 PMD, 3 PUD',
  },
  {
    name: 'cache',
    scope: 'process',
    takes: 'address',
    value: 'memtype',
    when: 'state',
    meaning: 'memory type of the entry at this address: wb, wc, uc_minus, uc, wt, wp or device',
  },
  {
    name: 'is_anon',
    scope: 'process',
    takes: 'address',
    value: 'bit',
    when: 'state',
    meaning: "PageAnon of the entry's frame, whatever the classifier says",
  },
  {
    name: 'vma_flags',
    scope: 'process',
    takes: 'address',
    value: 'flags',
    when: 'state',
    meaning: 'the flags of the VMA at this address, tested by name: 0:vma_flags(p) & IO',
  },
  {
    name: 'vm_pgoff',
    scope: 'process',
    takes: 'address',
    value: 'frame',
    when: 'state',
    meaning: 'vm_pgoff of the VMA at this address',
  },
  {
    name: 'refcount',
    scope: 'system',
    takes: 'frame',
    value: 'integer',
    when: 'state',
    meaning: 'reference count of the frame, after lru_add_drain_all()',
  },
  {
    name: 'mapcount',
    scope: 'system',
    takes: 'frame',
    value: 'integer',
    when: 'state',
    meaning: 'number of page-table entries counted on the frame, after lru_add_drain_all()',
  },
  {
    name: 'mem',
    scope: 'system',
    takes: 'frame',
    value: 'integer',
    when: 'state',
    meaning: 'the contents of cell 0 of the frame',
  },
  {
    name: 'mixed_types',
    scope: 'system',
    takes: 'nothing',
    value: 'truth',
    when: 'state',
    meaning:
      "two live entries map one frame with different memory types; the kernel's own mapping of a frame with a struct page counts as wb",
  },
  {
    name: 'bug',
    scope: 'system',
    takes: 'name',
    value: 'truth',
    when: 'state',
    meaning: 'a BUG was hit in the kernel API of this name; the run is frozen there',
  },
  {
    name: 'warned',
    scope: 'system',
    takes: 'name',
    value: 'truth',
    when: 'state',
    meaning: 'a WARN was hit in the kernel API of this name',
  },
  {
    name: 'undefined',
    scope: 'system',
    takes: 'name',
    value: 'truth',
    when: 'state',
    meaning: 'undefined behaviour with this identifier was reached; the run is frozen there',
  },
  {
    name: 'deadlock',
    scope: 'system',
    takes: 'nothing',
    value: 'truth',
    when: 'state',
    meaning: 'nobody can move and somebody waits for a lock',
  },
  {
    name: 'bad_map',
    scope: 'system',
    takes: 'nothing',
    value: 'integer',
    when: 'end',
    meaning: 'number of "Bad page map" reports until all processes have exited',
  },
  {
    name: 'bad_page',
    scope: 'system',
    takes: 'nothing',
    value: 'integer',
    when: 'end',
    meaning: 'number of "Bad page state" reports until all processes have exited',
  },
  {
    name: 'bad_rss',
    scope: 'system',
    takes: 'nothing',
    value: 'integer',
    when: 'end',
    meaning: 'number of processes, children included, whose RSS counters were not 0 after they had exited',
  },
  {
    name: 'leaked',
    scope: 'system',
    takes: 'nothing',
    value: 'truth',
    when: 'end',
    meaning:
      'after all processes have exited, a ram frame is still referenced or mapped, or the counts of a reserved or device frame differ from the start',
  },
] as const satisfies readonly ObserverDoc[];

export type ObserverName = (typeof OBSERVER_LIST)[number]['name'];

export const OBSERVERS: readonly ObserverDoc[] = OBSERVER_LIST;

const BY_NAME = new Map<string, ObserverDoc>(OBSERVER_LIST.map((o) => [o.name, o]));

/** Observers of memory types: a test with one of them keeps types and reservations. */
export const MEMTYPE_OBSERVERS: readonly ObserverName[] = ['cache', 'mixed_types'];

/** The observer of this name, or undefined. */
export function findObserver(name: string): (ObserverDoc & { readonly name: ObserverName }) | undefined {
  return BY_NAME.get(name) as (ObserverDoc & { readonly name: ObserverName }) | undefined;
}

/** A number kept for each process, written `P:name` like a variable; the names are therefore reserved in threads. */
export interface AttributeDoc {
  readonly name: string;
  readonly when: 'state' | 'end';
  readonly meaning: string;
}

const ATTRIBUTE_LIST = [
  {
    name: 'rss_anon',
    when: 'state',
    meaning: "anonymous pages counted for the process, less their number at the test's start",
  },
  {
    name: 'rss_file',
    when: 'state',
    meaning: "file pages counted for the process, less their number at the test's start",
  },
  {
    name: 'signal',
    when: 'state',
    meaning: '0, or the signal that ended the process',
  },
  {
    name: 'bad_rss_anon',
    when: 'end',
    meaning: 'what remained of rss_anon after the process had exited (signed)',
  },
  {
    name: 'bad_rss_file',
    when: 'end',
    meaning: 'what remained of rss_file after the process had exited (signed)',
  },
  {
    name: 'bad_rss',
    when: 'end',
    meaning: '1 if bad_rss_anon or bad_rss_file is not 0',
  },
] as const satisfies readonly AttributeDoc[];

export type AttributeName = (typeof ATTRIBUTE_LIST)[number]['name'];

export const ATTRIBUTES: readonly AttributeDoc[] = ATTRIBUTE_LIST;

/** Whether `name` is a per-process attribute (`P:signal`), not a variable. */
export function isAttribute(name: string): name is AttributeName {
  return ATTRIBUTE_LIST.some((a) => a.name === name);
}

/** Calls that look like observers but fault, pin or split: allowed in threads only. */
export const ACTING_CALLS: readonly string[] = [
  'gup',
  'gup_fast',
  'put',
  'read_pin',
  'follow_pfnmap',
  'smaps',
  'pagemap',
  'soft_dirty',
  'clear_soft_dirty',
  'procmem',
  'procmem_write',
  'vmsplice',
  'futex',
];

/** The VMA flags that `vma_flags` can be tested for; machine-specific bits have no name and are masked. */
export const VMA_FLAG_NAMES: readonly string[] = [
  'READ',
  'WRITE',
  'EXEC',
  'SHARED',
  'MAYREAD',
  'MAYWRITE',
  'MAYEXEC',
  'MAYSHARE',
  'PFNMAP',
  'MIXEDMAP',
  'IO',
  'DONTCOPY',
  'DONTEXPAND',
  'DONTDUMP',
  'LOCKED',
  'WIPEONFORK',
];
