/** What is different between two states of one kernel, in words. */
import { PAGE, PROC } from '../kernel/layout.js';
import type { Kernel } from '../kernel/kernel.js';
import { vmFlagNames } from '../kernel/flags.js';
import { Level, PTE_DIRTY, PTE_PROTNONE, PTE_SPECIAL, PTE_TABLE, PTE_WRITE } from '../kernel/pte.js';
import { signalName } from '../kernel/uapi.js';
import { PG_ANON, PG_EXCLUSIVE, PG_FREE, PG_LAZYFREE, VMA_LINKED, type Vma } from '../kernel/world.js';
import { levelPages } from '../kernel/mm/pgtable.js';

/** The words of a state, to be compared with a later one. */
export type Snapshot = Int32Array;

export function snapshot(k: Kernel): Snapshot {
  return k.w.slice();
}

/** Changes from `before` to the present state, one line each; empty when nothing that has a name changed. */
export function changes(k: Kernel, before: Snapshot): string[] {
  return [
    ...vmaChanges(k, before),
    ...entryChanges(k, before),
    ...frameChanges(k, before),
    ...processChanges(k, before),
  ];
}

/** Frame as a reader knows it: `buf.0`, `pool.3`, or a pfn. */
export function frameName(k: Kernel, pfn: number): string {
  const frame = k.mem.frame(pfn);
  if (frame < 0) return `pfn ${pfn.toString(16)}`;
  const r = k.mem.regionOf[frame]!;
  return r.kind === 'zero' ? 'the zero page' : `${r.name}.${frame - r.index}`;
}

/** Calls `read` with the kernel's words as they were. */
function then<T>(k: Kernel, before: Snapshot, read: () => T): T {
  const now = k.w.slice();
  k.w.set(before);
  const value = read();
  k.w.set(now);
  return value;
}

interface VmaText {
  readonly range: string;
  readonly flags: string;
  readonly pgoff: string;
  readonly linked: boolean;
}

function vmaText(k: Kernel, v: Vma): VmaText | undefined {
  if (v.mm < 0) return undefined;
  return {
    range: `P${v.mm} pages ${v.start}..${v.end - 1}`,
    flags: vmFlagNames(v.flags)
      .map((f) => f.replace('VM_', ''))
      .join('|'),
    pgoff: frameName(k, v.pgoff).replace('pfn ', '0x'),
    linked: v.has(VMA_LINKED),
  };
}

function vmaChanges(k: Kernel, before: Snapshot): string[] {
  const old = then(k, before, () => k.vmas.map((v) => vmaText(k, v)));
  return k.vmas.flatMap((v, i) => {
    const [a, b] = [old[i], vmaText(k, v)];
    if (a === undefined && b === undefined) return [];
    if (a === undefined) return [`new VMA, ${b!.range}: ${b!.flags}, pgoff ${b!.pgoff}`];
    if (b === undefined) return [`VMA gone, ${a.range}`];
    const lines: string[] = [];
    if (a.range !== b.range) lines.push(`VMA ${a.range} -> ${b.range}`);
    if (a.flags !== b.flags) lines.push(`VMA ${b.range}: flags ${a.flags} -> ${b.flags}`);
    if (a.pgoff !== b.pgoff) lines.push(`VMA ${b.range}: pgoff ${a.pgoff} -> ${b.pgoff}`);
    if (a.linked !== b.linked)
      lines.push(`VMA ${b.range}: ${b.linked ? 'linked, others can find it' : 'taken out of the tree'}`);
    return lines;
  });
}

function entryText(k: Kernel, lo: number, hi: number): string {
  if (lo === 0 && hi === 0) return 'none';
  if ((hi & PTE_TABLE) !== 0) return 'a table';
  const bits = [
    (hi & PTE_WRITE) !== 0 ? 'writable' : 'read-only',
    ...((hi & PTE_SPECIAL) !== 0 ? ['special'] : []),
    ...((hi & PTE_DIRTY) !== 0 ? ['dirty'] : []),
    ...((hi & PTE_PROTNONE) !== 0 ? ['no access'] : []),
  ];
  return `${frameName(k, (lo >>> 0) + (hi >>> 16) * 2 ** 32)} (${bits.join(', ')})`;
}

