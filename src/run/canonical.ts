/**
 * States that differ only in which of several frames serves where are one: the frames that nobody can tell apart get their places in the
 * order in which pointers, page tables and pins name them.
 */
import { handle, handleIndex, HandleKind, handleKind } from '../kernel/handle.js';
import { ToldApart, type Symmetry } from '../kernel/exchange.js';
import type { Kernel } from '../kernel/kernel.js';
import { FILE, PAGE, THREAD, VMA } from '../kernel/layout.js';
import { handleMmFault } from '../kernel/mm/memory/fault.js';
import { VMF } from '../kernel/mm/memory/vmf.js';
import { pinFrame, withPinFrame } from '../kernel/pin.js';
import { PTE_TABLE } from '../kernel/pte.js';
import { NO_HANDLE } from './keeps.js';
import { kernelRoutines, ThreadState, type CFunction } from '../kernel/routine.js';
import { PG_FREE } from '../kernel/world.js';

/** {@link Canonical.to}: not renamed yet. */
const OPEN = -1;

/** How a word names a frame. */
const enum Naming {
  /** A handle: of a page, or of a place in its contents. */
  Pointer,
  /** Its index + 1. */
  Index,
  /** The pfn of an entry. */
  Entry,
  Pin,
}

export class Canonical {
  /** New index of each frame. */
  private readonly to: Int32Array;
  /** By region: the first frame that may be a new place, or the end of the region. */
  private readonly place: Int32Array;
  private readonly copy: Int32Array;
  /** Frames in the order in which they get their places. */
  private readonly order: Int32Array;
  private readonly lowest: number;
  private readonly highest: number;
  /** Number of the region of each frame. */
  private readonly regions: Int32Array;
  /** Where words that name frames were met, and how they do. */
  private readonly met: Int32Array;
  private readonly how: Uint8Array;
  private names = 0;

  constructor(
    private readonly k: Kernel,
    private readonly symmetry: Symmetry,
  ) {
    const { frames, pfnOf } = k.mem;
    this.to = new Int32Array(frames);
    this.order = new Int32Array(frames);
    this.place = new Int32Array(k.mem.regions.length);
    this.copy = new Int32Array(frames * k.layout.frameWords);
    this.regions = Int32Array.from({ length: frames }, (_, f) => k.mem.regions.indexOf(k.mem.regionOf[f]!));
    this.met = new Int32Array(k.layout.words);
    this.how = new Uint8Array(k.layout.words);
    const { pinned } = symmetry;
    this.lowest = pfnOf[pinned.indexOf(0)]!;
    this.highest = pfnOf[pinned.lastIndexOf(0)]!;
  }

  /** Renames in place. @returns the new index of each frame, or undefined if all keep theirs; it holds until the next call */
  apply(): Int32Array | undefined {
    const { k } = this;
    if (k.frozen) return undefined;
    this.watchContents();
    const renamed = this.anyUsed() && this.stacksAllow() && this.renameFrames();
    return renamed ? this.to : undefined;
  }

  /** Nothing that pages contain is renamed. @throws ToldApart if a pointer to a frame that may change places lies there */
  private watchContents(): void {
    const { k } = this;
    const { w } = k;
    const { frames, files } = k.layout;
    for (let i = frames; i < files; i++) {
      if (w[i]! <= NO_HANDLE) continue;
      const f = this.frameIn(w[i]!);
      if (f >= 0 && this.symmetry.pinned[f] === 0) throw new ToldApart(undefined);
    }
  }

  /** Whether any frame that may change places has ever been used: else all are in their places. */
  private anyUsed(): boolean {
    const { k } = this;
    const { pinned } = this.symmetry;
    const { frames, frameWords } = k.layout;
    for (let f = 0, at = frames; f < pinned.length; f++, at += frameWords) {
      if (pinned[f] === 1) continue;
      for (let i = 0; i < frameWords; i++) if (k.w[at + i] !== (i === PAGE.FLAGS ? PG_FREE : 0)) return true;
    }
    return false;
  }

