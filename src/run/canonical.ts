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

/** What {@link Canonical} does with a word that names a frame. */
const enum Doing {
  Naming,
  Rewriting,
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
  private doing = Doing.Naming;

  constructor(
    private readonly k: Kernel,
    private readonly symmetry: Symmetry,
  ) {
    const { frames, pfnOf } = k.mem;
    this.to = new Int32Array(frames);
    this.order = new Int32Array(frames);
    this.place = new Int32Array(k.mem.regions.length);
    this.copy = new Int32Array(frames * k.layout.frameWords);
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
    const { pinned } = this.symmetry;
    for (let i = k.layout.frames; i < k.layout.files; i++) {
      const f = this.frameIn(k.w[i]!);
      if (f >= 0 && pinned[f] === 0) throw new ToldApart(undefined);
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
    this.doing = Doing.Naming;
    this.visit();
    this.nameRest(false);
    this.nameRest(true);
    for (let f = 0; f < to.length; f++) {
      if (to[f] === f) continue;
      this.rewrite();
      return true;
    }
    return false;
  }

  /** Frames that nothing names, region by region, by what they are. */
  private nameRest(free: boolean): void {
    const { k, to, order } = this;
    let n = 0;
    let first = 0;
    for (let f = 0; f < to.length; f++) {
      if (to[f] !== OPEN || ((k.pages[f]!.flags & PG_FREE) !== 0) !== free) continue;
      if (n > 0 && k.mem.regionOf[f] !== k.mem.regionOf[order[n - 1]!]) first = n;
      let at = n++;
      for (; at > first && this.less(f, order[at - 1]!); at--) order[at] = order[at - 1]!;
      order[at] = f;
    }
    for (let i = 0; i < n; i++) this.name(order[i]!);
  }

  private less(a: number, b: number): boolean {
    const { w, layout } = this.k;
    const { frames, frameWords } = layout;
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
    const r = k.mem.regions.indexOf(k.mem.regionOf[f]!);
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
    for (let i = 0; i < to.length * frameWords; i++) copy[i] = w[frames + i]!;
    for (let f = 0; f < to.length; f++) {
      if (to[f] === f) continue;
      for (let i = 0; i < frameWords; i++) w[frames + to[f]! * frameWords + i] = copy[f * frameWords + i]!;
    }
    this.doing = Doing.Rewriting;
    this.visit();
  }

  /** Goes to every word that may name a frame, always in the same order. */
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
    const { w } = this.k;
    const word = w[at]!;
    const f = this.frameIn(word);
    if (f < 0) return;
    if (this.doing === Doing.Naming) this.name(f);
    else if (handleKind(word) === HandleKind.Page) w[at] = handle(HandleKind.Page, this.to[f]!);
    else w[at] = handle(HandleKind.Kaddr, (this.to[f]! << 12) | (handleIndex(word) & 4095));
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
    if (word === 0) return;
    if (this.doing === Doing.Naming) this.name(word - 1);
    else this.k.w[at] = this.to[word - 1]! + 1;
  }

  /** A page-table entry. */
  private entry(e: number): void {
    const { w, mem } = this.k;
    const pfn = w[e]!;
    if (pfn < this.lowest || pfn > this.highest) return;
    if (w[e + 1] === 0 || (w[e + 1]! & PTE_TABLE) !== 0) return;
    const f = mem.frame(pfn);
    if (f < 0) return;
    if (this.doing === Doing.Naming) this.name(f);
    else w[e] = mem.pfnOf[this.to[f]!]!;
  }

  private process(p: number): void {
    const { w, layout } = this.k;
    for (let e = p + layout.pteAt; e < p + layout.procWords; e += 2) this.entry(e);
    for (let at = p + layout.pinsAt; at < p + layout.pteAt; at++) {
      const word = w[at]!;
      if (word === 0) continue;
      const f = pinFrame(word);
      if (this.doing === Doing.Naming) this.name(f);
      else w[at] = withPinFrame(word, this.to[f]!);
    }
  }
}
