/**
 * States that differ in names only are one: the slots of VMAs, and the frames that nobody has told apart by number. It is done
 * between operations, where no thread holds on to a slot or frame.
 */
import { handle, HandleKind, handleIndex, handleKind } from '../kernel/handle.js';
import type { Kernel } from '../kernel/kernel.js';
import { FILE, PAGE, THREAD, VMA } from '../kernel/layout.js';
import { entryPfn, pteAt } from '../kernel/mm/pgtable.js';
import { PTE_PRESENT } from '../kernel/pte.js';
import { ThreadState } from '../kernel/routine.js';
import { PG_FREE, type Vma } from '../kernel/world.js';
import { USER } from './user.js';

const PIN_FRAME = 0x7fff;
/** {@link Canonical.to}: not renamed yet. */
const OPEN = -1;

export class Canonical {
  /** New index of each frame. */
  private readonly to: Int32Array;
  /** Indices that frames may be renamed to, ascending, and how many of them are taken. */
  private readonly places: Int32Array;
  private taken = 0;
  private readonly copy: Int32Array;

  /** @param frames whether `ram` frames that no number names may change places */
  constructor(
    private readonly k: Kernel,
    private readonly frames: boolean,
  ) {
    this.to = new Int32Array(k.mem.frames);
    this.places = new Int32Array(k.mem.frames);
    this.copy = new Int32Array(Math.max(VMA.WORDS, k.mem.frames * k.layout.frameWords));
  }

  /** Renames in place, unless a thread is inside an operation. */
  apply(): void {
    const { k } = this;
    if (k.frozen || !this.atRest()) return;
    if (!this.holds(HandleKind.Vma)) this.sortVmas();
    if (this.frames) this.renameFrames();
  }