  /** Whether all that the stacks of threads may know of frames can be renamed. */
  private stacksAllow(): boolean {
    const { k } = this;
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      const fp = k.w[t + THREAD.FP]!;
      if (k.w[t + THREAD.STATE] !== ThreadState.Runnable || fp === 0) continue;
      const top = k.routineAt(fp);
      // a value on its way may be the bare index of a frame
      if (k.w[t + THREAD.RET_LO] !== 0 && top.id < kernelRoutines.length && top !== handleMmFault)
        return false;
      for (let f = t + THREAD.STACK; f <= fp;) {
        const r = k.routineAt(f);
        if (r.id < kernelRoutines.length && r !== handleMmFault)
          for (let at = f + 1; at <= f + r.words; at++) if (this.mayName(k.w[at]!)) return false;
        f += 1 + r.words;
      }
    }
    return true;
  }

  /** Whether a word in the kernel's own hands could stand for a frame that may change places. */
  private mayName(word: number): boolean {
    if (word >= this.lowest && word <= this.highest) return true;
    return this.frameIn(word) >= 0;
  }

  /** Frame that a pointer points to, or -1. */
  private frameIn(word: number): number {
    if (word <= NO_HANDLE) return -1;
    const kind = handleKind(word);
    if (kind !== HandleKind.Page && kind !== HandleKind.Kaddr) return -1;
    const f = kind === HandleKind.Page ? handleIndex(word) : handleIndex(word) >> 12;
    return f < this.to.length ? f : -1;
  }

  private renameFrames(): boolean {
    const { k, to, place } = this;
    const { pinned } = this.symmetry;
    for (let f = 0; f < to.length; f++) to[f] = pinned[f] === 1 ? f : OPEN;
    for (let r = 0; r < place.length; r++) place[r] = k.mem.regions[r]!.index;
    this.names = 0;
    this.visit();
    this.nameRest();
    for (let f = 0; f < to.length; f++) {
      if (to[f] === f) continue;
      this.rewrite();
      return true;
    }
    return false;
  }

  /** Frames that nothing names, by what they are: first those in use, then free ones, those that were never used last. */
  private nameRest(): void {
    const { to, order } = this;
    let n = 0;
    for (let f = 0; f < to.length; f++) {
      if (to[f] !== OPEN || this.untouched(f)) continue;
      let at = n++;
      for (; at > 0 && this.less(f, order[at - 1]!); at--) order[at] = order[at - 1]!;
      order[at] = f;
    }
    for (let i = 0; i < n; i++) this.name(order[i]!);
    for (let f = 0; f < to.length; f++) if (to[f] === OPEN) this.name(f);
  }

  /** Whether a frame is free, and as it was when all began. */
  private untouched(f: number): boolean {
    const { w, layout } = this.k;
    const { frames, frameWords } = layout;
    const at = frames + f * frameWords;
    if (w[at + PAGE.FLAGS] !== PG_FREE) return false;
    for (let i = at; i < at + frameWords; i++) if (w[i] !== 0 && i !== at + PAGE.FLAGS) return false;
    return true;
  }

  private less(a: number, b: number): boolean {
    const { w, layout } = this.k;
    const { frames, frameWords } = layout;
    const [x, y] = [frames + a * frameWords + PAGE.FLAGS, frames + b * frameWords + PAGE.FLAGS];
    const free = (w[x]! & PG_FREE) - (w[y]! & PG_FREE);
    if (free !== 0) return free < 0;
    for (let i = 0; i < frameWords; i++) {
      const d = w[frames + a * frameWords + i]! - w[frames + b * frameWords + i]!;
      if (d !== 0) return d < 0;
    }
    return false;
  }

  /** Gives a frame, and the block around it, the next place of its region. */
  private name(f: number): void {
    const { to, place, k } = this;
    if (to[f] !== OPEN) return;
    const { pinned, unit } = this.symmetry;
    const r = this.regions[f]!;
    let next = place[r]!;
    while (pinned[next] === 1) next += 1;
    place[r] = next + unit;
    const first = f - (k.mem.pfnOf[f]! % unit);
    for (let i = 0; i < unit; i++) to[first + i] = next + i;
  }

  private rewrite(): void {
    const { k, to, copy } = this;
    const { frames, frameWords } = k.layout;
    const w = k.w;
    for (let i = 0; i < copy.length; i++) copy[i] = w[frames + i]!;
    for (let f = 0; f < to.length; f++) {
      if (to[f] === f) continue;
      for (let i = 0; i < frameWords; i++) w[frames + to[f]! * frameWords + i] = copy[f * frameWords + i]!;
    }
    for (let i = 0; i < this.names; i++) w[this.met[i]!] = this.renamed(w[this.met[i]!]!, this.how[i]!);
  }

  /** A word that names a frame, with its new place. */
  private renamed(word: number, how: Naming): number {
    const { to } = this;
    switch (how) {
      case Naming.Pointer:
        if (handleKind(word) === HandleKind.Page) return handle(HandleKind.Page, to[handleIndex(word)]!);
        return handle(HandleKind.Kaddr, (to[handleIndex(word) >> 12]! << 12) | (handleIndex(word) & 4095));
      case Naming.Index:
        return to[word - 1]! + 1;
      case Naming.Entry:
        return this.k.mem.pfnOf[to[this.k.mem.frame(word)]!]!;
      case Naming.Pin:
        return withPinFrame(word, to[pinFrame(word)]!);
    }
  }

  /** Names the frames that words name, always in the same order. */
  private visit(): void {
    const { k } = this;
    const { globals, imapLocks, heap, words } = k.layout;
    this.pointers(globals, imapLocks);
    this.pointers(heap, words);
    for (let i = 0; i < k.vmas.length; i++) this.pointer(k.vmas[i]!.o + VMA.PRIVATE);
    for (let i = 0; i < k.files.length; i++) this.pointer(k.files[i]!.o + FILE.PRIVATE);
    for (let i = 0; i < k.layout.caps.threads; i++) this.thread(k.thread(i));
    for (let i = 0; i < k.procs.length; i++) this.process(k.proc(i));
  }

  private pointers(from: number, to: number): void {
    const { w } = this.k;
    for (let i = from; i < to; i++) if (w[i]! > NO_HANDLE) this.pointer(i);
  }

  private pointer(at: number): void {
    const f = this.frameIn(this.k.w[at]!);
    if (f >= 0) this.meet(at, Naming.Pointer, f);
  }

  private meet(at: number, how: Naming, f: number): void {
    this.met[this.names] = at;
    this.how[this.names++] = how;
    this.name(f);
  }

  private thread(t: number): void {
    const { k } = this;
    const fp = k.w[t + THREAD.FP]!;
    if (k.w[t + THREAD.STATE] !== ThreadState.Runnable || fp === 0) return;
    for (let f = t + THREAD.STACK; f <= fp;) {
      const r = k.routineAt(f);
      if (r === handleMmFault) this.fault(f + 1);
      // what programs hold are numbers of their own
      else if (r.id >= kernelRoutines.length && (r as CFunction).user !== true)
        this.pointers(f + 1, f + 1 + r.words);
      f += 1 + r.words;
    }
    if ((k.routineAt(fp) as CFunction).user !== true) this.pointer(t + THREAD.RET_LO);
  }

  private fault(l: number): void {
    this.pointer(l + VMF.PAGE);
    this.index(l + VMF.COW);
    this.index(l + VMF.OLD);
    this.entry(l + VMF.ORIG_LO);
  }

  /** A frame's index + 1, or 0. */
  private index(at: number): void {
    const word = this.k.w[at]!;
    if (word !== 0) this.meet(at, Naming.Index, word - 1);
  }

  /** A page-table entry. */
  private entry(e: number): void {
    const { w, mem } = this.k;
    const pfn = w[e]!;
    if (pfn < this.lowest || pfn > this.highest) return;
    if (w[e + 1] === 0 || (w[e + 1]! & PTE_TABLE) !== 0) return;
    const f = mem.frame(pfn);
    if (f >= 0) this.meet(e, Naming.Entry, f);
  }

  private process(p: number): void {
    const { w, layout } = this.k;
    const { lowest, highest } = this;
    const pins = p + layout.pinsAt;
    const entries = p + layout.pteAt;
    for (let e = entries; e < p + layout.procWords; e += 2)
      if (w[e]! >= lowest && w[e]! <= highest) this.entry(e);
    for (let at = pins; at < entries; at++) if (w[at] !== 0) this.meet(at, Naming.Pin, pinFrame(w[at]!));
  }
}
