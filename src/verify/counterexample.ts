/** A path to a broken invariant as a litmus test: its operations as threads, and the broken state as the condition. */
import type { InvariantId } from '../contract/invariants/list.js';
import { DiagnosticSink } from '../c/diagnostics.js';
import { errnoName, isErrno } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { HEAD, THREAD } from '../kernel/layout.js';
import { vmNormalPageAt } from '../kernel/mm/memory/classify.js';
import { entryPfn, levelPages, walk } from '../kernel/mm/pgtable.js';
import { PTE_GHOST_COUNTED, PTE_PRESENT, PTE_WRITE } from '../kernel/pte.js';
import { ProcState, UNDEFINED_IDS } from '../kernel/routine.js';
import { PG_ANON } from '../kernel/world.js';
import { cut } from '../litmus/scan.js';
import type { Compiled } from '../run/boot.js';
import type { Broken } from './broken.js';
import { Kind } from './operations.js';
import type { Subject } from './subject.js';
import { fdText, statement, type Deed } from './text.js';
import { addressText, framesText } from './units.js';

/** Filled in where a counterexample is written down: {@link litmusText}. */
export const NAME = '@NAME@';
export const RESULT = '@RESULT@';
export const ONLY = '@ONLY@';

/**
 * @param k in the broken state
 * @returns undefined where no observer of the language shows it
 */
export function counterexample(
  subject: Subject,
  k: Kernel,
  broken: Broken,
  deeds: readonly Deed[],
  invariant: InvariantId,
): string | undefined {
  const { compiled: c } = subject;
  const last = deeds.at(-1);
  const condition = new Conditions(k, c, broken, last).of(invariant);
  if (condition === undefined) return undefined;
  const { text } = c.test.source;
  const threads = c.lowered.threads
    .map((_, i) => i)
    .filter((i) => i === 0 || deeds.some((d) => d.thread === i));
  const { driver } = cut(c.test.source, new DiagnosticSink(c.test.source));
  return [
    `C ${NAME}`,
    '(*',
    ` * Result: ${RESULT}`,
    ` * Only: ${ONLY}`,
    ' *',
    ` * Found by pfnmap verify in the driver of ${c.test.name}.`,
    ' *)',
    memoryText(c, threads),
    text.slice(driver.start, driver.end).trim(),
    ...threads.map((thread) =>
      program(c, deeds, thread, threads.length > 1, asksLast(invariant, last) ? last : undefined),
    ),
    `exists (${condition})`,
    '',
  ].join('\n');
}

/** The text of a test that {@link counterexample} gave. */
export function litmusText(template: string, name: string, only: string, result: string): string {
  return template
    .replace(NAME, () => name)
    .replace(ONLY, () => only)
    .replace(RESULT, () => result);
}

/** The memory block of the test; those of the threads that did something are one process. */
function memoryText({ test }: Compiled, threads: readonly number[]): string {
  const { start, end } = test.memory.span;
  const block = test.source.text
    .slice(start, end)
    .replace(/^[ \t]*threads\b[^;]*;[ \t]*\n|threads\b[^;]*;/gm, '');
  if (threads.length === 1) return block;
  return block.replace(/\s*\}$/, `\n  threads ${threads.map((i) => `P${i}`).join(' ')};\n}`);
}

/** Whether it is the result of the last call that shows what is wrong: a mapping refused that was promised. */
function asksLast(invariant: InvariantId, last: Deed | undefined): boolean {
  return invariant === 'served' && last !== undefined && isRefused(last);
}

function isRefused({ result = 0 }: Deed): boolean {
  return isErrno(result);
}

/**
 * A thread of the first process and, inside its forks, its children.
 * @param joined whether others use its descriptors: their numbers are known
 * @param asked the call whose result the condition asks for
 */
function program(
  c: Compiled,
  deeds: readonly Deed[],
  thread: number,
  joined: boolean,
  asked: Deed | undefined,
): string {
  const fds = [...new Set(deeds.filter((d) => d.operation.kind === Kind.Open).map((d) => d.result ?? 3))];
  const loads = deeds.some((d) => d.operation.kind === Kind.Load);
  const lines = [
    `P${thread}()`,
    '{',
    '        char *p = arena;',
    ...fds.map((fd) => `        int ${fdText(fd)}${joined ? ` = ${fd}` : ''};`),
    ...(loads ? ['        char r;'] : []),
    ...(asked === undefined ? [] : ['        char *m;']),
    '',
    ...block(c, deeds, thread, 1, asked),
    '}',
  ];
  return lines.join('\n');
}

