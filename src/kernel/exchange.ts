/**
 * Which frames of `ram` may change places without anybody noticing. As long as frames are handled as `struct page *` and through page
 * tables, their numbers make no difference, and one free frame is as good as another. What turns a frame into a number, or a number into a
 * frame, asks here first; where it was about frames that were taken to be alike, the search starts again with fewer of them.
 */
import { handleIndex, handleKind, HandleKind } from './handle.js';
import type { Kernel } from './kernel.js';
import { FILE, THREAD, VMA } from './layout.js';
import type { MemoryMap } from './memmap.js';
import { pinFrame } from './pin.js';
import { PTE_TABLE } from './pte.js';

/** Fixed for a search. */
export interface Symmetry {
  /** 1 for each frame that has a place of its own. */
  readonly pinned: Uint8Array;
  /** Frames that change places as one block: a power of 2, as large as the largest block that is allocated. */
  readonly unit: number;
}

/** Thrown out of a step that told frames apart which the search has taken to be alike. */
export class ToldApart extends Error {
  /**
   * @param frames those that were told apart; undefined: any of them could have been
   * @param unit blocks that have to stay together
   */
  constructor(
    readonly frames: { readonly first: number; readonly count: number } | undefined,
    readonly unit = 1,
  ) {
    super('frames were told apart');
  }
}

/** What remains of a symmetry when `error` was met, or undefined if nothing does. */
export function narrowed(mem: MemoryMap, { pinned, unit }: Symmetry, error: ToldApart): Symmetry | undefined {
  if (error.unit > unit) return symmetryOf(mem, pinned, error.unit);
  if (error.frames === undefined) return undefined;
  const more = pinned.slice();
  const { first, count } = error.frames;
  more.fill(1, first, first + count);
  return symmetryOf(mem, more, unit);
}

/** Pins what is no `ram`, and the blocks that `ram` does not fill or that are pinned in part. @returns undefined if everything is */
export function symmetryOf(mem: MemoryMap, pins: Uint8Array, unit: number): Symmetry | undefined {
  const pinned = pins.slice();
  for (let f = 0; f < mem.frames; f++) if (mem.isRam[f] === 0) pinned[f] = 1;
  for (const { kind, pfn, pages, index } of mem.regions) {
    if (kind !== 'ram') continue;
    const first = (unit - (pfn % unit)) % unit;
    for (let i = 0; i < pages; i += i < first ? first : unit) {
      const whole = i >= first && i + unit <= pages;
      const block = pinned.subarray(index + i, index + Math.min(pages, i < first ? first : i + unit));
      if (!whole || block.includes(1)) block.fill(1);
    }
  }
  return pinned.includes(0) ? { pinned, unit } : undefined;
}

/** Watches one kernel for frames that are told apart, and offers free frames that are alike only once. */
export class Exchange {
  /** Whether a free frame is still named somewhere: 1. */
  private readonly named: Uint8Array;
  private readonly lowest: number;
  private readonly highest: number;
  /** Told which blocks are handed out. */
  onTake: ((head: number) => void) | undefined = undefined;

  constructor(
    private readonly k: Kernel,
    readonly symmetry: Symmetry,
  ) {
    const { pinned } = symmetry;
    this.named = new Uint8Array(pinned.length);
    this.lowest = k.mem.pfnOf[pinned.indexOf(0)]!;
    this.highest = k.mem.pfnOf[pinned.lastIndexOf(0)]!;
  }

  /** A number is made of a frame, or of how far it lies from another. */
  number(frame: number): void {
    if (frame >= 0 && this.symmetry.pinned[frame] === 0) throw new ToldApart(undefined);
  }

  /** `struct page *` or an address of contents moves from one frame to another. */
  steps(from: number, to: number): void {
    const { pinned, unit } = this.symmetry;
    if (from === to || (pinned[from] === 1 && pinned[to] === 1)) return;
    const [a, b] = [this.k.mem.pfnOf[from]!, this.k.mem.pfnOf[to]!];
    if (to < 0 || to >= pinned.length || Math.floor(a / unit) !== Math.floor(b / unit))
      throw new ToldApart(undefined);
  }

  /** A number that comes from no frame names `pages` frames. */
  meets(pfn: number, pages: number): void {
    if (pfn > this.highest || pfn + pages <= this.lowest) return;
    const { mem } = this.k;
    let [first, last] = [-1, -1];
    for (let f = 0; f < mem.frames; f++) {
      if (this.symmetry.pinned[f] === 1 || mem.pfnOf[f]! < pfn || mem.pfnOf[f]! >= pfn + pages) continue;
      if (first < 0) first = f;
      last = f;
    }
    if (first >= 0) throw new ToldApart({ first, count: last + 1 - first });
  }

