/** Evaluates what conditions look at, in a state that it does not change (litmus.md, "Observers"). */
import { HEAD, Freeze, THREAD } from '../kernel/layout.js';
import type { Kernel } from '../kernel/kernel.js';
import { ProcState, ThreadState, UNDEFINED_IDS } from '../kernel/routine.js';
import { ERRNO } from '../kernel/errno.js';
import { KERNEL_FLAGS } from '../kernel/flags.js';
import { cacheMode, MEMORY_TYPES, PTE_PROTNONE, PTE_SPECIAL, PTE_WRITE } from '../kernel/pte.js';
import { UAPI_CONSTANTS } from '../kernel/uapi.js';
import { PG_ANON, type Vma } from '../kernel/world.js';
import { pageOfAddr } from '../kernel/mm/page.js';
import { cellsOf } from '../kernel/mm/page_alloc.js';
import { entryPfn, levelPages, none, present, walk } from '../kernel/mm/pgtable.js';
import { folioWalkStart } from '../kernel/mm/pagewalk.js';
import { NO_MEMMAP, vmNormalPageAt } from '../kernel/mm/memory/classify.js';
import { vmaLookup } from '../kernel/mm/vma.js';
import { apiId } from '../litmus/api/index.js';
import type { ObserverTerm, ProcessPath, Term } from '../litmus/ast.js';
import type { Observable } from '../litmus/observables.js';
import { findObserver } from '../litmus/observers.js';
import type { Variable } from '../litmus/lower/contract.js';
import type { Compiled } from './boot.js';
import { leaked } from './finish.js';
import { mixedTypes } from './memtypes.js';
import {
  arithmetic,
  bit,
  DEAD,
  frameValue,
  integer,
  memtype,
  negated,
  NONE,
  NULL,
  special,
  UNDEF,
  type Value,
} from './value.js';

/** The name under which the lowering knows a global, or a part of one: `dev.slot[2]`. */
export function globalName(path: readonly (string | number)[]): string {
  return path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i === 0 ? p : `.${p}`)).join('');
}

/** Observes one kernel's states. */
export class Observer {
  /** Nobody can move and somebody waits. */
  deadlock = false;
  /** All processes have exited: end observers may look. */
  ended = false;

  constructor(
    readonly c: Compiled,
    readonly k: Kernel,
  ) {}

  /** Value of an observable of the condition, from the world. */
  value(o: Observable): Value {
    const before = this.k.quiet;
    this.k.quiet = true;
    try {
      const v = this.term(o.term);
      if (o.flag === undefined || v.kind !== 'integer') return v;
      return bit((v.n & BigInt(KERNEL_FLAGS[`VM_${o.flag}`]! >>> 0)) !== 0n);
    } finally {
      this.k.quiet = before;
    }
  }

  /** Value of any term; observables are looked up by the caller where they were evaluated before. */
  term(t: Term): Value {
    switch (t.kind) {
      case 'integer':
        return integer(t.value);
      case 'special':
        return special(t.value);
      case 'region':
        return frameValue(this.regionPfn(t.name));
      case 'constant':
        return integer(this.constant(t.name));
      case 'arena':
        return { kind: 'address', n: BigInt(this.k.arenaBase) };
      case 'negate':
      case 'binary':
        return this.combine(t, (x) => this.term(x));
      case 'variable':
        return this.variable(t.process, t.name);
      case 'global':
        return this.global([t.name, ...t.path]);
      case 'attribute':
        return this.attribute(t.process, t.name);
      case 'observer':
        return this.observer(t);
    }
  }

  /** A term with operands: `-x`, `buf + 1`. */
  combine(t: Term & { readonly kind: 'negate' | 'binary' }, operand: (x: Term) => Value): Value {
    if (t.kind === 'binary') return arithmetic(t.op, operand(t.left), operand(t.right));
    return negated(operand(t.arg));
  }

  private regionPfn(name: string): number {
    const resource = this.c.test.memory.resources.find((r) => r.name === name);
    const region = this.c.mem.regions.find((r) => r.name === (resource?.region ?? name))!;
    return region.pfn + (resource?.first ?? 0);
  }

