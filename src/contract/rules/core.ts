import { enforced } from '../define.js';
import type { Rule } from '../types.js';

const CORE = { kind: 'core', owes: ['core'], evidence: 'read' } as const;
const NONE = { enforcement: enforced('nothing'), enforced: 'Nobody checks the core.' } as const;
/** The model is the core: a mutant of it breaks the rule (docs/mutation.md), no litmus test can. */
const MUTANT = 'only a wrong kernel breaks it; mutants of the model do (docs/mutation.md)';

/** F.II: what mm owes. */
export const CORE_RULES = [
  {
    ...CORE,
    ...NONE,
    id: 'F-24',
    statement:
      'What walks by frame number (rmap) compares numbers and not the special bit, so a page that is mapped raw must not be found by rmap at the same place.',
    source: 'mm/page_vma_mapped.c:page_vma_mapped_walk',
    breaks: 'A raw entry would be taken away or changed on behalf of a page.',
    untested: { reason: 'internal', detail: 'the model has no rmap walks' },
    without: { obeying: 'the model has no rmap walks', breaking: 'the model has no rmap walks' },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-25',
    statement: 'References, mapcount, RSS and dirty state never change because of a special entry.',
    source: 'mm/memory.c:zap_present_ptes, copy_present_ptes',
    breaks: 'Frames of devices and drivers are freed, or never are.',
    without: { breaking: MUTANT },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-26',
    statement: 'Split, move and fork keep every raw frame of a COW VMA at vm_pgoff plus its offset.',
    source: 'mm/vma.c:__split_vma, copy_vma',
    breaks: 'Without a special bit raw frames turn into pages.',
    without: {},
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-27',
    statement: 'A VMA with a special flag is never merged.',
    source: 'mm/vma.c:can_vma_merge_before',
    breaks: 'One VMA would need two values of vm_pgoff.',
    without: { breaking: MUTANT },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-28',
    statement: 'A VMA with VM_DONTEXPAND or VM_PFNMAP never grows.',
    source: 'mm/mremap.c:check_prep_vma',
    breaks: 'The window would cover frames that the driver never gave.',
    without: { breaking: MUTANT },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-29',
    statement:
      "Stale translations are flushed before a VMA with raw entries, and with it the driver's last ->close, goes away.",
    source: 'include/asm-generic/tlb.h:tlb_update_vma_flags',
    breaks: 'The program could still reach a frame that the driver frees in ->close.',
    untested: { reason: 'hardware', detail: 'the model has no TLB' },
    without: { obeying: 'the model has no TLB', breaking: 'the model has no TLB' },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-30',
    statement: 'The copy of a raw entry never uses the struct page of its source.',
    source: 'mm/memory.c:__wp_page_copy_user',
    breaks: 'Frames without a struct page could not be copied.',
    without: { breaking: MUTANT },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-31',
    statement: 'GUP gives no page of a VM_IO or VM_PFNMAP VMA.',
    source: 'mm/gup.c:check_vma_flags',
    breaks: 'Raw frames would be counted and pinned.',
    without: {},
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-32',
    statement: 'Reclaim, compaction and migration never meet raw entries: they start from pages.',
    source: 'mm/vmscan.c; mm/migrate.c',
    breaks: 'Raw entries would be taken away.',
    untested: { reason: 'swap' },
    without: { obeying: 'the model has no reclaim', breaking: 'the model has no reclaim' },
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-33',
    statement: 'The zero page has no page: by the bit where there is one, else by its frame.',
    source: 'mm/memory.c:vm_normal_page',
    breaks: 'The zero page loses references that nobody took.',
    without: {},
  },
  {
    ...CORE,
    ...NONE,
    id: 'F-34',
    statement: 'Whatever is copied in a COW VMA becomes an exclusive anonymous page.',
    source: 'mm/memory.c:wp_page_copy',
    breaks: 'Two processes would share what each believes its own.',
    without: { breaking: MUTANT },
  },
] as const satisfies readonly Rule[];