  /**
   * Leaves of the free blocks at heads[0..n) those that differ.
   * @param weights for each that is left, how many it stands for
   * @returns how many are left
   */
  distinct(heads: number[], n: number, order: number, weights: number[]): number {
    const { pinned, unit } = this.symmetry;
    if (1 << order > unit) throw new ToldApart(undefined, 1 << order);
    this.findNames();
    let left = 0;
    for (let i = 0; i < n; i++) {
      const head = heads[i]!;
      let same = -1;
      if (pinned[head] === 0 && this.nameless(head)) {
        for (let j = 0; j < left && same < 0; j++) if (this.alike(heads[j]!, head)) same = j;
      }
      if (same >= 0) weights[same]! += 1;
      else {
        heads[left] = head;
        weights[left++] = 1;
      }
    }
    weights.length = left;
    return left;
  }

  /** First frame of the block that moves with `frame`. */
  private blockOf(frame: number): number {
    return frame - (this.k.mem.pfnOf[frame]! % this.symmetry.unit);
  }

  private nameless(frame: number): boolean {
    const first = this.blockOf(frame);
    for (let f = first; f < first + this.symmetry.unit; f++) if (this.named[f] === 1) return false;
    return true;
  }

  /** Whether two frames have the same place in blocks of the same content that nobody names. */
  private alike(a: number, b: number): boolean {
    const { k } = this;
    const { pinned, unit } = this.symmetry;
    if (pinned[a] === 1 || k.mem.regionOf[a] !== k.mem.regionOf[b] || !this.nameless(a)) return false;
    const [x, y] = [this.blockOf(a), this.blockOf(b)];
    if (a - x !== b - y) return false;
    const { frames, frameWords } = k.layout;
    for (let i = 0; i < unit * frameWords; i++)
      if (k.w[frames + x * frameWords + i] !== k.w[frames + y * frameWords + i]) return false;
    return true;
  }

  /** Frames that a pointer, an entry, a pin or a number of a thread under way names. */
  private findNames(): void {
    const { k, named } = this;
    const { globals, imapLocks, heap, words, caps, threads, threadWords } = k.layout;
    named.fill(0);
    this.namesIn(globals, imapLocks);
    this.namesIn(heap, words);
    for (let i = 0; i < caps.vmas; i++) this.name(k.w[k.layout.vmas + i * VMA.WORDS + VMA.PRIVATE]!);
    for (let i = 0; i < caps.files; i++) this.name(k.w[k.layout.files + i * FILE.WORDS + FILE.PRIVATE]!);
    for (let i = 0; i < caps.threads; i++) {
      const t = threads + i * threadWords;
      this.namesIn(t + THREAD.RET_LO, t + THREAD.RET_HI + 1);
      this.numbersIn(t + THREAD.STACK, t + threadWords);
      this.namesIn(t + THREAD.STACK, t + threadWords);
    }
    for (let i = 0; i < caps.procs; i++) this.namesOfProcess(k.proc(i));
  }

  private namesIn(from: number, to: number): void {
    for (let i = from; i < to; i++) if (this.k.w[i]! > 0xffffff) this.name(this.k.w[i]!);
  }

  private name(word: number): void {
    if (word <= 0) return;
    const kind = handleKind(word);
    const index = handleIndex(word);
    if (kind === HandleKind.Page && index < this.named.length) this.named[index] = 1;
    if (kind === HandleKind.Kaddr && index >> 12 < this.named.length) this.named[index >> 12] = 1;
  }

  private numbersIn(from: number, to: number): void {
    const { w } = this.k;
    for (let i = from; i < to; i++) if (w[i]! >= this.lowest && w[i]! <= this.highest) this.nameNumber(w[i]!);
  }

  private nameNumber(pfn: number): void {
    const f = this.k.mem.frame(pfn);
    if (f >= 0) this.named[f] = 1;
  }

  private namesOfProcess(p: number): void {
    const { k, named } = this;
    const { pinsAt, pteAt, pmdAt, pudAt, procWords, ptrs, caps } = k.layout;
    for (let i = p + pinsAt; i < p + pteAt; i++) {
      const word = k.w[i]!;
      if (word !== 0) named[pinFrame(word)] = 1;
    }
    this.numbersIn(p + pteAt, p + pmdAt);
    for (let e = p + pmdAt; e < p + procWords; e += 2) {
      const [pfn, flags] = [k.w[e]!, k.w[e + 1]!];
      if (flags === 0 || (flags & PTE_TABLE) !== 0) continue;
      const pages = e < p + pudAt ? ptrs : ptrs * ptrs;
      for (let i = 0; i < pages && i < caps.arena; i++) this.nameNumber(pfn + i);
    }
  }
}