  private atRest(): boolean {
    const { k } = this;
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] !== ThreadState.Runnable) continue;
      const f = t + THREAD.STACK;
      if (k.w[t + THREAD.FP] !== f || k.w[f + USER.OP] !== 0 || k.w[t + THREAD.WAIT] !== 0) return false;
    }
    return true;
  }

  /** Whether a global or object of the driver points to something of this kind. */
  private holds(kind: HandleKind): boolean {
    const { globals, imapLocks, heap, words } = this.k.layout;
    return this.holdsIn(kind, globals, imapLocks) || this.holdsIn(kind, heap, words);
  }

  private holdsIn(kind: HandleKind, from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (this.k.w[i]! > 0 && handleKind(this.k.w[i]!) === kind) return true;
    return false;
  }

  /** By process and place; free slots last. */
  private sortVmas(): void {
    const { vmas } = this.k;
    for (let i = 1; i < vmas.length; i++)
      for (let j = i; j > 0 && before(vmas[j]!, vmas[j - 1]!); j--) this.swap(vmas[j]!.o, vmas[j - 1]!.o);
  }

  private swap(a: number, b: number): void {
    const { w } = this.k;
    for (let i = 0; i < VMA.WORDS; i++) {
      const word = w[a + i]!;
      w[a + i] = w[b + i]!;
      w[b + i] = word;
    }
  }

  // --- frames ---

  private renameFrames(): void {
    const { k, to } = this;
    this.findFree();
    this.nameFrom(k.layout.globals, k.layout.imapLocks);
    this.nameFrom(k.layout.heap, k.layout.words);
    for (let i = 0; i < k.vmas.length; i++) this.nameWord(k.w[k.vmas[i]!.o + VMA.PRIVATE]!);
    for (let i = 0; i < k.files.length; i++) this.nameWord(k.w[k.files[i]!.o + FILE.PRIVATE]!);
    for (let i = 0; i < k.procs.length; i++) this.nameProcess(i);
    for (let f = 0; f < to.length; f++) if (to[f] === OPEN && !isFree(k, f)) this.name(f);
    for (let f = 0; f < to.length; f++) if (to[f] === OPEN) this.name(f);
    for (let f = 0; f < to.length; f++) if (to[f] !== f) return this.rewrite();
  }

  /** Frames that may be renamed: of `ram`, in no window of a mapping, named by no number of the driver's. */
  private findFree(): void {
    const { k, to, places } = this;
    let n = 0;
    this.taken = 0;
    for (let f = 0; f < to.length; f++) {
      to[f] = f;
      if (k.mem.isRam[f] === 0 || this.isNumbered(f)) continue;
      to[f] = OPEN;
      places[n++] = f;
    }
  }

  private isNumbered(f: number): boolean {
    const { k } = this;
    const pfn = k.mem.pfnOf[f]!;
    for (let i = 0; i < k.vmas.length; i++) {
      const v = k.vmas[i]!;
      if (v.mm < 0) continue;
      const first = (v.pgoffHi >>> 0) * 2 ** 32 + (v.pgoffLo >>> 0);
      if ((pfn >= first && pfn < first + v.pages) || this.isNumber(k.w[v.o + VMA.PRIVATE]!, f, pfn))
        return true;
    }
    const { globals, imapLocks, heap, words } = k.layout;
    for (let i = globals; i < imapLocks; i++) if (this.isNumber(k.w[i]!, f, pfn)) return true;
    for (let i = heap; i < words; i++) if (this.isNumber(k.w[i]!, f, pfn)) return true;
    for (let i = 0; i < k.files.length; i++)
      if (this.isNumber(k.w[k.files[i]!.o + FILE.PRIVATE]!, f, pfn)) return true;
    return false;
  }

  private isNumber(word: number, f: number, pfn: number): boolean {
    if (word === pfn || word === ((pfn * 4096) | 0)) return true;
    return word > 0 && handleKind(word) === HandleKind.Kaddr && handleIndex(word) >> 12 === f;
  }

  private name(f: number): void {
    if (this.to[f] === OPEN) this.to[f] = this.places[this.taken++]!;
  }

  private nameWord(word: number): void {
    if (word <= 0 || handleKind(word) !== HandleKind.Page) return;
    const f = handleIndex(word);
    if (f < this.to.length) this.name(f);
  }

  private nameFrom(from: number, to: number): void {
    for (let i = from; i < to; i++) this.nameWord(this.k.w[i]!);
  }

  private nameProcess(i: number): void {
    const { k } = this;
    for (let pg = 0; pg < k.layout.caps.arena; pg++) {
      const e = pteAt(k, i, pg);
      if ((k.w[e + 1]! & PTE_PRESENT) === 0) continue;
      const f = k.mem.frame(entryPfn(k, e));
      if (f >= 0) this.name(f);
    }
    const pins = k.proc(i) + k.layout.pinsAt;
    for (let at = pins; at < pins + k.layout.caps.pins; at++)
      if (k.w[at] !== 0) this.name((k.w[at]! & PIN_FRAME) - 1);
  }

  private rewrite(): void {
    const { k, to, copy } = this;
    const { frames, frameWords, globals, imapLocks, heap, words } = k.layout;
    const w = k.w;
    for (let i = 0; i < to.length * frameWords; i++) copy[i] = w[frames + i]!;
    for (let f = 0; f < to.length; f++)
      for (let i = 0; i < frameWords; i++) w[frames + to[f]! * frameWords + i] = copy[f * frameWords + i]!;
    for (let i = globals; i < imapLocks; i++) this.rewriteWord(i);
    for (let i = heap; i < words; i++) this.rewriteWord(i);
    for (let i = 0; i < k.vmas.length; i++) this.rewriteWord(k.vmas[i]!.o + VMA.PRIVATE);
    for (let i = 0; i < k.files.length; i++) this.rewriteWord(k.files[i]!.o + FILE.PRIVATE);
    for (let i = 0; i < k.procs.length; i++) this.rewriteProcess(i);
  }

  private rewriteWord(at: number): void {
    const word = this.k.w[at]!;
    if (word <= 0 || handleKind(word) !== HandleKind.Page) return;
    const f = handleIndex(word);
    if (f < this.to.length) this.k.w[at] = handle(HandleKind.Page, this.to[f]!);
  }

  private rewriteProcess(i: number): void {
    const { k, to } = this;
    for (let pg = 0; pg < k.layout.caps.arena; pg++) {
      const e = pteAt(k, i, pg);
      if ((k.w[e + 1]! & PTE_PRESENT) === 0) continue;
      const f = k.mem.frame(entryPfn(k, e));
      if (f >= 0 && k.mem.isRam[f] === 1) k.w[e] = k.mem.pfnOf[to[f]!]! | 0;
    }
    const pins = k.proc(i) + k.layout.pinsAt;
    for (let at = pins; at < pins + k.layout.caps.pins; at++) {
      const word = k.w[at]!;
      if (word !== 0) k.w[at] = (word & ~PIN_FRAME) | (to[(word & PIN_FRAME) - 1]! + 1);
    }
  }
}

function before(a: Vma, b: Vma): boolean {
  if (a.mm < 0 || b.mm < 0) return b.mm < 0 && a.mm >= 0;
  return a.mm !== b.mm ? a.mm < b.mm : a.start < b.start;
}

function isFree(k: Kernel, f: number): boolean {
  return (k.w[k.layout.frames + f * k.layout.frameWords + PAGE.FLAGS]! & PG_FREE) !== 0;
}