/** What one thread does, children where they are forked. A child's slot is the next after those that exist. */
function block(
  c: Compiled,
  deeds: readonly Deed[],
  thread: number,
  depth: number,
  asked: Deed | undefined,
): string[] {
  const indent = '        '.repeat(depth);
  return deeds
    .filter((d) => d.thread === thread)
    .flatMap((d) => {
      if (d.operation.kind !== Kind.Fork) return [`${indent}${d === asked ? 'm = ' : ''}${statement(c, d)};`];
      const child = childOf(c, deeds, d);
      const body = block(c, deeds, child, depth + 1, asked);
      const inner = '        '.repeat(depth + 1);
      if (body.length === 0) return [`${indent}if (fork() == 0)`, `${inner}return;`];
      return [`${indent}if (fork() == 0) {`, ...body, `${inner}return;`, `${indent}}`];
    });
}

/** Threads are numbered as forks succeed, whoever forks. */
function childOf(c: Compiled, deeds: readonly Deed[], fork: Deed): number {
  const { length } = c.lowered.threads;
  return length + deeds.filter((d) => d.operation.kind === Kind.Fork && (d.result ?? -1) >= 0).indexOf(fork);
}

/** States as propositions: the values of observers that show what is wrong. */
class Conditions {
  constructor(
    private readonly k: Kernel,
    private readonly c: Compiled,
    private readonly broken: Broken,
    private readonly last: Deed | undefined,
  ) {}

  of(invariant: InvariantId): string | undefined {
    const { k, broken } = this;
    const { proc, page, pfn } = broken;
    const id = k.w[HEAD.FROZEN_ID]!;
    switch (invariant) {
      case 'no-bug':
        return `bug(${k.program.apiNames[id]!})`;
      case 'no-undefined':
        return `undefined(${UNDEFINED_IDS[id]!})`;
      case 'not-freed':
        return `${this.maps(proc, page, pfn)} /\\ refcount(${this.frame(pfn)}) = 0`;
      case 'resource':
        return this.maps(proc, page, pfn);
      case 'not-foreign':
        return `${this.maps(proc, page, pfn)} /\\ ${this.classed(proc, page, pfn)}`;
      case 'class':
        return `${this.maps(proc, page, pfn)} /\\ ${this.classed(proc, page, pfn)}`;
      case 'private-write':
      case 'read-only':
        return `${this.maps(proc, page, pfn)} /\\ ${this.member(proc)}writable(${addressText(this.c, page)}) = 1`;
      case 'isolation':
        return this.shared(pfn);
      case 'mapcount':
        return `mapcount(${this.frame(pfn)}) = ${this.pageOf(pfn).mapcount}`;
      case 'stale':
        return this.leafBeyond();
      case 'refcount':
        return `refcount(${this.frame(pfn)}) = ${this.pageOf(pfn).refcount}`;
      case 'rss':
        return 'bad_rss() != 0';
      case 'revoked':
        return this.anyRaw();
      case 'memory-type':
        return 'mixed_types()';
      case 'notified':
        return this.unasked();
      case 'served':
        return this.unserved();
      case 'no-report':
        return 'bad_map() != 0 \\/ bad_page() != 0';
      case 'no-warning':
        return this.warned();
      case 'no-deadlock':
        return 'deadlock()';
      case 'no-leak':
        return 'leaked()';
      default:
        return undefined;
    }
  }

  /** `0`, `0:c1`. */
  private path(proc: number): string {
    const p = this.k.procs[proc]!;
    if (p.parent < 0) return String(proc);
    const above = this.path(p.parent);
    return above.includes(':') ? `${above}.c${p.nth}` : `${above}:c${p.nth}`;
  }

  /** What stands before an observer of a process: `0:`, `0:c1.`. */
  private member(proc: number): string {
    const path = this.path(proc);
    return path + (path.includes(':') ? '.' : ':');
  }

  private frame(pfn: number): string {
    const frame = this.k.mem.frame(pfn);
    if (frame < 0) return this.behind(pfn) ?? `0x${pfn.toString(16)}`;
    const r = this.c.mem.regionOf[frame]!;
    if (r.kind === 'zero') return `0x${pfn.toString(16)}`;
    return frame === r.index ? r.name : `${r.name} + ${framesText(this.c, r.pages, frame - r.index)}`;
  }

  /** A frame a little behind a region: its number is another one on another machine. */
  private behind(pfn: number): string | undefined {
    const region = this.c.mem.regions.find(
      (r) => r.kind !== 'zero' && pfn >= r.pfn + r.pages && pfn <= r.pfn + 2 * r.pages,
    );
    return region && `${region.name} + ${framesText(this.c, region.pages, pfn - region.pfn)}`;
  }

  private pageOf(pfn: number): { readonly refcount: number; readonly mapcount: number } {
    return this.k.pages[this.k.mem.frame(pfn)]!;
  }

  private maps(proc: number, page: number, pfn: number): string {
    return `${this.member(proc)}pfn(${addressText(this.c, page)}) = ${this.frame(pfn)}`;
  }