  private constant(name: string): bigint {
    const ptrs = this.k.layout.ptrs;
    const own: Readonly<Record<string, number>> = {
      PAGE_SIZE: 4096,
      PAGE_SHIFT: 12,
      PMD_SIZE: 4096 * ptrs,
      PUD_SIZE: 4096 * ptrs * ptrs,
      PTRS_PER_PTE: ptrs,
      PTRS_PER_PMD: ptrs,
    };
    const n =
      own[name] ??
      (ERRNO as Readonly<Record<string, number>>)[name] ??
      UAPI_CONSTANTS[name] ??
      KERNEL_FLAGS[name];
    if (n === undefined) throw new Error(`no constant ${name}`);
    return BigInt(n);
  }

  /** Slot of a process, or -1 when it never existed. */
  private process(path: ProcessPath): number {
    let slot = this.c.procOf[path.thread]!;
    for (const nth of path.children) {
      const child = this.k.procs.find(
        (p) => p.state !== ProcState.Absent && p.parent === slot && p.nth === nth,
      );
      if (child === undefined) return -1;
      slot = child.slot;
    }
    return slot;
  }

  /** The thread whose variables a process path means, or -1. */
  private threadOf(path: ProcessPath): number {
    if (path.children.length === 0) return path.thread;
    const slot = this.process(path);
    for (let i = 0; slot >= 0 && i < this.k.layout.caps.threads; i++) {
      const t = this.k.thread(i);
      if (this.k.w[t + THREAD.PROC] === slot && this.k.w[t + THREAD.STATE] !== ThreadState.Absent) return i;
    }
    return -1;
  }

  private variable(path: ProcessPath, name: string): Value {
    const thread = this.threadOf(path);
    const v = this.c.lowered.threads[path.thread]!.variables.get(name)!;
    if (thread < 0) return NONE;
    return this.scalar(v, this.k.thread(thread) + THREAD.STACK + 1 + v.word);
  }

  private global(path: readonly (string | number)[]): Value {
    const v = this.c.lowered.globals.get(globalName(path));
    return v === undefined ? NONE : this.scalar(v, this.k.layout.globals + v.word);
  }

  /** Reads a C scalar: sign and width by its type; user pointers keep their -errno. */
  private scalar(v: Variable, at: number): Value {
    const lo = this.k.w[at]!;
    const bits = v.words === 2 ? 64 : 32;
    const raw = v.words === 2 ? (BigInt(this.k.w[at + 1]!) << 32n) | BigInt(lo >>> 0) : BigInt(lo);
    if (v.type.kind === 'pointer') return { kind: 'address', n: pointerValue(raw, bits) };
    if (v.type.kind !== 'int') return integer(raw);
    return integer(v.type.signed ? BigInt.asIntN(v.type.bits, raw) : BigInt.asUintN(v.type.bits, raw));
  }

  private attribute(path: ProcessPath, name: string): Value {
    const slot = this.process(path);
    if (slot < 0 || (this.k.frozen && name !== 'signal')) return NONE;
    const p = this.k.procs[slot]!;
    switch (name) {
      case 'signal':
        return integer(p.signal);
      case 'rss_anon':
        return p.state === ProcState.Dead ? DEAD : integer(p.rssAnon);
      case 'rss_file':
        return p.state === ProcState.Dead ? DEAD : integer(p.rssFile);
      case 'bad_rss_anon':
        return this.ended ? integer(p.rssAnon) : NONE;
      case 'bad_rss_file':
        return this.ended ? integer(p.rssFile) : NONE;
      default:
        return this.ended ? bit(p.rssAnon !== 0 || p.rssFile !== 0) : NONE;
    }
  }

  private observer(t: ObserverTerm): Value {
    const { k } = this;
    if (t.name !== undefined) return this.named(t.observer, t.name);
    if (t.observer === 'deadlock') return bit(this.deadlock);
    if (k.frozen) return NONE;
    if (t.observer === 'mixed_types') return bit(mixedTypes(k));
    if (findObserver(t.observer)!.when === 'end') return this.ended ? this.atEnd(t.observer) : NONE;
    if (t.process === undefined) return this.ofFrame(t.observer, this.term(t.argument!));
    const slot = this.process(t.process);
    if (slot < 0) return NONE;
    if (k.procs[slot]!.state === ProcState.Dead) return DEAD;
    return this.ofAddress(t.observer, slot, this.term(t.argument!));
  }

