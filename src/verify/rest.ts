/**
 * Processes between two operations, VMAs and files that differ only in the slots in which they are kept: states in which they have changed
 * places are one. Nobody may come in between two VMAs of a revocation, which goes by slots. A process stands first whose words are smaller; files are kept in the order in which descriptors and mappings name them. What a process
 * that has died was doing is forgotten.
 */
import type { Symmetry } from '../kernel/exchange.js';
import { HandleKind } from '../kernel/handle.js';
import type { Kernel } from '../kernel/kernel.js';
import { FILE, PROC, THREAD, VMA } from '../kernel/layout.js';
import { withPinFrame } from '../kernel/pin.js';
import { ProcState, ThreadState } from '../kernel/routine.js';
import { booting } from '../run/boot.js';
import type { Vma } from '../kernel/world.js';
import { kept } from '../run/keeps.js';
import { USER } from './user.js';

/** What is kept in slots that change places. */
const VMAS = 1 << HandleKind.Vma;
const SLOTS = VMAS | (1 << HandleKind.File) | (1 << HandleKind.Mm);
/** Of VMA.REFS: file + 1. */
const VMA_FILE = 0xff;

/** How states are renamed. */
export interface Renaming {
  readonly renaming: boolean;
  readonly races: boolean;
  readonly symmetry: Symmetry | undefined;
}

/** What lets slots change places on a kernel, if any may. */
export function restOf(k: Kernel, { renaming, races, symmetry }: Renaming): Rest | undefined {
  return renaming && !races ? new Rest(k, symmetry === undefined) : undefined;
}

export class Rest {
  /** Where each process has been before, by its slot now; undefined if all keep theirs. It holds until the next call. */
  moved: Int32Array | undefined;
  private readonly from: Int32Array;
  /** Slots of the VMAs of two processes that are compared, by place. */
  private readonly left: Int32Array;
  private readonly right: Int32Array;
  private readonly fileTo: Int32Array;
  private files = 0;
  private readonly copy: Int32Array;

  /** @param numbered whether every frame has a place of its own: then which one it is tells processes apart */
  constructor(
    private readonly k: Kernel,
    private readonly numbered: boolean,
  ) {
    const { caps } = k.layout;
    this.from = new Int32Array(caps.procs);
    this.left = new Int32Array(caps.vmas);
    this.right = new Int32Array(caps.vmas);
    this.fileTo = new Int32Array(caps.files);
    this.copy = new Int32Array(caps.files * FILE.WORDS);
  }

  /** Lets VMAs change places, and processes and files if each process has one thread. */
  apply(): void {
    const { k } = this;
    this.moved = undefined;
    if (k.frozen || booting(k) || !this.atRest()) return;
    const pointers = kept(k);
    const all = (pointers & SLOTS) === 0 && this.oneEach();
    if (all) this.forget();
    if (all) this.sortProcesses();
    if ((pointers & VMAS) === 0) sortVmas(k);
    if (all) this.sortFiles();
  }