function entryChanges(k: Kernel, before: Snapshot): string[] {
  const { layout: l, w } = k;
  const lines: string[] = [];
  const levels = [
    [Level.Pte, l.pteAt, l.pmdAt, 'pte'],
    [Level.Pmd, l.pmdAt, l.pudAt, 'pmd'],
    [Level.Pud, l.pudAt, l.procWords, 'pud'],
  ] as const;
  for (const p of k.procs) {
    for (const [level, from, to, name] of levels) {
      for (let at = p.o + from; at < p.o + to; at += 2) {
        if (w[at] === before[at] && w[at + 1] === before[at + 1]) continue;
        const pg = ((at - p.o - from) / 2) * levelPages(k, level);
        lines.push(
          `P${p.slot} ${name} of page ${pg}: ${entryText(k, before[at]!, before[at + 1]!)} -> ${entryText(k, w[at]!, w[at + 1]!)}`,
        );
      }
    }
  }
  return lines;
}

function frameChanges(k: Kernel, before: Snapshot): string[] {
  const { w, layout: l } = k;
  return k.pages.flatMap((page) => {
    const old = (i: number): number => before[page.o + i]!;
    const parts: string[] = [];
    const isFree = (page.flags & PG_FREE) !== 0;
    if (isFree !== ((old(PAGE.FLAGS) & PG_FREE) !== 0)) parts.push(isFree ? 'freed' : 'allocated');
    if (page.refcount !== old(PAGE.REFCOUNT))
      parts.push(`refcount ${old(PAGE.REFCOUNT)} -> ${page.refcount}`);
    if (page.mapcount !== old(PAGE.MAPCOUNT))
      parts.push(`mapcount ${old(PAGE.MAPCOUNT)} -> ${page.mapcount}`);
    if (!isFree && (page.flags & PG_ANON) > (old(PAGE.FLAGS) & PG_ANON)) parts.push('anonymous');
    if ((page.flags & PG_EXCLUSIVE) < (old(PAGE.FLAGS) & PG_EXCLUSIVE) && !isFree)
      parts.push('no longer exclusive');
    if (!isFree && ((page.flags ^ old(PAGE.FLAGS)) & PG_LAZYFREE) !== 0)
      parts.push((page.flags & PG_LAZYFREE) !== 0 ? 'in a batch (MADV_FREE)' : 'out of its batch');
    for (let i = PAGE.CELLS; i < l.frameWords; i++) {
      if (w[page.o + i] !== old(i)) parts.push(`contents ${old(i)} -> ${w[page.o + i]}`);
    }
    return parts.length === 0 ? [] : [`frame ${frameName(k, page.pfn)}: ${parts.join(', ')}`];
  });
}

function processChanges(k: Kernel, before: Snapshot): string[] {
  const names = ['', 'running', 'exiting', 'dead'];
  return k.procs.flatMap((p) => {
    const old = (i: number): number => before[p.o + i]!;
    const lines: string[] = [];
    if (p.state !== old(PROC.STATE))
      lines.push(`P${p.slot} ${old(PROC.STATE) === 0 ? 'created' : (names[p.state] ?? 'gone')}`);
    if (p.rssAnon !== old(PROC.RSS_ANON))
      lines.push(`P${p.slot} anon RSS ${old(PROC.RSS_ANON)} -> ${p.rssAnon}`);
    if (p.rssFile !== old(PROC.RSS_FILE))
      lines.push(`P${p.slot} file RSS ${old(PROC.RSS_FILE)} -> ${p.rssFile}`);
    if (p.signal !== old(PROC.SIGNAL) && p.signal !== 0)
      lines.push(`P${p.slot} gets ${signalName(p.signal)}`);
    return lines;
  });
}
