/** Monitors: which rules of the contract a step has broken. They look at what is new in a state, and at what the driver called. */
import type { Access } from '../contract/invariants/check.js';
import { INVARIANTS, type InvariantId } from '../contract/invariants/list.js';
import type { Party, RuleId } from '../contract/index.js';
import {
  VM_DONTEXPAND,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_SHARED,
} from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { Freeze, HEAD, PAGE, VMA } from '../kernel/layout.js';
import { isLinear } from '../kernel/mm/memory/classify.js';
import { levelPages } from '../kernel/mm/pgtable.js';
import { Level, PTE_SPECIAL, PTE_TABLE, PTE_WRITE } from '../kernel/pte.js';
import { UNDEFINED_IDS } from '../kernel/routine.js';
import { FMODE_WRITE, OPS_NULL, PG_ANON, PG_FREE, type Page, type Vma } from '../kernel/world.js';
import { DRIVER_FUNCTIONS } from '../litmus/api/index.js';
import { frameName } from '../run/changes.js';
import { Kind } from './operations.js';
import { EDITS, entriesOf, INSERTS, INSERTS_PAGES, REMAPS, tailPage, type MappedEntry } from './watched.js';

export interface Breach {
  /** Absent where it is a mistake of C or bookkeeping that the contract need not speak of. */
  readonly rule?: RuleId;
  readonly by: Party;
  readonly how: string;
}

/** What a step did besides changing the state. */
export interface Deeds {
  /** The words before it. */
  readonly before: Int32Array;
  /** Kernel functions that the driver called, in order. */
  readonly calls: readonly string[];
  /** The operation under way; absent in module_init. */
  readonly kind?: Kind | undefined;
}

/** The rule that keeps undefined behaviour away, where the contract has one. */
const RULE_OF_UNDEFINED: Readonly<Record<string, RuleId>> = {
  pfn_to_page: 'F-41',
  A7_F2: 'F-43',
  unaligned_leaf: 'F-14',
};

/** D.1, H-4: VM_MIXEDMAP alone stops nobody who takes a leaf for pages. */
const LOOSE =
  'it puts a leaf of raw frames into a mapping without VM_PFNMAP, where GUP takes it for pages, and without a special bit the mm, too';
const LOOSENED: ReadonlySet<string> = new Set<InvariantId>(['no-undefined', 'class', 'refcount']);
const UNALIGNED = 'a leaf is put in whose frame is not aligned like the leaf';
const NO_STRUCT_PAGE = 'a frame without a struct page is taken for one that has one';

const FREES = /^(__free_pages?|free_pages?|put_page|vfree|dma_free_coherent)$/;

/** What is broken in the present state, as far as it can be watched. */
export function breaches(k: Kernel, access: Access, deeds: Deeds): Breach[] {
  if (k.w[HEAD.FROZEN] !== Freeze.None) return stopped(k);
  const vmas = k.vmas.filter((v) => v.mm >= 0);
  return [
    ...vmas.flatMap((v) => [
      ...ofVma(k, v, deeds),
      ...ofCopy(k, v, deeds),
      ...ofEntries(k, v, access, deeds),
    ]),
    ...edits(deeds),
    ...overfreed(k, deeds),
    ...undone(k, deeds),
  ];
}

/** Rules about being prepared: broken, they harm only what comes of it. */
const PREPARES: ReadonlySet<string> = new Set<RuleId>(['F-4', 'F-22']);

/**
 * Of what was broken on the way, in order, what a broken invariant is due to: the first rule that keeps it, or the first mistake of all.
 */
export function cause<T extends Breach>(all: readonly T[], invariant: InvariantId): T | undefined {
  const guards: readonly string[] = INVARIANTS.find(({ id }) => id === invariant)!.guards;
  return (
    all.find(({ rule }) => rule !== undefined && guards.includes(rule)) ??
    all.find(({ rule }) => rule === undefined || !PREPARES.has(rule))
  );
}