  /** Whether nobody is inside the kernel: threads hold on to no slot. */
  private atRest(): boolean {
    const { k } = this;
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] !== ThreadState.Runnable) continue;
      if (k.w[t + THREAD.FP] !== t + THREAD.STACK || k.w[t + THREAD.WAIT] !== 0) return false;
    }
    return true;
  }

  /** Whether each process has one thread, in the slot of the same number. */
  private oneEach(): boolean {
    const { k } = this;
    const { procs, threads } = k.layout.caps;
    if (procs !== threads) return false;
    for (let i = 0; i < threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] === ThreadState.Runnable && k.w[t + THREAD.PROC] !== i) return false;
    }
    return true;
  }

  /** What nobody asks of any more: whose child a process is, and how those that are dead have ended. */
  private forget(): void {
    const { k } = this;
    const { w } = k;
    for (let i = 0; i < k.procs.length; i++) {
      const p = k.proc(i);
      w[p + PROC.FAMILY] = 0;
      if (w[p + PROC.STATE] !== ProcState.Dead) continue;
      w[p + PROC.SIGNAL] = 0;
      const t = k.thread(i);
      const failed = w[t + THREAD.STACK + USER.FAILED]!;
      w.fill(0, t + THREAD.RET_LO, t + k.layout.threadWords);
      w[t + THREAD.FP] = t + THREAD.STACK;
      w[t + THREAD.STACK + USER.FAILED] = failed;
    }
  }

  // --- processes ---

  private sortProcesses(): void {
    const { from } = this;
    const n = from.length;
    let sorted = true;
    for (let i = 0; i < n; i++) from[i] = i;
    for (let i = 1; i < n; i++)
      for (let j = i; j > 0 && this.compare(j, j - 1) < 0; j--) {
        sorted = false;
        this.swap(j, j - 1);
      }
    if (!sorted) this.moved = from;
  }

  /** Compares two processes by their words, names of frames and slots left out. Those that do not exist come last: fork() takes the first. */
  private compare(a: number, b: number): number {
    const { k } = this;
    const { w, layout } = k;
    const [p, q] = [k.proc(a), k.proc(b)];
    const [live, other] = [w[p + PROC.STATE]!, w[q + PROC.STATE]!];
    if (live !== other) return live === 0 ? 1 : other === 0 ? -1 : live - other;
    let d = w[p + PROC.RSS_ANON]! - w[q + PROC.RSS_ANON]! || w[p + PROC.RSS_FILE]! - w[q + PROC.RSS_FILE]!;
    d ||= w[p + PROC.FLAGS]! - w[q + PROC.FLAGS]!;
    for (let i = layout.fdsAt; d === 0 && i < layout.pinsAt; i++) d = this.compareFiles(w[p + i]!, w[q + i]!);
    for (let i = layout.pinsAt; d === 0 && i < layout.pteAt; i++)
      d = this.pin(w[p + i]!) - this.pin(w[q + i]!);
    for (let i = layout.pteAt; d === 0 && i < layout.procWords; i += 2) {
      d = w[p + i + 1]! - w[q + i + 1]!;
      if (this.numbered) d ||= w[p + i]! - w[q + i]!;
    }
    const [t, u] = [k.thread(a) + THREAD.STACK, k.thread(b) + THREAD.STACK];
    for (let i = 0; d === 0 && i <= USER.WORDS; i++) d = w[t + i]! - w[u + i]!;
    return d === 0 ? this.compareMappings(a, b) : d;
  }

  private pin(word: number): number {
    return this.numbered || word === 0 ? word : withPinFrame(word, 0);
  }

  private compareMappings(a: number, b: number): number {
    const { left, right } = this;
    const n = this.listVmas(a, left);
    let d = n - this.listVmas(b, right);
    for (let i = 0; d === 0 && i < n; i++) d = this.compareVmas(left[i]!, right[i]!);
    return d;
  }

  private compareVmas(a: number, b: number): number {
    const { w, vmas } = this.k;
    const [o, p] = [vmas[a]!.o, vmas[b]!.o];
    let d = w[o + VMA.RANGE]! - w[p + VMA.RANGE]! || w[o + VMA.FLAGS]! - w[p + VMA.FLAGS]!;
    d ||= w[o + VMA.PGOFF_LO]! - w[p + VMA.PGOFF_LO]! || w[o + VMA.PGOFF_HI]! - w[p + VMA.PGOFF_HI]!;
    d ||= w[o + VMA.PROT]! - w[p + VMA.PROT]!;
    d ||= (w[o + VMA.REFS]! & ~VMA_FILE) - (w[p + VMA.REFS]! & ~VMA_FILE);
    return d || this.compareFiles(w[o + VMA.REFS]! & VMA_FILE, w[p + VMA.REFS]! & VMA_FILE);
  }

  /** Compares two files, which are numbers from 1, by what they are. */
  private compareFiles(a: number, b: number): number {
    if (a === b) return 0;
    if (a === 0 || b === 0) return a - b;
    const { w, files } = this.k;
    const [o, p] = [files[a - 1]!.o, files[b - 1]!.o];
    return w[o + FILE.MODE]! - w[p + FILE.MODE]! || w[o + FILE.REFS]! - w[p + FILE.REFS]!;
  }

  /** Lists the VMAs of a process, by place. @returns how many they are */
  private listVmas(proc: number, list: Int32Array): number {
    const { vmas } = this.k;
    let n = 0;
    for (let i = 0; i < vmas.length; i++) {
      if (vmas[i]!.mm !== proc) continue;
      let at = n++;
      for (; at > 0 && vmas[list[at - 1]!]!.start > vmas[i]!.start; at--) list[at] = list[at - 1]!;
      list[at] = i;
    }
    return n;
  }

  /** Exchanges two processes and their threads. */
  private swap(a: number, b: number): void {
    const { k, from } = this;
    const { w, layout } = k;
    swapWords(w, k.proc(a), k.proc(b), layout.procWords);
    swapWords(w, k.thread(a), k.thread(b), layout.threadWords);
    this.settle(a);
    this.settle(b);
    for (let i = 0; i < k.vmas.length; i++) {
      const at = k.vmas[i]!.o + VMA.MM;
      if (w[at] === a + 1) w[at] = b + 1;
      else if (w[at] === b + 1) w[at] = a + 1;
    }
    [from[a], from[b]] = [from[b]!, from[a]!];
  }

  /** A thread knows its process by number, and its stack by place. */
  private settle(i: number): void {
    const { w } = this.k;
    const t = this.k.thread(i);
    if (w[t + THREAD.STATE] === ThreadState.Absent) return;
    w[t + THREAD.PROC] = i;
    w[t + THREAD.FP] = t + THREAD.STACK;
  }

  // --- files ---

  private sortFiles(): void {
    const { k, fileTo } = this;
    const { w, layout } = k;
    this.files = 0;
    fileTo.fill(-1);
    for (let i = 0; i < k.procs.length; i++) {
      const p = k.proc(i);
      for (let at = p + layout.fdsAt; at < p + layout.pinsAt; at++) this.nameFile(w[at]! - 1);
    }
    for (let i = 0; i < k.vmas.length; i++) if (k.vmas[i]!.mm >= 0) this.nameFile(k.vmas[i]!.file);
    for (let i = 0; i < fileTo.length; i++)
      if (k.files[i]!.refs !== 0 || k.files[i]!.mode !== 0) this.nameFile(i);
    for (let i = 0; i < fileTo.length; i++) this.nameFile(i);
    for (let i = 0; i < fileTo.length; i++) if (fileTo[i] !== i) return this.renameFiles();
  }

  private nameFile(file: number): void {
    if (file >= 0 && this.fileTo[file]! < 0) this.fileTo[file] = this.files++;
  }

  private renameFiles(): void {
    const { k, fileTo, copy } = this;
    const { w, layout } = k;
    const words = fileTo.length * FILE.WORDS;
    for (let i = 0; i < words; i++) copy[i] = w[layout.files + i]!;
    for (let f = 0; f < fileTo.length; f++)
      for (let i = 0; i < FILE.WORDS; i++)
        w[layout.files + fileTo[f]! * FILE.WORDS + i] = copy[f * FILE.WORDS + i]!;
    for (let i = 0; i < k.procs.length; i++) {
      const p = k.proc(i);
      for (let at = p + layout.fdsAt; at < p + layout.pinsAt; at++)
        if (w[at] !== 0) w[at] = fileTo[w[at]! - 1]! + 1;
    }
    for (let i = 0; i < k.vmas.length; i++) {
      const v = k.vmas[i]!;
      if (v.mm >= 0 && v.file >= 0) v.file = fileTo[v.file]!;
    }
  }
}

/** By process and place; free slots last. */
function sortVmas({ w, vmas }: Kernel): void {
  for (let i = 1; i < vmas.length; i++)
    for (let j = i; j > 0 && before(vmas[j]!, vmas[j - 1]!); j--)
      swapWords(w, vmas[j]!.o, vmas[j - 1]!.o, VMA.WORDS);
}

function before(a: Vma, b: Vma): boolean {
  if (a.mm < 0 || b.mm < 0) return b.mm < 0 && a.mm >= 0;
  return a.mm !== b.mm ? a.mm < b.mm : a.start < b.start;
}

/** Exchanges w[a..a + words) and w[b..b + words). */
function swapWords(w: Int32Array, a: number, b: number, words: number): void {
  for (let i = 0; i < words; i++) {
    const word = w[a + i]!;
    w[a + i] = w[b + i]!;
    w[b + i] = word;
  }
}
