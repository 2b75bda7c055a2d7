/**
 * Where everything lies in the world: one Int32Array, laid out once per run from what the test fixes ({@link Shape}) and
 * from capacities that may grow ({@link Capacities}). The header and the driver's globals come first, so their word
 * indices do not depend on capacities and compiled driver code may hold them.
 */

/** What the test itself fixes. */
export interface Shape {
  /** Frames the test names (all regions, `ram` to `mmio`) and the zero page. */
  readonly frames: number;
  /** Words of cells a frame carries: one or two for each distinct constant offset that the test uses. */
  readonly cellWords: number;
  /** Words of the driver's globals. */
  readonly globalWords: number;
  /** Character devices, one for each `NAME_fops`; all files of one share one f_mapping. */
  readonly drivers: number;
  /** Whether entries above the PTE level are kept: the driver can install leaves there, or is asked to. */
  readonly leaves?: boolean;
}

/** Sizes that the run may have to enlarge. Hitting one is a bound of the tool, never a failing system call. */
export interface Capacities {
  /** Processes alive or dead, children included. */
  readonly procs: number;
  /** Threads of all processes. */
  readonly threads: number;
  /** VMAs of all processes. */
  readonly vmas: number;
  /** Open files. */
  readonly files: number;
  /** File descriptors of one process. */
  readonly fds: number;
  /** References a process holds through GUP or a pipe. */
  readonly pins: number;
  /** Pages of the mmap arena of one process. */
  readonly arena: number;
  /** Words of one thread's stack of frames. */
  readonly stack: number;
  /** Words of kzalloc()ed driver objects. */
  readonly heap: number;
  /** Reservations of memory types (x86). */
  readonly memtypes: number;
}

/** Name of a capacity that was hit. */
export type Capacity = keyof Capacities;

/** Thrown (once, out of the hot path) when a capacity is hit: the run starts again with more, or reports the bound. */
export class CapacityError extends Error {
  constructor(readonly capacity: Capacity) {
    super(`capacity hit: ${capacity}`);
  }
}

/** Word indices inside the header of the world. */
export const HEAD = {
  /** 0 running, else a {@link Freeze}. */
  FROZEN: 0,
  /** The api name (bug) or the id (undefined) that froze the run. */
  FROZEN_ID: 1,
  /** Eight words of warned(NAME) bits, by api name id. */
  WARNED: 2,
  /** "Bad page map" reports so far. */
  BAD_MAP: 10,
  /** "Bad page state" reports so far. */
  BAD_PAGE: 11,
  /** Whether module_init and initial contents are done. */
  BOOTED: 12,
  WORDS: 13,
} as const;

/** Why a run is frozen. */
export const enum Freeze {
  None = 0,
  Bug = 1,
  Undefined = 2,
}

/** Words of a struct page (and of the cells behind it). */
export const PAGE = { REFCOUNT: 0, MAPCOUNT: 1, FLAGS: 2, CELLS: 3 } as const;

/** Words of a VMA. */
export const VMA = {
  /** mm index + 1; 0 means the slot is free. */
  MM: 0,
  /** First page (low half) and end page (high half) inside the arena. */
  RANGE: 1,
  FLAGS: 2,
  PGOFF_LO: 3,
  PGOFF_HI: 4,
  /** vm_page_prot in canonical bits. */
  PROT: 5,
  /** file + 1 (8 bits), vm_ops (8 bits), state bits. */
  REFS: 6,
  PRIVATE: 7,
  WORDS: 8,
} as const;

/** Words of an open file. */
export const FILE = { REFS: 0, MODE: 1, PRIVATE: 2, WORDS: 3 } as const;

/** Words of a reservation of a memory type; all 0 when the slot is free. */
export const MEMTYPE = {
  /** CacheMode + 1 (low 4 bits) and pages. */
  WHAT: 0,
  PFN_LO: 1,
  PFN_HI: 2,
  WORDS: 3,
} as const;

/** Words of a process (task group and mm in one) before its descriptors, pins and page tables. */
export const PROC = {
  STATE: 0,
  /** parent + 1 (8 bits), index among its siblings (8 bits), children so far (8 bits). */
  FAMILY: 1,
  /** mmap_lock. */
  LOCK: 2,
  RSS_ANON: 3,
  RSS_FILE: 4,
  SIGNAL: 5,
  /** mm flags: exit_mmap done, bad rss noted ... */
  FLAGS: 6,
  HEAD: 7,
} as const;

/** Words of a thread before its stack. */
export const THREAD = {
  STATE: 0,
  PROC: 1,
  /** Word index of the running frame; 0 when there is none. */
  FP: 2,
  RET_LO: 3,
  RET_HI: 4,
  /** Word index of the lock waited for, with the mode in bit 30; 0 when not waiting. */
  WAIT: 5,
  /** Id of the API (or system call) entered, for bug(NAME) and warned(NAME). */
  API: 6,
  FLAGS: 7,
  STACK: 8,
} as const;