/** What copies a mapping, or a part of it. */
const COPIES: ReadonlySet<Kind> = new Set([
  Kind.Fork,
  Kind.Munmap,
  Kind.Mprotect,
  Kind.Madvise,
  Kind.Move,
  Kind.Grow,
]);

/** A mapping is copied, and its driver, which hears of the end of each, hears nothing of the copy. */
function ofCopy(k: Kernel, v: Vma, { before, kind }: Deeds): Breach[] {
  if (kind === undefined || !COPIES.has(kind) || v.file < 0 || before[v.o + VMA.MM] !== 0) return [];
  const ops = k.program.vmOps[v.ops];
  if (ops?.close === undefined || ops.open !== undefined) return [];
  return [
    { rule: 'F-22', by: 'driver', how: 'a mapping is copied, and its vm_ops have ->close and no ->open' },
  ];
}

/** Operations in which the driver is asked with mmap_lock held for reading, or without it. */
const SHARES: ReadonlySet<Kind> = new Set([
  Kind.Load,
  Kind.Store,
  Kind.Gup,
  Kind.GupFast,
  Kind.ProcmemWrite,
  Kind.Ioctl,
]);

/** The driver edits a mapping that others may read meanwhile. */
function edits({ calls, kind }: Deeds): Breach[] {
  const call = calls.find((one) => EDITS.test(one));
  if (call === undefined || kind === undefined || !SHARES.has(kind)) return [];
  return [{ rule: 'F-4', by: 'driver', how: `${call}() edits a mapping without mmap_lock held for writing` }];
}

const ALLOCATES = /^(alloc_pages?|get_zeroed_page|__get_free_pages?|vmalloc\w*|vzalloc|dma_alloc\w*)$/;

/** A mmap_prepare hook takes a page for a mapping that then fails: nobody tells the driver. */
function undone(k: Kernel, { before, calls }: Deeds): Breach[] {
  if (!calls.some((one) => one.startsWith('mmap_action_')) || !calls.some((one) => ALLOCATES.test(one)))
    return [];
  if (k.vmas.some((v) => v.mm >= 0 && before[v.o + VMA.MM] === 0)) return [];
  const taken = k.pages.filter(
    (page) => (before[page.o + PAGE.FLAGS]! & PG_FREE) !== 0 && (page.flags & PG_FREE) === 0,
  );
  return taken.map((page) => ({
    rule: 'F-23',
    by: 'driver',
    how: `its mmap_prepare hook takes ${frameName(k, page.pfn)}, and mmap() fails afterwards`,
  }));
}

/** The last step on the way. */
export interface LastStep {
  /** Kernel functions that the driver called. */
  readonly calls: readonly string[];
  /** Whether it asked for a private mapping. */
  readonly isPrivate: boolean;
  /** Whether its mmap() failed. */
  readonly refused: boolean;
}

