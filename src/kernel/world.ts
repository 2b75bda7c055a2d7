/**
 * The kernel's objects as views of the world's words: `page.refcount += 1` reads like the kernel and touches the buffer.
 * Views are made once per run; reading and writing them allocates nothing.
 */
import { FILE, PAGE, PROC, VMA } from './layout.js';
import type { ProcState } from './routine.js';
import { VM_MAYWRITE, VM_SHARED } from './flags.js';

/** PAGE.FLAGS bits. */
export const PG_ANON = 1;
/** AnonExclusive: this mapping alone may write the page in place. */
export const PG_EXCLUSIVE = 2;
export const PG_RESERVED = 4;
/** In the page allocator. */
export const PG_FREE = 8;
/** Given to MADV_FREE: may wait in a batch of a CPU, which has a reference that the model does not count, for the list of such pages. */
export const PG_LAZYFREE = 16;
/** Head of a compound page (its order is in bits 8..11). */
export const PG_HEAD = 32;
/** Tail of a compound page (distance to the head in bits 12..19). */
export const PG_TAIL = 64;
export const PG_ORDER_SHIFT = 8;
export const PG_DISTANCE_SHIFT = 12;

/** struct page. */
export class Page {
  constructor(
    private readonly w: Int32Array,
    readonly frame: number,
    readonly o: number,
    readonly pfn: number,
  ) {}
  get refcount(): number {
    return this.w[this.o + PAGE.REFCOUNT]!;
  }
  set refcount(n: number) {
    this.w[this.o + PAGE.REFCOUNT] = n;
  }
  /** Mappings counted by rmap: 0 when unmapped. */
  get mapcount(): number {
    return this.w[this.o + PAGE.MAPCOUNT]!;
  }
  set mapcount(n: number) {
    this.w[this.o + PAGE.MAPCOUNT] = n;
  }
  get flags(): number {
    return this.w[this.o + PAGE.FLAGS]!;
  }
  set flags(n: number) {
    this.w[this.o + PAGE.FLAGS] = n;
  }
}

/** VMA.REFS bits. */
export const VMA_LINKED = 1 << 16;
export const VMA_IN_IMAP = 1 << 17;
export const VMA_ANON_VMA = 1 << 18;
/** 7.2: holds a reference on a pfnmap_track_ctx. */
export const VMA_TRACKED = 1 << 19;
/** 7.2: reservation + 1 that the context holds, in bits 20..27; 0 for RAM, of which nothing is reserved. */
const VMA_MEMTYPE_SHIFT = 20;
const VMA_MEMTYPE_MASK = 0xff << VMA_MEMTYPE_SHIFT;

/** vm_ops numbers below the test's own. */
export const OPS_NULL = 0;
export const OPS_DUMMY = 1;

