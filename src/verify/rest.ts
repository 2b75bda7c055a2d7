/**
 * Processes between two operations, and files, that differ only in the slots in which they are kept: states in which they have changed
 * places are one. A process stands first whose words are smaller; files are kept in the order in which descriptors and mappings name them. What a process
 * that has died was doing is forgotten.
 */
import { handleKind, HandleKind } from '../kernel/handle.js';
import type { Kernel } from '../kernel/kernel.js';
import { FILE, PROC, THREAD, VMA } from '../kernel/layout.js';
import { pinFrame } from '../kernel/pin.js';
import { ProcState, ThreadState } from '../kernel/routine.js';
import { booting } from '../run/boot.js';
import { USER } from './user.js';

/** Words up to this are no handle. */
const NO_HANDLE = 0xffffff;
/** Of VMA.REFS: file + 1. */
const VMA_FILE = 0xff;

export class Rest {
  /** Where each process has been before, by its slot now; undefined if all keep theirs. It holds until the next call. */
  moved: Int32Array | undefined;
  private readonly from: Int32Array;
  /** Of each process: what it is compared by. */
  private readonly keys: Int32Array[];
  /** Slots of the VMAs in the order of processes and places, and how many they are. */
  private readonly order: Int32Array;
  private vmas = 0;
  private readonly fileTo: Int32Array;
  private readonly copy: Int32Array;

  /** @param numbered whether every frame has a place of its own: then which one it is tells processes apart */
  constructor(
    private readonly k: Kernel,
    private readonly numbered: boolean,
  ) {
    const { caps, procWords, threadWords } = k.layout;
    this.from = new Int32Array(caps.procs);
    const words = procWords + caps.vmas * (VMA.WORDS + FILE.WORDS) + caps.fds * FILE.WORDS + threadWords;
    this.keys = Array.from({ length: caps.procs }, () => new Int32Array(words));
    this.order = new Int32Array(caps.vmas);
    this.fileTo = new Int32Array(caps.files);
    this.copy = new Int32Array(Math.max(procWords, threadWords, caps.files * FILE.WORDS));
  }

  /** Lets processes and files change places. */
  apply(): void {
    const { k } = this;
    this.moved = undefined;
    if (k.frozen || booting(k) || !this.atRest() || this.held()) return;
    this.forget();
    this.sortProcesses();
    this.sortFiles();
  }