/** Whose mistake a broken invariant is when no rule was broken on the way; undefined if the contract should have had one. */
export function mistake(k: Kernel, invariant: InvariantId, pfn: number, last: LastStep): Breach | undefined {
  if (invariant === 'served') return unserved(k, last);
  if (invariant === 'revoked')
    return { rule: 'F-21', by: 'driver', how: 'its revocation does not find every mapping' };
  if (invariant === 'notified')
    return {
      rule: 'F-20',
      by: 'driver',
      how: 'it fills a mapping, writable, whose first writes it wants to hear of',
    };
  if (invariant === 'read-only')
    return {
      rule: 'F-16',
      by: 'driver',
      how: `${frameName(k, pfn)} can be written through a shared mapping`,
    };
  if (invariant === 'no-warning') {
    const name = warnedIn(k);
    if (name !== undefined && !Object.hasOwn(DRIVER_FUNCTIONS, name))
      return { by: 'core', how: `it warns in ${name}(), where the driver has called nothing that warns` };
  }
  if (invariant === 'memory-type')
    return { by: 'driver', how: `it maps ${frameName(k, pfn)} with two memory types` };
  if (LOOSENED.has(invariant) && hasLooseLeaf(k)) return { by: 'driver', how: LOOSE };
  const hooked = k.program.vmOps.some((ops) => ops?.findNormalPage !== undefined);
  if (hooked && ['mapcount', 'refcount', 'rss'].includes(invariant))
    return {
      by: 'driver',
      how: 'its find_normal_page() names a page for an entry that goes, and was not counted',
    };
  if (invariant === 'no-undefined') return { by: 'driver', how: 'it follows a pointer to where nothing is' };
  if (invariant === 'no-deadlock')
    return { by: 'driver', how: 'its locks are taken in an order that lets all wait' };
  if (invariant !== 'no-leak' || pfn < 0) return undefined;
  const page = k.pages[k.mem.frame(pfn)]!;
  if ((page.flags & PG_ANON) !== 0 || page.mapcount !== 0) return undefined;
  return { by: 'driver', how: `it holds ${frameName(k, pfn)} and has nothing left that names it` };
}

function hasLooseLeaf(k: Kernel): boolean {
  return k.vmas.some((v) => {
    if (v.mm < 0 || (v.flags & VM_PFNMAP) !== 0) return false;
    return [...entriesOf(k, v)].some(({ level, raw }) => raw && level !== Level.Pte);
  });
}

/** The call in which the kernel has warned: the driver's, or a program's. */
function warnedIn(k: Kernel): string | undefined {
  return k.program.apiNames.find((_, i) => (k.w[HEAD.WARNED + (i >> 5)]! & (1 << (i & 31))) !== 0);
}

/** Why a mapping that the driver has promised is refused. */
function unserved(k: Kernel, { calls, isPrivate, refused }: LastStep): Breach {
  if (isPrivate && calls.some((one) => REMAPS.test(one)))
    return { rule: 'F-2', by: 'driver', how: 'it remaps a private mapping in parts' };
  const tail = tailPage(k);
  if (tail !== undefined && calls.some((one) => INSERTS_PAGES.test(one)))
    return {
      rule: 'F-12',
      by: 'driver',
      how: `${frameName(k, tail.pfn)} is part of a block and has no reference`,
    };
  return {
    by: 'driver',
    how: refused ? 'it refuses a mapping that it has promised' : 'it gives a mapping with a hole',
  };
}

/** The driver gives back a reference that it does not have. */
function overfreed(k: Kernel, { before, calls }: Deeds): Breach[] {
  const call = calls.find((one) => FREES.test(one));
  if (call === undefined) return [];
  return k.pages
    .filter((page) => page.refcount < 0 && before[page.o + PAGE.REFCOUNT]! >= 0)
    .map((page) => ({ by: 'driver', how: `${call}() gives back ${frameName(k, page.pfn)} once too often` }));
}

/** The call that stopped the kernel tells the rule. */
function stopped(k: Kernel): Breach[] {
  const id = k.w[HEAD.FROZEN_ID]!;
  if (k.w[HEAD.FROZEN] === Freeze.Undefined) {
    const name = UNDEFINED_IDS[id];
    const rule = name === 'A7_F2' && k.facts.pteSpecial ? undefined : RULE_OF_UNDEFINED[name!];
    return rule === undefined
      ? []
      : [{ rule, by: 'driver', how: name === 'unaligned_leaf' ? UNALIGNED : NO_STRUCT_PAGE }];
  }
  const name = k.program.apiNames[id]!;
  const rule = ruleOfBug(k, name);
  return rule === undefined ? [] : [{ rule, by: 'driver', how: `the call of ${name}() is a BUG` }];
}