  /** bug(NAME), warned(NAME), undefined(ID). */
  private named(observer: string, name: string): Value {
    const w = this.k.w;
    if (observer === 'warned') {
      const id = apiId(name);
      return bit(((w[HEAD.WARNED + (id >> 5)]! >> (id & 31)) & 1) !== 0);
    }
    if (observer === 'bug') return bit(w[HEAD.FROZEN] === Freeze.Bug && w[HEAD.FROZEN_ID] === apiId(name));
    return bit(w[HEAD.FROZEN] === Freeze.Undefined && UNDEFINED_IDS[w[HEAD.FROZEN_ID]!] === name);
  }

  private atEnd(observer: string): Value {
    if (observer === 'leaked') return bit(leaked(this.k));
    if (observer === 'bad_rss')
      return integer(this.k.procs.filter((p) => p.rssAnon !== 0 || p.rssFile !== 0).length);
    return integer(this.k.w[observer === 'bad_map' ? HEAD.BAD_MAP : HEAD.BAD_PAGE]!);
  }

  private ofFrame(observer: string, v: Value): Value {
    if (!('n' in v)) return v.kind === 'null' ? NONE : v;
    const frame = this.k.mem.frame(Number(v.n));
    if (frame < 0) return NONE;
    if (observer === 'mem') return this.contents(frame);
    if (this.k.mem.hasPage[frame] === 0) return NONE;
    const page = this.k.pages[frame]!;
    return integer(observer === 'refcount' ? page.refcount : page.mapcount);
  }

  /** Cell 0 of a frame, as the unsigned number of its width. */
  private contents(frame: number): Value {
    const cell = this.k.program.cells.find((c) => c.offset === 0)!;
    const at = cellsOf(this.k, frame) + cell.word;
    const lo = BigInt(this.k.w[at]! >>> 0);
    const raw = cell.bytes === 8 ? (BigInt(this.k.w[at + 1]! >>> 0) << 32n) | lo : lo;
    return integer(BigInt.asUintN(cell.bytes * 8, raw));
  }

  private ofAddress(observer: string, slot: number, v: Value): Value {
    if (!('n' in v)) return NONE;
    const pg = pageOfAddr(this.k, Number(v.n));
    const vma = pg < 0 || pg >= this.k.layout.caps.arena ? undefined : vmaLookup(this.k, slot, pg);
    if (vma === undefined) return NONE;
    if (observer === 'vma_flags') return integer(vma.flags >>> 0);
    if (observer === 'vm_pgoff')
      return frameValue((BigInt(vma.pgoffHi >>> 0) << 32n) | BigInt(vma.pgoffLo >>> 0));
    return this.ofEntry(observer, vma, pg);
  }

  private ofEntry(observer: string, vma: Vma, pg: number): Value {
    const { k } = this;
    const e = walk(k, vma.mm, pg);
    const level = k.level;
    const there = !none(k, e) && present(k, e);
    // The one question that an empty entry answers: no, nothing is there.
    if (observer === 'present') return bit(there);
    if (!there) return NONE;
    const inside = level === 1 ? 0 : pg % levelPages(k, level);
    const flags = k.w[e + 1]!;
    switch (observer) {
      case 'vm_normal_page':
        return this.page(vmNormalPageAt(k, vma, pg, e, level), inside);
      case 'folio_walk':
        return this.page(folioWalkStart(k, vma, pg), 0);
      case 'pfn':
        return frameValue(entryPfn(k, e) + inside);
      case 'special':
        return bit((flags & PTE_SPECIAL) !== 0);
      case 'writable':
        return bit((flags & PTE_WRITE) !== 0 && (flags & PTE_PROTNONE) === 0);
      case 'level':
        return integer(level);
      case 'cache':
        return memtype(MEMORY_TYPES[cacheMode(flags)]!);
      default: {
        const frame = k.mem.frame(entryPfn(k, e) + inside);
        return frame < 0 || k.mem.hasPage[frame] === 0
          ? bit(false)
          : bit((k.pages[frame]!.flags & PG_ANON) !== 0);
      }
    }
  }

  private page(frame: number, inside: number): Value {
    if (frame === NO_MEMMAP) return UNDEF;
    return frame < 0 ? NULL : frameValue(this.k.mem.pfnOf[frame + inside]!);
  }
}

/** A pointer as a number: the last page of the address space holds error values, which are negative. */
function pointerValue(raw: bigint, bits: number): bigint {
  const signed = BigInt.asIntN(bits, raw);
  return signed < 0n && signed >= -4095n ? signed : BigInt.asUintN(bits, raw);
}
