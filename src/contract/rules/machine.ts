import { enforced } from '../define.js';
import type { Rule } from '../types.js';

const ARCH = { kind: 'architecture', owes: ['architecture'], evidence: 'read' } as const;
const FRAMES = { kind: 'frames', evidence: 'read' } as const;
const NONE = { enforcement: enforced('nothing'), enforced: 'Nobody notices.' } as const;

/** F.III: what architectures owe; F.IV: what pfn_valid() and highest_memmap_pfn do not promise. */
export const MACHINE_RULES = [
  {
    ...ARCH,
    ...NONE,
    id: 'F-35',
    on: 'pte_special',
    statement:
      'The special bit survives every change of an entry: protection, young, dirty, write permission.',
    source: 'arch/*/include/asm/pgtable.h:pte_modify; mm/debug_vm_pgtable.c:pte_special_tests',
    breaks: 'A raw frame turns into a page. mips of 6.1 did it in mprotect.',
    without: {},
  },
  {
    ...ARCH,
    ...NONE,
    id: 'F-36',
    statement:
      'A present special entry is never taken for an empty one or for swap, and gives back the frame it was made of, device space included.',
    source: 'arch/*/include/asm/pgtable.h:pte_pfn, pfn_pte',
    breaks:
      'The linear rule compares with a wrong frame: bad-map reports at every look. sparc32 does it for device space.',
    without: { breaking: 'sparc32, which the model does not have' },
  },
  {
    ...ARCH,
    id: 'F-37',
    statement: 'Fast GUP of PTEs exists only together with a special bit.',
    source: 'mm/gup.c:gup_fast_pte_range',
    breaks: 'Fast GUP would take raw frames for pages: it has no VMA to ask.',
    enforcement: enforced('nothing'),
    enforced: 'The code is left out of the build otherwise, so that it cannot be broken by configuration.',
    without: { breaking: 'the build leaves fast GUP out' },
  },
  {
    ...ARCH,
    ...NONE,
    id: 'F-38',
    on: '>=6.12',
    statement:
      'A special bit in PMD and PUD leaves survives changes, moves and splits of the leaf, and the page tables that are set aside for a leaf are balanced.',
    source: 'mm/huge_memory.c:copy_huge_pmd, zap_huge_pmd',
    breaks: 'A raw leaf turns into pages, or a page table is missing.',
    without: { breaking: 'ppc with hash tables (H-5), which the model does not have' },
  },
  {
    ...ARCH,
    ...NONE,
    id: 'F-39',
    owes: ['core', 'architecture'],
    statement:
      'pud_bad() and pmd_bad() are true for leaves, so that the core asks whether an entry is a leaf before it asks whether it is bad.',
    source: 'mm/mremap.c:get_old_pud',
    breaks: 'A raw leaf is thrown away with a report (H-1).',
    without: {},
  },
  {
    ...ARCH,
    ...NONE,
    id: 'F-40',
    owes: ['core', 'architecture'],
    statement: 'There may be several zero pages: whether a frame is one is a question, not a comparison.',
    source: 'include/linux/pgtable.h:is_zero_pfn',
    breaks: 'A zero page would be counted.',
    without: { breaking: 'only a wrong kernel breaks it; mutants of the model do (docs/mutation.md)' },
  },
  {
    ...FRAMES,
    ...NONE,
    id: 'F-41',
    owes: ['driver', 'core'],
    statement:
      'pfn_valid() means that a struct page exists, not that the frame is RAM, nor that its references mean anything: device memory and reserved ranges may be valid.',
    source: 'include/linux/mmzone.h:pfn_valid',
    breaks:
      'A driver that takes "not RAM" for "not valid" inserts device memory with struct pages by the wrong call.',
    enforcement: enforced('BUG'),
    enforced: 'vmf_insert_pfn() in a VM_MIXEDMAP VMA is a BUG for a valid frame; nothing else asks.',
    without: {},
  },
  {
    ...FRAMES,
    ...NONE,
    id: 'F-42',
    owes: ['core', 'user'],
    on: '!pte_special',
    statement:
      'Without a special bit, whether a frame that is mapped raw in a VM_MIXEDMAP VMA has a struct page does not change while it is mapped.',
    source: 'mm/memory.c:vm_normal_page',
    breaks:
      'Hot-added memory turns a raw entry into a page at zap; hot removal turns a page into a raw entry.',
    untested: { reason: 'subsystem', detail: 'memory hotplug' },
    without: { obeying: 'the model has no memory hotplug', breaking: 'the model has no memory hotplug' },
  },
  {
    ...FRAMES,
    ...NONE,
    id: 'F-43',
    owes: ['core', 'driver'],
    statement:
      'highest_memmap_pfn is one number for the whole machine: a frame below it need not have a struct page.',
    source: 'mm/mm_init.c:memmap_init_range',
    breaks:
      'The classifier without a special bit follows a pointer into no memmap when raw low device memory has lost its class.',
    enforcement: enforced(['nothing']),
    enforced: 'A frame above it is reported as a bad map; one below is not.',
    without: {},
  },
] as const satisfies readonly Rule[];