function ruleOfBug(k: Kernel, name: string): RuleId | undefined {
  if (name.includes('remap_pfn_range')) return 'F-3';
  if (name.startsWith('vmf_insert_pfn_p') && !name.endsWith('prot')) return 'F-14';
  if (name.startsWith('vmf_insert_pfn')) return 'F-5';
  if (name.startsWith('vmf_insert_mixed')) return 'F-6';
  if (INSERTS.test(name)) return k.vmas.some((v) => v.mm >= 0 && (v.flags & VM_PFNMAP) !== 0) ? 'F-7' : 'F-8';
  return undefined;
}

function ofVma(k: Kernel, v: Vma, { before }: Deeds): Breach[] {
  const found: Breach[] = [];
  const driver = (rule: RuleId, how: string): void => void found.push({ rule, by: 'driver', how });
  const file = v.file < 0 ? undefined : k.files[v.file];
  if (file !== undefined && v.ops === OPS_NULL) driver('F-18', 'vm_ops of a file mapping is NULL');
  const writable = file === undefined || (file.mode & FMODE_WRITE) !== 0;
  if (!writable && (v.flags & VM_MAYSHARE) !== 0 && (v.flags & VM_MAYWRITE) !== 0)
    driver('F-17', 'VM_MAYWRITE is set on a mapping of a descriptor that was opened for reading');
  if (!k.facts.pteSpecial && v.cow && (v.flags & VM_PFNMAP) !== 0) {
    for (let i = 0; i < v.pages; i++) {
      const frame = k.mem.frame(v.pgoff + i);
      if (frame < 0 || k.mem.isRam[frame] === 0 || !isFree(k, frame)) continue;
      driver(
        'F-1b',
        `${frameName(k, k.pages[frame]!.pfn)} is free while the window of a private mapping names it`,
      );
    }
  }
  const grown = before[v.o + VMA.MM] === v.mm + 1 && before[v.o + VMA.RANGE]! >>> 16 < v.end;
  const samePlace = (before[v.o + VMA.RANGE]! & 0xffff) === v.start;
  if (grown && samePlace && (v.flags & (VM_PFNMAP | VM_DONTEXPAND)) !== 0)
    found.push({ rule: 'F-28', by: 'core', how: 'a mapping that must not grow has grown' });
  if (
    (grown || isLonger(k, v, before)) &&
    (v.flags & VM_MIXEDMAP) !== 0 &&
    (v.flags & (VM_PFNMAP | VM_DONTEXPAND)) === 0
  )
    driver('F-19', 'a mapping of pages and frames has grown: VM_DONTEXPAND is not set');
  return found;
}

/** Whether a VMA is new and longer than one that has gone: a move that grew. */
function isLonger(k: Kernel, v: Vma, before: Int32Array): boolean {
  if (before[v.o + VMA.MM] !== 0) return false;
  return k.vmas.some((old) => {
    const range = before[old.o + VMA.RANGE]!;
    return old.mm < 0 && before[old.o + VMA.MM] === v.mm + 1 && (range >>> 16) - (range & 0xffff) < v.pages;
  });
}

function ofEntries(k: Kernel, v: Vma, access: Access, deeds: Deeds): Breach[] {
  const found: Breach[] = [];
  for (const entry of entriesOf(k, v)) {
    const { frame, raw } = entry;
    if (entry.level !== Level.Pte) found.push(...ofLeaf(k, entry, deeds));
    if (raw) found.push(...ofRaw(k, entry, access, deeds));
    else if ((v.flags & VM_PFNMAP) !== 0 && frame >= 0 && (k.pages[frame]!.flags & PG_ANON) === 0)
      found.push({ rule: 'F-10', by: 'driver', how: `a page is mapped, counted, in a VM_PFNMAP mapping` });
    else if (frame >= 0 && isUnreferenced(k.pages[frame]!, deeds.before))
      found.push({
        rule: 'F-11',
        by: 'driver',
        how: `${frameName(k, k.pages[frame]!.pfn)} comes into a mapping without a reference for it`,
      });
  }
  return found;
}