/** Word indices of everything that depends on capacities. */
export interface Layout {
  readonly shape: Shape;
  readonly caps: Capacities;
  /** Entries in a page table (architecture.md: few, 4 by default). */
  readonly ptrs: number;
  /** Whether processes have words for PMD and PUD entries. */
  readonly leaves: boolean;
  readonly globals: number;
  readonly imapLocks: number;
  readonly frames: number;
  readonly frameWords: number;
  readonly files: number;
  readonly procs: number;
  readonly procWords: number;
  /** Offsets of descriptors, pins, PTEs, PMD leaves and PUD leaves inside a process. */
  readonly fdsAt: number;
  readonly pinsAt: number;
  readonly pteAt: number;
  readonly pmdAt: number;
  readonly pudAt: number;
  readonly vmas: number;
  readonly threads: number;
  readonly threadWords: number;
  readonly memtypes: number;
  readonly heap: number;
  readonly words: number;
}

/**
 * Smallest capacities worth starting with: every word costs time in every state, and a capacity that does not suffice is hit within the first
 * states of a search.
 */
export const INITIAL_CAPACITIES: Omit<Capacities, 'procs' | 'threads'> = {
  vmas: 2,
  files: 2,
  fds: 2,
  pins: 1,
  arena: 8,
  stack: 48,
  heap: 0,
  memtypes: 0,
};

/** Largest capacities: beyond them the verdict is unknown. */
export const MAX_CAPACITIES: Capacities = {
  procs: 24,
  threads: 24,
  vmas: 96,
  files: 48,
  fds: 24,
  pins: 24,
  arena: 512,
  stack: 1024,
  heap: 512,
  memtypes: 32,
};

/**
 * Lays the world out.
 * @param ptrs entries a page table has
 */
export function layoutOf(shape: Shape, caps: Capacities, ptrs: number): Layout {
  let at = HEAD.WORDS;
  const take = (words: number): number => {
    const start = at;
    at += words;
    return start;
  };
  const frameWords = PAGE.CELLS + shape.cellWords;
  const fdsAt = PROC.HEAD;
  const pinsAt = fdsAt + caps.fds;
  const pteAt = pinsAt + caps.pins;
  const pmdAt = pteAt + 2 * caps.arena;
  const leaves = shape.leaves === true;
  const pudAt = pmdAt + (leaves ? 2 * Math.ceil(caps.arena / ptrs) : 0);
  const procWords = pudAt + (leaves ? 2 * Math.ceil(caps.arena / (ptrs * ptrs)) : 0);
  const threadWords = THREAD.STACK + caps.stack;
  const globals = take(shape.globalWords);
  const imapLocks = take(shape.drivers);
  const frames = take(shape.frames * frameWords);
  const files = take(caps.files * FILE.WORDS);
  const procs = take(caps.procs * procWords);
  const vmas = take(caps.vmas * VMA.WORDS);
  const threads = take(caps.threads * threadWords);
  const memtypes = take(caps.memtypes * MEMTYPE.WORDS);
  const heap = take(caps.heap);
  return {
    shape,
    caps,
    ptrs,
    leaves,
    globals,
    imapLocks,
    frames,
    frameWords,
    files,
    procs,
    procWords,
    fdsAt,
    pinsAt,
    pteAt,
    pmdAt,
    pudAt,
    vmas,
    threads,
    threadWords,
    memtypes,
    heap,
    words: at,
  };
}

/** How much more a capacity gets; 0 doubles it. */
const STEPS: Capacities = {
  procs: 1,
  threads: 1,
  vmas: 2,
  files: 2,
  fds: 2,
  pins: 1,
  arena: 0,
  stack: 16,
  heap: 16,
  memtypes: 2,
};

/** The next larger capacities after `hit`, or undefined at the maximum. */
export function grow(caps: Capacities, hit: Capacity): Capacities | undefined {
  const now = caps[hit];
  const max = MAX_CAPACITIES[hit];
  if (now >= max) return undefined;
  const next = STEPS[hit] === 0 || now > 4 * STEPS[hit] ? now * 2 : now + STEPS[hit];
  return { ...caps, [hit]: Math.min(max, next) };
}

/** Words of frames that make a part, at least, and parts that they make, about, at most: of all frames there are nearly as many contents as states. */
const FRAMES_PART = 32;
const FRAMES_PARTS = 6;

/** Where the world's parts begin that tend to change together: header, some frames each, files and VMAs, each process, each thread, reservations and heap. */
export function cutsOf(l: Layout): number[] {
  const cuts = [0];
  const some = FRAMES_PART * Math.ceil((l.files - l.frames) / (FRAMES_PARTS * FRAMES_PART));
  for (let at = l.frames; at < l.files; at += some) cuts.push(at);
  cuts.push(l.files);
  for (let i = 0; i < l.caps.procs; i++) cuts.push(l.procs + i * l.procWords);
  cuts.push(l.vmas);
  for (let i = 0; i < l.caps.threads; i++) cuts.push(l.threads + i * l.threadWords);
  cuts.push(l.memtypes);
  return cuts.filter((cut, i) => cut < l.words && cut !== cuts[i + 1]);
}