/** struct vm_area_struct. Pages are counted from the start of the arena. */
export class Vma {
  constructor(
    private readonly w: Int32Array,
    readonly slot: number,
    readonly o: number,
  ) {}
  get mm(): number {
    return this.w[this.o + VMA.MM]! - 1;
  }
  set mm(proc: number) {
    this.w[this.o + VMA.MM] = proc + 1;
  }
  /** First page. */
  get start(): number {
    return this.w[this.o + VMA.RANGE]! & 0xffff;
  }
  set start(pg: number) {
    this.w[this.o + VMA.RANGE] = (this.w[this.o + VMA.RANGE]! & ~0xffff) | pg;
  }
  /** Page behind the last. */
  get end(): number {
    return this.w[this.o + VMA.RANGE]! >>> 16;
  }
  set end(pg: number) {
    this.w[this.o + VMA.RANGE] = (this.w[this.o + VMA.RANGE]! & 0xffff) | (pg << 16);
  }
  get flags(): number {
    return this.w[this.o + VMA.FLAGS]!;
  }
  set flags(f: number) {
    this.w[this.o + VMA.FLAGS] = f;
  }
  get pgoffLo(): number {
    return this.w[this.o + VMA.PGOFF_LO]!;
  }
  get pgoffHi(): number {
    return this.w[this.o + VMA.PGOFF_HI]!;
  }
  /** vm_pgoff as a number: exact below 2^53, and above that larger than anything it is compared with. */
  get pgoff(): number {
    return (this.pgoffHi >>> 0) * 2 ** 32 + (this.pgoffLo >>> 0);
  }
  /** vm_pgoff := a number of pages, or of a frame. */
  set pgoff(pfn: number) {
    this.setPgoff(pfn | 0, Math.floor(pfn / 2 ** 32) | 0);
  }
  /** Sets vm_pgoff from its two words. */
  setPgoff(lo: number, hi: number): void {
    this.w[this.o + VMA.PGOFF_LO] = lo;
    this.w[this.o + VMA.PGOFF_HI] = hi;
  }
  /** vm_page_prot in canonical bits. */
  get prot(): number {
    return this.w[this.o + VMA.PROT]!;
  }
  set prot(p: number) {
    this.w[this.o + VMA.PROT] = p;
  }
  /** vm_file: slot, or -1. */
  get file(): number {
    return (this.w[this.o + VMA.REFS]! & 0xff) - 1;
  }
  set file(slot: number) {
    this.w[this.o + VMA.REFS] = (this.w[this.o + VMA.REFS]! & ~0xff) | (slot + 1);
  }
  /** vm_ops: number of the table. */
  get ops(): number {
    return (this.w[this.o + VMA.REFS]! >> 8) & 0xff;
  }
  set ops(n: number) {
    this.w[this.o + VMA.REFS] = (this.w[this.o + VMA.REFS]! & ~0xff00) | (n << 8);
  }
  has(bit: number): boolean {
    return (this.w[this.o + VMA.REFS]! & bit) !== 0;
  }
  put(bit: number, on: boolean): void {
    const refs = this.w[this.o + VMA.REFS]!;
    this.w[this.o + VMA.REFS] = on ? refs | bit : refs & ~bit;
  }
  /** Nobody finds it, by address or by file. */
  unlink(): void {
    this.put(VMA_LINKED | VMA_IN_IMAP, false);
  }
  /** Reservation that the tracking context holds [7.2]: slot, or -1. */
  get memtype(): number {
    return ((this.w[this.o + VMA.REFS]! & VMA_MEMTYPE_MASK) >>> VMA_MEMTYPE_SHIFT) - 1;
  }
  set memtype(slot: number) {
    const rest = this.w[this.o + VMA.REFS]! & ~VMA_MEMTYPE_MASK;
    this.w[this.o + VMA.REFS] = rest | ((slot + 1) << VMA_MEMTYPE_SHIFT);
  }
  get private(): number {
    return this.w[this.o + VMA.PRIVATE]!;
  }
  set private(h: number) {
    this.w[this.o + VMA.PRIVATE] = h;
  }
  /** Pages. */
  get pages(): number {
    return this.end - this.start;
  }
  /** `include/linux/mm.h:is_cow_mapping`. */
  get cow(): boolean {
    return (this.w[this.o + VMA.FLAGS]! & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE;
  }
  /** Copies every word but the mm from another VMA (`vm_area_dup`). */
  copyFrom(other: Vma): void {
    this.w.copyWithin(this.o + 1, other.o + 1, other.o + VMA.WORDS);
  }
  clear(): void {
    this.w.fill(0, this.o, this.o + VMA.WORDS);
  }
}

/** struct file. */
export class File {
  constructor(
    private readonly w: Int32Array,
    readonly slot: number,
    readonly o: number,
  ) {}
  get refs(): number {
    return this.w[this.o + FILE.REFS]!;
  }
  set refs(n: number) {
    this.w[this.o + FILE.REFS] = n;
  }
  /** Driver number in the low 8 bits, FMODE_* above. */
  get mode(): number {
    return this.w[this.o + FILE.MODE]!;
  }
  set mode(n: number) {
    this.w[this.o + FILE.MODE] = n;
  }
  get driver(): number {
    return this.w[this.o + FILE.MODE]! & 0xff;
  }
  get private(): number {
    return this.w[this.o + FILE.PRIVATE]!;
  }
  set private(h: number) {
    this.w[this.o + FILE.PRIVATE] = h;
  }
  clear(): void {
    this.w.fill(0, this.o, this.o + FILE.WORDS);
  }
}

/** FILE.MODE bits above the driver number. */
export const FMODE_READ = 1 << 8;
export const FMODE_WRITE = 1 << 9;
/** O_APPEND. */
export const FMODE_APPEND = 1 << 10;
/** Refs of a file that has gone but whose release handler still runs are 0; this keeps its slot taken. */
export const FMODE_CLOSING = 1 << 11;

/** A process: task group and mm_struct in one. */
export class Proc {
  constructor(
    private readonly w: Int32Array,
    readonly slot: number,
    readonly o: number,
  ) {}
  get state(): ProcState {
    return this.w[this.o + PROC.STATE]!;
  }
  set state(s: ProcState) {
    this.w[this.o + PROC.STATE] = s;
  }
  /** Slot of the parent, or -1. */
  get parent(): number {
    return (this.w[this.o + PROC.FAMILY]! & 0xff) - 1;
  }
  /** Which child of its parent it is, from 1. */
  get nth(): number {
    return (this.w[this.o + PROC.FAMILY]! >> 8) & 0xff;
  }
  get children(): number {
    return (this.w[this.o + PROC.FAMILY]! >> 16) & 0xff;
  }
  setFamily(parent: number, nth: number, children: number): void {
    this.w[this.o + PROC.FAMILY] = (parent + 1) | (nth << 8) | (children << 16);
  }
  get lock(): number {
    return this.o + PROC.LOCK;
  }
  get rssAnon(): number {
    return this.w[this.o + PROC.RSS_ANON]!;
  }
  set rssAnon(n: number) {
    this.w[this.o + PROC.RSS_ANON] = n;
  }
  get rssFile(): number {
    return this.w[this.o + PROC.RSS_FILE]!;
  }
  set rssFile(n: number) {
    this.w[this.o + PROC.RSS_FILE] = n;
  }
  get signal(): number {
    return this.w[this.o + PROC.SIGNAL]!;
  }
  set signal(n: number) {
    this.w[this.o + PROC.SIGNAL] = n;
  }
  get flags(): number {
    return this.w[this.o + PROC.FLAGS]!;
  }
  set flags(n: number) {
    this.w[this.o + PROC.FLAGS] = n;
  }
}