  /** What the mm takes an entry for, and what its frame says. */
  private classed(proc: number, page: number, pfn: number): string {
    const { k } = this;
    const e = walk(k, proc, page);
    const vma = k.vmas.find((v) => v.mm === proc && page >= v.start && page < v.end)!;
    k.quiet = true;
    const normal = vmNormalPageAt(k, vma, page, e, k.level);
    k.quiet = false;
    const at = `${this.member(proc)}vm_normal_page(${addressText(this.c, page)})`;
    const parts = [`${at} ${normal >= 0 ? '!=' : '='} NULL`];
    const frame = k.mem.frame(pfn);
    if (frame >= 0 && k.mem.hasPage[frame] === 1) {
      parts.push(
        `${this.member(proc)}is_anon(${addressText(this.c, page)}) = ${k.pages[frame]!.flags & PG_ANON}`,
      );
      parts.push(`mapcount(${this.frame(pfn)}) = ${k.pages[frame]!.mapcount}`);
    }
    return parts.join(' /\\ ');
  }

  /** Every entry that leads to a frame. */
  private shared(pfn: number): string {
    const parts: string[] = [];
    this.entries((proc, page, e) => {
      if (entryPfn(this.k, e) !== pfn) return;
      parts.push(this.maps(proc, page, pfn));
      if ((this.k.w[e + 1]! & PTE_WRITE) !== 0)
        parts.push(`${this.member(proc)}writable(${addressText(this.c, page)}) = 1`);
    });
    return parts.join(' /\\ ');
  }

  private anyRaw(): string | undefined {
    let found: string | undefined;
    this.entries((proc, page, e, level) => {
      if ((this.k.w[e + 1]! & PTE_GHOST_COUNTED) === 0)
        found ??= this.maps(proc, page, entryPfn(this.k, e) + (page % levelPages(this.k, level)));
    });
    return found;
  }

  /** A leaf that goes beyond its mapping: it is there, as its level says, and the mapping is shorter. */
  private leafBeyond(): string | undefined {
    const { k, broken } = this;
    const { proc, page } = broken;
    if (page < 0) return undefined;
    walk(k, proc, page);
    const { level } = k;
    const first = page - (page % levelPages(k, level));
    const vma = k.vmas.find((v) => v.mm === proc && v.start <= page && v.end > first);
    const at = vma && addressText(this.c, Math.max(first, vma.start));
    return at && `${this.member(proc)}level(${at}) = ${level}`;
  }

  /** What the last mmap() has mapped, or the last load faulted in, can be written. */
  private unasked(): string | undefined {
    return this.ofLast((e) => (this.k.w[e + 1]! & PTE_WRITE) !== 0, 'writable', 1);
  }

  /** The last mmap() was refused, or has left a hole. */
  private unserved(): string | undefined {
    const { k, last } = this;
    if (last === undefined) return undefined;
    if (!isRefused(last)) return this.ofLast((e) => (k.w[e + 1]! & PTE_PRESENT) === 0, 'present', 0);
    const name = errnoName(-last.result!);
    return `${this.member(this.procOf(last))}m = ${name === undefined ? last.result : `-${name}`}`;
  }

  /** What an observer says of the first page of the last operation whose entry is such a one. */
  private ofLast(is: (e: number) => boolean, observer: string, value: number): string | undefined {
    const { k, last } = this;
    if (last === undefined) return undefined;
    const { kind, a, b } = last.operation;
    if (kind !== Kind.Mmap && kind !== Kind.Load) return undefined;
    const [first, pages] = kind === Kind.Mmap ? [last.place, b] : [a, 1];
    const proc = this.procOf(last);
    for (let pg = first; pg < first + pages; pg++)
      if (is(walk(k, proc, pg)))
        return `${this.member(proc)}${observer}(${addressText(this.c, pg)}) = ${value}`;
    return undefined;
  }

  private procOf({ thread }: Deed): number {
    return this.k.w[this.k.thread(thread) + THREAD.PROC]!;
  }

  private entries(see: (proc: number, page: number, e: number, level: number) => void): void {
    const { k } = this;
    for (const p of k.procs) {
      if (p.state === ProcState.Absent || p.state === ProcState.Dead) continue;
      for (let pg = 0; pg < k.layout.caps.arena; pg++) {
        const e = walk(k, p.slot, pg);
        if ((k.w[e + 1]! & PTE_PRESENT) !== 0) see(p.slot, pg, e, k.level);
      }
    }
  }

  private warned(): string | undefined {
    for (let i = 0; i < 256; i++) {
      if ((this.k.w[HEAD.WARNED + (i >> 5)]! & (1 << (i & 31))) !== 0)
        return `warned(${this.k.program.apiNames[i]!})`;
    }
    return undefined;
  }
}