  /** Whether each process has one thread, in the slot of the same number, and nobody is inside the kernel. */
  private atRest(): boolean {
    const { k } = this;
    const { procs, threads } = k.layout.caps;
    if (procs !== threads) return false;
    for (let i = 0; i < threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] !== ThreadState.Runnable) continue;
      if (k.w[t + THREAD.PROC] !== i || k.w[t + THREAD.FP] !== t + THREAD.STACK || k.w[t + THREAD.WAIT] !== 0)
        return false;
    }
    return true;
  }

  /** Whether the driver points to a VMA, a file or an mm. */
  private held(): boolean {
    const { k } = this;
    const { globals, imapLocks, heap, words } = k.layout;
    if (this.heldIn(globals, imapLocks) || this.heldIn(heap, words)) return true;
    for (let i = 0; i < k.files.length; i++) if (isSlot(k.w[k.files[i]!.o + FILE.PRIVATE]!)) return true;
    for (let i = 0; i < k.vmas.length; i++) if (isSlot(k.w[k.vmas[i]!.o + VMA.PRIVATE]!)) return true;
    return false;
  }

  private heldIn(from: number, to: number): boolean {
    for (let i = from; i < to; i++) if (isSlot(this.k.w[i]!)) return true;
    return false;
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
    const { from, keys } = this;
    const n = from.length;
    for (let i = 0; i < n; i++) {
      from[i] = i;
      this.compose(i);
    }
    let sorted = true;
    for (let i = 1; i < n; i++)
      for (let j = i; j > 0 && isLess(keys[j]!, keys[j - 1]!); j--) {
        sorted = false;
        [keys[j], keys[j - 1]] = [keys[j - 1]!, keys[j]!];
        this.swap(j, j - 1);
      }
    if (!sorted) this.moved = from;
  }

  /** Writes down what process `i` is compared by: names of frames and slots left out. Its first word is the length. */
  private compose(i: number): void {
    const { k, numbered } = this;
    const { w, layout } = k;
    const key = this.keys[i]!;
    const p = k.proc(i);
    const state = w[p + PROC.STATE]!;
    let n = 1;
    // those that do not exist come last: fork() takes the first
    key[n++] = state === ProcState.Absent ? 0xff : state;
    key[n++] = w[p + PROC.RSS_ANON]!;
    key[n++] = w[p + PROC.RSS_FILE]!;
    key[n++] = w[p + PROC.FLAGS]!;
    for (let at = p + layout.fdsAt; at < p + layout.pinsAt; at++) n = this.composeFile(key, n, w[at]! - 1);
    for (let at = p + layout.pinsAt; at < p + layout.pteAt; at++)
      key[n++] = numbered || w[at] === 0 ? w[at]! : w[at]! - pinFrame(w[at]!);
    for (let at = p + layout.pteAt; at < p + layout.procWords; at += 2) {
      key[n++] = w[at + 1]!;
      if (numbered) key[n++] = w[at]!;
    }
    const t = k.thread(i);
    for (let at = t + THREAD.STACK; at <= t + THREAD.STACK + USER.WORDS; at++) key[n++] = w[at]!;
    const first = this.vmas;
    this.listVmas(i);
    for (let v = first; v < this.vmas; v++) n = this.composeVma(key, n, this.order[v]!);
    this.vmas = first;
    key[0] = n;
  }

  private composeVma(key: Int32Array, n: number, slot: number): number {
    const { w, vmas } = this.k;
    const { o } = vmas[slot]!;
    key[n++] = w[o + VMA.RANGE]!;
    key[n++] = w[o + VMA.FLAGS]!;
    key[n++] = w[o + VMA.PGOFF_LO]!;
    key[n++] = w[o + VMA.PGOFF_HI]!;
    key[n++] = w[o + VMA.PROT]!;
    key[n++] = w[o + VMA.REFS]! & ~VMA_FILE;
    return this.composeFile(key, n, (w[o + VMA.REFS]! & VMA_FILE) - 1);
  }

  private composeFile(key: Int32Array, n: number, slot: number): number {
    const { w, files } = this.k;
    if (slot < 0) {
      key[n] = -1;
      return n + 1;
    }
    const { o } = files[slot]!;
    key[n] = w[o + FILE.MODE]!;
    key[n + 1] = w[o + FILE.REFS]!;
    return n + 2;
  }

  /** Appends the VMAs of a process to the list, by place. */
  private listVmas(proc: number): void {
    const { vmas } = this.k;
    const { order } = this;
    const first = this.vmas;
    for (let i = 0; i < vmas.length; i++) {
      if (vmas[i]!.mm !== proc) continue;
      let at = this.vmas++;
      for (; at > first && vmas[order[at - 1]!]!.start > vmas[i]!.start; at--) order[at] = order[at - 1]!;
      order[at] = i;
    }
  }

  /** Exchanges two processes and their threads. */
  private swap(a: number, b: number): void {
    const { k, from } = this;
    const { w, layout } = k;
    this.exchange(k.proc(a), k.proc(b), layout.procWords);
    this.exchange(k.thread(a), k.thread(b), layout.threadWords);
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

  private exchange(a: number, b: number, words: number): void {
    const { w } = this.k;
    for (let i = 0; i < words; i++) {
      const word = w[a + i]!;
      w[a + i] = w[b + i]!;
      w[b + i] = word;
    }
  }

  // --- files ---

  private sortFiles(): void {
    const { k, fileTo } = this;
    const { w, layout } = k;
    let n = 0;
    fileTo.fill(-1);
    const name = (file: number): void => {
      if (file >= 0 && fileTo[file]! < 0) fileTo[file] = n++;
    };
    this.vmas = 0;
    for (let i = 0; i < k.procs.length; i++) {
      const p = k.proc(i);
      for (let at = p + layout.fdsAt; at < p + layout.pinsAt; at++) name(w[at]! - 1);
      this.listVmas(i);
    }
    for (let v = 0; v < this.vmas; v++) name(k.vmas[this.order[v]!]!.file);
    this.vmas = 0;
    for (let i = 0; i < fileTo.length; i++) if (k.files[i]!.refs !== 0 || k.files[i]!.mode !== 0) name(i);
    for (let i = 0; i < fileTo.length; i++) name(i);
    for (let i = 0; i < fileTo.length; i++) if (fileTo[i] !== i) return this.renameFiles();
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

/** Whether a word is a pointer to what is kept in slots. */
function isSlot(word: number): boolean {
  if (word <= NO_HANDLE) return false;
  const kind = handleKind(word);
  return kind === HandleKind.Vma || kind === HandleKind.File || kind === HandleKind.Mm;
}

/** By length, then word by word. */
function isLess(a: Int32Array, b: Int32Array): boolean {
  const n = a[0]!;
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}
