/** What a program can do next: an operation is a system call or an access, with its arguments. docs/verify.md lists the menu. */
import type { Compiled } from '../run/boot.js';
import { FOLL_LONGTERM, FOLL_WRITE } from '../kernel/flags.js';
import {
  MADV_DONTFORK,
  MADV_DONTNEED,
  MAP_PRIVATE,
  MAP_SHARED,
  O_RDONLY,
  O_RDWR,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../kernel/uapi.js';
import type { Traits } from './source.js';
import type { Bounds, KindName } from './types.js';
import { framesText, hasLeaves } from './units.js';

export const enum Kind {
  /** device, mode */
  Open,
  /** descriptor */
  Close,
  /** descriptor, pages, PROT, type, offset; it is placed at the lowest place that fits */
  Mmap,
  /** first page, page behind the last */
  Munmap,
  /** first page, page behind the last, PROT */
  Mprotect,
  /** first page, page behind the last, advice */
  Madvise,
  /** first page, page to move it to, pages */
  Move,
  /** page: its mapping of one page gets a second; 1 if it is to move to the lowest place that fits, else 0 */
  Grow,
  /** page */
  Load,
  /** page, value */
  Store,
  /** page, FOLL_ */
  Gup,
  /** page, FOLL_ */
  GupFast,
  /** page */
  Put,
  /** page */
  ProcmemWrite,
  /** descriptor, command, argument, or {@link POINTER} behind it: the address of the first page */
  Ioctl,
  Fork,
  Exit,
}

/** An ioctl whose argument is the address of page 0. */
export const POINTER = 1;

/** Where a mapping begins in its file. */
export interface Offset {
  /** As a program writes it, in pages. */
  readonly text: string;
  readonly pgoff: bigint;
  /** Frame of `ram` that it is the number of, or -1: those are on the menu only while they are allocated, and one that is free. */
  readonly ram: number;
}

/** What `--only` calls the operations. */
export const KIND_NAMES = {
  open: [Kind.Open],
  close: [Kind.Close],
  mmap: [Kind.Mmap],
  munmap: [Kind.Munmap],
  mprotect: [Kind.Mprotect],
  madvise: [Kind.Madvise],
  mremap: [Kind.Move, Kind.Grow],
  load: [Kind.Load],
  store: [Kind.Store],
  gup: [Kind.Gup, Kind.GupFast, Kind.Put],
  procmem: [Kind.ProcmemWrite],
  ioctl: [Kind.Ioctl],
  fork: [Kind.Fork],
  exit: [Kind.Exit],
} as const satisfies Readonly<Record<KindName, readonly Kind[]>>;

export interface Operation {
  readonly kind: Kind;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly offset: Offset | undefined;
}

function op(kind: Kind, a = 0, b = 0, c = 0, d = 0, offset?: Offset): Operation {
  return { kind, a, b, c, d, offset };
}

const RW = PROT_READ | PROT_WRITE;

/** The whole menu of a driver. Which of it is to be had depends on the state. */
export function operations(c: Compiled, bounds: Bounds, traits: Traits): readonly Operation[] {
  const list: Operation[] = [];
  c.lowered.program.drivers.forEach((_, device) => {
    for (const mode of [O_RDWR, O_RDONLY]) list.push(op(Kind.Open, device, mode));
  });
  for (let fd = 3; fd < 3 + bounds.files; fd++) list.push(...descriptorOperations(c, bounds, traits, fd));
  list.push(...accesses(c, bounds), ...rangeOperations(c, bounds));
  list.push(op(Kind.Exit));
  if (bounds.processes > 1) list.push(op(Kind.Fork));
  if (bounds.only === undefined) return list;
  const wanted = new Set<Kind>(bounds.only.flatMap((name) => [...KIND_NAMES[name]]));
  return list.filter(({ kind }) => wanted.has(kind));
}

function descriptorOperations(c: Compiled, bounds: Bounds, traits: Traits, fd: number): Operation[] {
  const list: Operation[] = [];
  const { offsets: some } = bounds;
  const begins = offsets(c, traits).filter(({ pgoff }) => some?.includes(Number(pgoff)) !== false);
  for (const type of [MAP_SHARED, MAP_PRIVATE])
    for (const prot of [RW, PROT_READ])
      for (const pages of lengths(c, bounds))
        for (const offset of begins) list.push(op(Kind.Mmap, fd, pages, prot, type, offset));
  if (c.lowered.program.drivers.some((d) => d.unlockedIoctl !== undefined)) {
    for (const command of commands(c, traits))
      for (const argument of c.lowered.ioctl.argument ? [0, 1] : [0])
        list.push(op(Kind.Ioctl, fd, command, argument));
    if (traits.pointers)
      for (const command of commands(c, traits)) list.push(op(Kind.Ioctl, fd, command, 0, POINTER));
  }
  list.push(op(Kind.Close, fd));
  return list;
}

/** Commands that the VFS keeps to itself (`kernel/fs/open.ts`). */
const VFS = [2, 0x5421, 0x5450, 0x5451, 0x5452, 0x5460];

/** The commands that the driver's code compares with or its header names, and one other. */
function commands(c: Compiled, traits: Traits): number[] {
  const known = [...new Set([...c.lowered.ioctl.commands.map(Number), ...traits.revokes])].filter(
    (n) => !VFS.includes(n),
  );
  let other = 100;
  while (known.includes(other)) other += 1;
  return [...known, other];
}

/** 1, 2, and where they fit a leaf, and a leaf and one page; a PUD leaf, too, where handlers are asked for leaves. */
function lengths(c: Compiled, bounds: Bounds): number[] {
  const { ptrs } = c;
  const puds = hasLeaves(c) ? [ptrs * ptrs, ptrs * ptrs + 1] : [];
  return [...new Set([1, 2, ptrs, ptrs + 1, ...puds])].filter((n) => n <= bounds.pages);
}

/**
 * Indices, the frames that the test names, every frame of `ram`, one that is no memory, and large ones; where nobody looks at
 * offsets 0 alone, or so many that one is outside of what is unmapped.
 */
export function offsets(c: Compiled, traits: Traits): Offset[] {
  const list: Offset[] = [];
  const add = (text: string, pgoff: bigint, ram = -1): void => {
    if (!list.some((o) => o.pgoff === pgoff)) list.push({ text, pgoff, ram });
  };
  if (!traits.offsets) {
    for (const n of traits.unmaps ? [0, 1, 0xffffe] : [0]) add(String(n), BigInt(n));
    return list;
  }
  for (const n of [0, 1]) add(String(n), BigInt(n));
  // Numbers before frames: of two ways as short, the one that leads there on any machine is told.
  for (const { kind, pages } of c.mem.regions)
    if (kind !== 'zero' && kind !== 'ram')
      for (const n of [pages - 1, pages]) add(framesText(c, pages, n), BigInt(n));
  for (const { name, kind, pfn, pages, index } of c.mem.regions) {
    if (kind === 'zero') continue;
    for (let i = 0; i < pages; i++)
      add(
        i === 0 ? name : `${name} + ${framesText(c, pages, i)}`,
        BigInt(pfn + i),
        kind === 'ram' ? index + i : -1,
      );
    if (kind !== 'ram') add(`${name} + ${framesText(c, pages, pages)}`, BigInt(pfn + pages));
  }
  add('0xffffe', 0xffffen);
  const largest = c.facts.bitsPerLong === 64 ? 2n ** 52n - 1n : 2n ** 32n - 2n;
  add(`0x${largest.toString(16)}`, largest);
  return list;
}

function accesses(c: Compiled, bounds: Bounds): Operation[] {
  const list: Operation[] = [];
  for (let pg = 0; pg < bounds.pages; pg++) {
    for (const value of c.lowered.touchesContents ? [1, 0] : [1]) list.push(op(Kind.Store, pg, value));
    list.push(op(Kind.Load, pg));
    list.push(op(Kind.Gup, pg, FOLL_WRITE), op(Kind.Gup, pg, 0));
    list.push(op(Kind.GupFast, pg, FOLL_WRITE | FOLL_LONGTERM), op(Kind.Put, pg));
    list.push(op(Kind.ProcmemWrite, pg));
  }
  return list;
}

function rangeOperations(c: Compiled, bounds: Bounds): Operation[] {
  const list: Operation[] = [];
  for (let from = 0; from < bounds.pages; from++)
    for (let to = from + 1; to <= bounds.pages; to++) {
      list.push(op(Kind.Munmap, from, to));
      for (const prot of [PROT_NONE, PROT_READ, RW]) list.push(op(Kind.Mprotect, from, to, prot));
      list.push(op(Kind.Madvise, from, to, MADV_DONTNEED));
      if (bounds.processes > 1) list.push(op(Kind.Madvise, from, to, MADV_DONTFORK));
    }
  for (let pg = 0; pg < bounds.pages; pg++) {
    list.push(op(Kind.Grow, pg, 0));
    if (bounds.pages > 2) list.push(op(Kind.Grow, pg, 1));
    for (const pages of hasLeaves(c) ? [1, c.ptrs] : [1])
      for (let to = 0; to < bounds.pages; to++)
        if (Math.abs(to - pg) >= pages && Math.max(pg, to) + pages <= bounds.pages)
          list.push(op(Kind.Move, pg, to, pages));
  }
  return list;
}
