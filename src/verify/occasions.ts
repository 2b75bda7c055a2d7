/** When the rules that `breaches.ts` watches could have been broken at all: a rule without an occasion was kept by nobody's merit. */
import type { RuleId } from '../contract/index.js';
import type { Access } from '../contract/invariants/check.js';
import type { Facts } from '../kernel/facts.js';
import { VM_DONTEXPAND, VM_MAYSHARE, VM_MIXEDMAP, VM_PFNMAP, VM_SHARED } from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { PTE_SPECIAL } from '../kernel/pte.js';
import { MAP_PRIVATE } from '../kernel/uapi.js';
import { FMODE_WRITE, PG_ANON, type Vma } from '../kernel/world.js';
import { Kind, type Operation } from './operations.js';
import { EDITS, INSERTS, INSERTS_PAGES, REMAPS, tailPage, type MappedEntry } from './watched.js';

/** What gives an occasion to break a rule: one of the three. */
export interface Occasion {
  readonly rule: RuleId;
  /** In words: what has to happen. */
  readonly when: string;
  /** Where there is such a rule; absent: everywhere. */
  readonly on?: (facts: Facts) => boolean;
  /** A mapping in some state. */
  readonly mapping?: (k: Kernel, v: Vma) => boolean;
  /** A page-table entry in some state. */
  readonly entry?: (k: Kernel, entry: MappedEntry, access: Access) => boolean;
  /** A call by the driver; the operation under way is absent in module_init. */
  readonly call?: (k: Kernel, name: string, operation: Operation | undefined) => boolean;
  /** An operation that begins. */
  readonly operation?: (k: Kernel, operation: Operation, revokes: ReadonlySet<number>) => boolean;
}

const called =
  (names: RegExp) =>
  (_: Kernel, name: string): boolean =>
    names.test(name);
const has = (v: Vma, flags: number): boolean => (v.flags & flags) !== 0;
const isLive = (k: Kernel): boolean => k.vmas.some((v) => v.mm >= 0);
const special = (facts: Facts): boolean => facts.pteSpecial;
const unspecial = (facts: Facts): boolean => !facts.pteSpecial;