/** Whether a page has got an entry more, and no reference with it. */
function isUnreferenced(page: Page, before: Int32Array): boolean {
  const { flags, mapcount, refcount, o } = page;
  if ((flags & PG_ANON) !== 0) return false;
  return mapcount > before[o + PAGE.MAPCOUNT]! && refcount <= before[o + PAGE.REFCOUNT]!;
}

/** A leaf that its mapping does not hold: the driver's mistake if it has just come in. */
function ofLeaf(k: Kernel, { vma: v, pg, e, level }: MappedEntry, { before }: Deeds): Breach[] {
  const pages = levelPages(k, level);
  const first = pg - (pg % pages);
  if (before[e + 1] !== 0 && (before[e + 1]! & PTE_TABLE) === 0) return [];
  if (first >= v.start && first + pages <= v.end) return [];
  const how = `a leaf of ${pages} pages is put into a mapping that does not cover it`;
  return [{ rule: 'F-14', by: 'driver', how }];
}

function ofRaw(
  k: Kernel,
  { vma: v, pg, e, pfn, flags, frame }: MappedEntry,
  access: Access,
  deeds: Deeds,
): Breach[] {
  const found: Breach[] = [];
  const name = frameName(k, pfn);
  if (frame >= 0 && k.mem.isRam[frame] === 1) {
    const page = k.pages[frame]!;
    if ((page.flags & PG_FREE) !== 0) found.push(freed(e, page.o, name, deeds));
    else if ((page.flags & PG_ANON) !== 0)
      found.push({ rule: 'F-1a', by: 'driver', how: `${name} is mapped raw and is a private page` });
  }
  if (frame >= 0 && k.mem.isZeroFrame(frame)) return found;
  if (frame < 0 || (k.mem.isRam[frame] === 0 && access.reachable[frame] === 0))
    found.push({
      rule: 'F-1a',
      by: 'driver',
      how: `${name}, which the driver has not been given, is mapped`,
    });
  if ((v.flags & (VM_PFNMAP | VM_MIXEDMAP)) === 0)
    found.push({ by: 'driver', how: `it takes VM_PFNMAP away from a mapping that has ${name} raw` });
  if ((flags & PTE_WRITE) !== 0 && (v.flags & VM_SHARED) === 0)
    found.push({ rule: 'F-13', by: 'driver', how: `a private mapping has ${name} raw and writable` });
  if (v.cow && (v.flags & VM_PFNMAP) !== 0 && !isLinear(k, v, pg, pfn))
    found.push({
      rule: 'F-9',
      by: 'driver',
      how: `${name} is mapped raw where vm_pgoff names another frame`,
    });
  const had = (deeds.before[e + 1]! & PTE_SPECIAL) !== 0 && deeds.before[e] === k.w[e];
  if (k.facts.pteSpecial && had && (flags & PTE_SPECIAL) === 0)
    found.push({ rule: 'F-35', by: 'architecture', how: `the entry of ${name} loses its special bit` });
  return found;
}

/** A raw entry leads to a free frame: it was free when it was mapped, or the driver freed it, or the core. */
function freed(e: number, page: number, name: string, { before, calls }: Deeds): Breach {
  if ((before[page + PAGE.FLAGS]! & PG_FREE) !== 0 && before[e + 1] === 0)
    return { rule: 'F-1a', by: 'driver', how: `${name}, which the driver does not hold, is mapped` };
  const call = calls.find((one) => FREES.test(one));
  if (call !== undefined)
    return { rule: 'F-1a', by: 'driver', how: `${call}() frees ${name} while user space reaches it` };
  return { rule: 'F-25', by: 'core', how: `the mm frees ${name}, which is mapped raw` };
}

function isFree(k: Kernel, frame: number): boolean {
  return (k.pages[frame]!.flags & PG_FREE) !== 0;
}
