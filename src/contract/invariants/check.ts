/** Holds one state against the invariants. It runs in every state of a search: it allocates nothing. */
import { handle, HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { Freeze, HEAD } from '../../kernel/layout.js';
import { vmNormalPageAt } from '../../kernel/mm/memory/classify.js';
import { entryPfn, levelPages, pteAt, walk } from '../../kernel/mm/pgtable.js';
import { vmallocPages } from '../../kernel/mm/vmalloc.js';
import { GUP_PIN_COUNTING_BIAS, VM_SHARED } from '../../kernel/flags.js';
import { isDmaPin, pinFrame } from '../../kernel/pin.js';
import { Level, PTE_CACHE_MASK, PTE_GHOST_COUNTED, PTE_PRESENT, PTE_WRITE } from '../../kernel/pte.js';
import { ProcState } from '../../kernel/routine.js';
import { FMODE_WRITE, PG_ANON, PG_FREE, PG_HEAD, PG_TAIL, type Vma } from '../../kernel/world.js';
import { invariantIndex as at } from './list.js';

/** Which frames user space may reach, by frame index. */
export interface Access {
  /** 1: raw entries may lead there. Frames of `ram` need no leave, but must not be free or another's. */
  readonly reachable: Uint8Array;
  /** 1: the driver gives it for reading only. */
  readonly readonly: Uint8Array;
}

const OK = -1;
const BUG = at('no-bug');
const UNDEFINED = at('no-undefined');
const FREED = at('not-freed');
const FOREIGN = at('not-foreign');
const RESOURCE = at('resource');
const CLASS = at('class');
const PRIVATE = at('private-write');
const ISOLATION = at('isolation');
const READ_ONLY = at('read-only');
const TYPE = at('memory-type');
const MAPCOUNT = at('mapcount');
const REFCOUNT = at('refcount');
const RSS = at('rss');
const STALE = at('stale');
const REPORT = at('no-report');
const WARNING = at('no-warning');
const LEAK = at('no-leak');

export class InvariantChecker {
  /** Where the invariant that was found broken shows: process, page of its arena, pfn; -1 where it makes no sense. */
  proc = -1;
  page = -1;
  pfn = -1;
  private worst = OK;
  private readonly counted: Int32Array;
  private readonly referenced: Int32Array;
  /** Memory type + 1 of the entries seen, by frame. */
  private readonly types: Int32Array;
  /** Entries that the hardware lets write, by frame. */
  private readonly writable: Int32Array;
  private anon = 0;
  private file = 0;

  constructor(
    private readonly k: Kernel,
    private readonly access: Access,
  ) {
    const { frames } = k.mem;
    this.counted = new Int32Array(frames);
    this.referenced = new Int32Array(frames);
    this.types = new Int32Array(frames);
    this.writable = new Int32Array(frames);
  }

  /** @returns index of the first invariant in INVARIANTS that the kernel's present state breaks, or -1 */
  check(): number {
    const { k } = this;
    this.worst = OK;
    this.proc = this.page = this.pfn = -1;
    if (k.w[HEAD.FROZEN] !== Freeze.None) return k.w[HEAD.FROZEN] === Freeze.Bug ? BUG : UNDEFINED;
    this.counted.fill(0);
    this.referenced.fill(0);
    this.types.fill(0);
    this.writable.fill(0);
    const quiet = k.quiet;
    k.quiet = true;
    let alive = false;
    for (let i = 0; i < k.procs.length; i++) {
      const state = k.procs[i]!.state;
      if (state === ProcState.Absent) continue;
      if (state !== ProcState.Dead) alive = true;
      this.process(i);
    }
    k.quiet = quiet;
    this.frames();
    this.reports();
    if (!alive && k.procs[0]!.state === ProcState.Dead) this.leaks();
    return this.worst;
  }

  private breaks(which: number, proc = -1, page = -1, pfn = -1): void {
    if (this.worst !== OK && this.worst <= which) return;
    this.worst = which;
    this.proc = proc;
    this.page = page;
    this.pfn = pfn;
  }

  private process(i: number): void {
    const { k } = this;
    const p = k.procs[i]!;
    this.anon = 0;
    this.file = 0;
    let present = 0;
    for (let v = 0; v < k.vmas.length; v++) {
      const vma = k.vmas[v]!;
      if (vma.mm !== i) continue;
      for (let pg = vma.start; pg < vma.end; pg++) {
        const e = walk(k, i, pg);
        if ((k.w[e + 1]! & PTE_PRESENT) === 0) continue;
        if (k.level === Level.Pte) present += 1;
        this.entry(vma, pg, e, k.level);
      }
    }
    if (present !== this.presentPtes(i)) this.breaks(STALE, i);
    if (k.layout.leaves) this.leaves(i);
    const pins = p.o + k.layout.pinsAt;
    for (let j = pins; j < pins + k.layout.caps.pins; j++) {
      const word = k.w[j]!;
      if (word === 0) continue;
      const frame = pinFrame(word);
      if (frame >= 0 && !k.mem.isZeroFrame(frame))
        this.referenced[frame]! += isDmaPin(word) && single(k, frame) ? GUP_PIN_COUNTING_BIAS : 1;
    }
    if (p.rssAnon !== this.anon || p.rssFile !== this.file) this.breaks(RSS, i);
  }

  /** Leaves above the PTE level show what lies under them to addresses without a mapping, too. */
  private leaves(mm: number): void {
    const { k } = this;
    for (let pg = 0; pg < k.layout.caps.arena;) {
      const e = walk(k, mm, pg);
      const span = levelPages(k, k.level);
      if (k.level !== Level.Pte) this.beyond(mm, pg - (pg % span), span, e);
      pg += span;
    }
  }

  /** The pages of a leaf that no mapping of the process has. */
  private beyond(mm: number, first: number, span: number, e: number): void {
    const pfn = entryPfn(this.k, e);
    for (let i = 0; i < span; i++) {
      if (this.isMapped(mm, first + i)) continue;
      this.breaks(STALE, mm, first + i, pfn + i);
      const frame = this.k.mem.frame(pfn + i);
      this.raw(mm, first + i, pfn + i, frame, false);
    }
  }

  private isMapped(mm: number, pg: number): boolean {
    const { vmas } = this.k;
    for (let i = 0; i < vmas.length; i++) {
      const v = vmas[i]!;
      if (v.mm === mm && v.start <= pg && pg < v.end) return true;
    }
    return false;
  }

  private presentPtes(mm: number): number {
    const { k } = this;
    let n = 0;
    const first = pteAt(k, mm, 0) + 1;
    for (let e = first; e < first + 2 * k.layout.caps.arena; e += 2)
      if ((k.w[e]! & PTE_PRESENT) !== 0) n += 1;
    return n;
  }

  /** One present entry, as user space and as the mm see it. */
  private entry(vma: Vma, pg: number, e: number, level: number): void {
    const { k } = this;
    const mm = vma.mm;
    const flags = k.w[e + 1]!;
    const counted = (flags & PTE_GHOST_COUNTED) !== 0;
    const pfn = entryPfn(k, e) + (level === Level.Pte ? 0 : pg % levelPages(k, level));
    const frame = k.mem.frame(pfn);
    const writable = (flags & PTE_WRITE) !== 0;
    if (k.program.vmOps[vma.ops]?.findNormalPage === undefined) {
      const page = vmNormalPageAt(k, vma, pg, e, level);
      if (page >= 0 !== counted || page < -1) this.breaks(CLASS, mm, pg, pfn);
    }
    if (!counted) this.raw(mm, pg, pfn, frame, writable);
    if (frame < 0) {
      if (writable && (vma.flags & VM_SHARED) === 0) this.breaks(PRIVATE, mm, pg, pfn);
      return;
    }
    const page = k.pages[frame]!;
    const anon = (page.flags & PG_ANON) !== 0;
    if (counted) this.count(frame, anon);
    const given = k.mem.isRam[frame] === 1 || k.mem.isZeroFrame(frame) || this.access.reachable[frame] === 1;
    if (counted && !given) this.breaks(RESOURCE, mm, pg, pfn);
    if (writable) this.writes(vma, pg, pfn, frame, counted && anon);
    const type = (flags & PTE_CACHE_MASK) + 1;
    if (this.types[frame] === 0) this.types[frame] = type;
    else if (this.types[frame] !== type) this.breaks(TYPE, mm, pg, pfn);
    if (counted && (page.flags & PG_FREE) !== 0) this.breaks(FREED, mm, pg, pfn);
  }

  private count(frame: number, anon: boolean): void {
    this.counted[frame]! += 1;
    if (anon) this.anon += 1;
    else this.file += 1;
  }

  /** An entry that was not counted: the frame must be one that the driver may show. */
  private raw(mm: number, pg: number, pfn: number, frame: number, writable: boolean): void {
    const { k } = this;
    if (frame >= 0 && k.mem.isRam[frame] === 1) {
      const flags = k.pages[frame]!.flags;
      if ((flags & PG_FREE) !== 0) this.breaks(FREED, mm, pg, pfn);
      else if ((flags & PG_ANON) !== 0) this.breaks(FOREIGN, mm, pg, pfn);
    } else if (frame >= 0 && k.mem.isZeroFrame(frame)) {
      if (writable) this.breaks(RESOURCE, mm, pg, pfn);
    } else if (frame < 0 || this.access.reachable[frame] === 0) this.breaks(RESOURCE, mm, pg, pfn);
  }

  /** An entry through which the hardware writes. */
  private writes(vma: Vma, pg: number, pfn: number, frame: number, own: boolean): void {
    this.writable[frame]! += 1;
    if ((vma.flags & VM_SHARED) === 0) {
      if (!own) this.breaks(PRIVATE, vma.mm, pg, pfn);
    } else if (this.access.readonly[frame] === 1 || !this.mayWrite(vma))
      this.breaks(READ_ONLY, vma.mm, pg, pfn);
  }

  /** Whether the descriptor that a shared mapping was made of was opened for writing. */
  private mayWrite(vma: Vma): boolean {
    return vma.file < 0 || (this.k.files[vma.file]!.mode & FMODE_WRITE) !== 0;
  }

  private frames(): void {
    const { k } = this;
    for (let i = 0; i < k.mem.frames; i++) {
      if (k.mem.hasPage[i] === 0) continue;
      const page = k.pages[i]!;
      const counted = this.counted[i]!;
      if (page.mapcount !== counted) this.breaks(MAPCOUNT, -1, -1, page.pfn);
      const own = k.mem.isRam[i] === 1 ? 0 : 1;
      if (single(k, i) && page.refcount < own + counted + this.referenced[i]!)
        this.breaks(REFCOUNT, -1, -1, page.pfn);
      if (counted > 1 && this.writable[i]! > 0 && (page.flags & PG_ANON) !== 0)
        this.breaks(ISOLATION, -1, -1, page.pfn);
    }
  }

  private reports(): void {
    const { w } = this.k;
    if (w[HEAD.BAD_MAP] !== 0 || w[HEAD.BAD_PAGE] !== 0) this.breaks(REPORT);
    for (let i = HEAD.WARNED; i < HEAD.BAD_MAP; i++) if (w[i] !== 0) this.breaks(WARNING);
  }

  /** All processes are gone. A page that is still held must be one that the driver can name. */
  private leaks(): void {
    const { k } = this;
    for (let i = 0; i < k.mem.frames; i++) {
      if (k.mem.hasPage[i] === 0) continue;
      const page = k.pages[i]!;
      const wrong = k.mem.isRam[i] === 1 ? page.refcount !== 0 && !this.named(i) : page.refcount !== 1;
      if (wrong) this.breaks(LEAK, -1, -1, page.pfn);
    }
  }

  /** Whether the driver's globals or objects point to a page, or hold its number: the question of `mm/kmemleak.c`. */
  private named(frame: number): boolean {
    const { globals, imapLocks, heap } = this.k.layout;
    return this.namedIn(frame, globals, imapLocks) || this.namedIn(frame, heap, this.k.w.length);
  }

  private namedIn(frame: number, from: number, to: number): boolean {
    const { k } = this;
    const pfn = k.mem.pfnOf[frame]!;
    for (let i = from; i < to; i++) {
      const h = k.w[i]!;
      if (h === handle(HandleKind.Page, frame) || h === pfn || h === ((pfn * 4096) | 0)) return true;
      if (h <= 0) continue;
      const kind = handleKind(h);
      if (kind === HandleKind.Kaddr && handleIndex(h) >> 12 === frame) return true;
      if (kind === HandleKind.Vmalloc && this.inArea(handleIndex(h), frame)) return true;
    }
    return false;
  }

  private inArea(area: number, frame: number): boolean {
    const { w } = this.k;
    const pages = vmallocPages(this.k, area);
    for (let i = 0; i < pages; i++) if (w[area + 1 + i] === frame) return true;
    return false;
  }
}

/** Whether a page is no part of a compound page, whose counts are its head's. */
function single(k: Kernel, frame: number): boolean {
  return (k.pages[frame]!.flags & (PG_HEAD | PG_TAIL)) === 0;
}