export const OCCASIONS: readonly Occasion[] = [
  { rule: 'F-1a', when: 'a frame is mapped raw', entry: (_, e) => e.raw },
  {
    rule: 'F-1b',
    when: 'a private mapping has VM_PFNMAP',
    on: unspecial,
    mapping: (_, v) => v.cow && has(v, VM_PFNMAP),
  },
  {
    rule: 'F-2',
    when: 'a private mapping is remapped',
    call: (_, name, o) => REMAPS.test(name) && o?.kind === Kind.Mmap && o.d === MAP_PRIVATE,
  },
  { rule: 'F-3', when: 'remap_pfn_range() is called', call: called(/remap_pfn_range/) },
  {
    rule: 'F-4',
    when: 'vm_flags_set() or remap_pfn_range() is called outside of module_init',
    call: (_, name, o) => o !== undefined && EDITS.test(name),
  },
  { rule: 'F-5', when: 'vmf_insert_pfn() is called', call: called(/^vmf_insert_pfn(_prot)?$/) },
  { rule: 'F-6', when: 'vmf_insert_mixed() is called', call: called(/^vmf_insert_mixed/) },
  { rule: 'F-7', when: 'vm_insert_page() or one of its family is called', call: called(INSERTS) },
  {
    rule: 'F-8',
    when: 'vm_insert_page() or one of its family is called outside of mmap()',
    call: (_, name, o) => INSERTS.test(name) && o !== undefined && o.kind !== Kind.Mmap,
  },
  {
    rule: 'F-9',
    when: 'a private mapping with VM_PFNMAP has a raw entry',
    entry: (_, { raw, vma }) => raw && vma.cow && has(vma, VM_PFNMAP),
  },
  {
    rule: 'F-10',
    when: 'a mapping with VM_PFNMAP has a fault handler',
    mapping: (k, v) => has(v, VM_PFNMAP) && k.program.vmOps[v.ops]?.fault !== undefined,
  },
  {
    rule: 'F-11',
    when: 'a page of the driver is mapped, counted',
    entry: (k, { raw, frame }) => !raw && frame >= 0 && (k.pages[frame]!.flags & PG_ANON) === 0,
  },
  {
    rule: 'F-12',
    when: 'a page is inserted while a block of pages is allocated in one piece',
    call: (k, name) => INSERTS_PAGES.test(name) && tailPage(k) !== undefined,
  },
  {
    rule: 'F-13',
    when: 'a private mapping has a raw entry',
    entry: (_, { raw, vma }) => raw && !has(vma, VM_SHARED),
  },
  {
    rule: 'F-14',
    when: 'vmf_insert_pfn_pmd() or vmf_insert_pfn_pud() is called',
    call: called(/^vmf_insert_pfn_p[mu]d$/),
  },
  {
    rule: 'F-16',
    when: 'a frame that the header calls `Readonly:` is mapped',
    entry: (_, { frame }, access) => frame >= 0 && access.readonly[frame] === 1,
  },
  {
    rule: 'F-17',
    when: 'a descriptor that was opened for reading is mapped, shared',
    mapping: (k, v) => v.file >= 0 && (k.files[v.file]!.mode & FMODE_WRITE) === 0 && has(v, VM_MAYSHARE),
  },
  { rule: 'F-18', when: 'a device is mapped', mapping: (_, v) => v.file >= 0 },
  {
    rule: 'F-19',
    when: 'a mapping with VM_MIXEDMAP is to grow',
    operation: (k, o) => grows(k, o, VM_MIXEDMAP),
  },
  {
    rule: 'F-20',
    when: 'a mapping has a page_mkwrite or pfn_mkwrite handler',
    mapping: (k, v) => {
      const ops = k.program.vmOps[v.ops];
      return ops?.pageMkwrite !== undefined || ops?.pfnMkwrite !== undefined;
    },
  },
  {
    rule: 'F-21',
    when: 'a command that the header calls `Revoke:` is given while something is mapped',
    operation: (k, o, revokes) => o.kind === Kind.Ioctl && revokes.has(o.b) && isLive(k),
  },
  {
    rule: 'F-22',
    when: 'a mapping whose vm_ops have ->close is copied',
    operation: (k, o) => copies(k, o),
  },
  { rule: 'F-23', when: 'an mmap_prepare hook asks for an action', call: called(/^mmap_action_/) },
  {
    rule: 'F-25',
    when: 'a frame of RAM is mapped raw',
    entry: (k, { raw, frame }) => raw && frame >= 0 && k.mem.isRam[frame] === 1,
  },
  {
    rule: 'F-28',
    when: 'a mapping with VM_DONTEXPAND or VM_PFNMAP is to grow',
    operation: (k, o) => grows(k, o, VM_PFNMAP | VM_DONTEXPAND),
  },
  {
    rule: 'F-35',
    when: 'an entry has the special bit',
    on: special,
    entry: (_, { flags }) => (flags & PTE_SPECIAL) !== 0,
  },
  { rule: 'F-41', when: 'pfn_to_page() is called', call: called(/^pfn_to_page$/) },
  {
    rule: 'F-43',
    when: 'a frame without a struct page is mapped raw',
    on: unspecial,
    entry: (k, { raw, frame }) => raw && (frame < 0 || k.mem.hasPage[frame] === 0),
  },
];

/** Whether an operation copies a mapping whose driver hears of the end of each, or splits it. */
function copies(k: Kernel, o: Operation): boolean {
  return k.vmas.some((v) => {
    if (v.mm !== k.currentProc || k.program.vmOps[v.ops]?.close === undefined) return false;
    if (o.kind === Kind.Fork) return true;
    if (o.kind === Kind.Move || o.kind === Kind.Grow) return v.start <= o.a && o.a < v.end;
    if (o.kind !== Kind.Munmap && o.kind !== Kind.Mprotect && o.kind !== Kind.Madvise) return false;
    return (v.start < o.a && o.a < v.end) || (v.start < o.b && o.b < v.end);
  });
}

/** Whether an operation asks a mapping with one of some flags to grow. */
function grows(k: Kernel, o: Operation, flags: number): boolean {
  if (o.kind !== Kind.Grow) return false;
  return k.vmas.some((v) => v.mm === k.currentProc && v.start <= o.a && o.a < v.end && has(v, flags));
}
