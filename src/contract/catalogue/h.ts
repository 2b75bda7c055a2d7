import { section } from '../define.js';

/** H: what looks wrong in the kernel itself. */
export const H = section('H', 'Anomalies', { source: 'see the row' }, [
  [
    '1',
    'mremap over a raw PUD leaf drops the leaf with a "bad pud" report.',
    { source: 'mm/mremap.c:get_old_pud' },
  ],
  [
    '2',
    'A VMA split inside a raw PUD leaf takes the leaf for a page table.',
    { on: '>=6.12', source: 'mm/huge_memory.c:vma_adjust_trans_huge' },
  ],
  [
    '3',
    'Reading smaps or numa_maps removes raw PUD leaves.',
    { on: '>=6.12', source: 'mm/pagewalk.c:walk_pud_range' },
  ],
  [
    '4',
    'Slow GUP, pagemap and clear_refs take the struct page of a raw PMD leaf in a VM_MIXEDMAP VMA.',
    { source: 'mm/gup.c:follow_huge_pmd' },
  ],
  [
    '5',
    'On ppc with hash tables fork copies a raw PMD leaf without the page table that zap takes back.',
    { on: '>=6.12', source: 'mm/huge_memory.c:copy_huge_pmd', untested: 'arch' },
  ],
  [
    '6',
    'vmf_insert_page_mkwrite() makes a present entry of the same page writable but not dirty.',
    {
      on: '7.2',
      source: 'mm/memory.c:insert_page_into_pte_locked',
    },
  ],
  [
    '7',
    'remap_pfn_range() that fails in tracking leaves flags and vm_pgoff changed.',
    { on: 'pat, 7.2', source: 'mm/memory.c:remap_pfn_range_track' },
  ],
  [
    '8',
    'The check of page tables of 6.12 counts raw entries and can BUG on them.',
    { on: '6.12', source: 'mm/page_table_check.c', untested: 'build' },
  ],
  [
    '9',
    'fork fails with -ENOMEM after the first page of a private full remap was copied.',
    { on: 'pat, <=6.12', source: 'mm/memory.c:track_pfn_copy' },
  ],
  [
    '10',
    'mprotect of mips 6.1 drops the special bit.',
    { source: 'arch/mips/include/asm/pgtable.h:pte_modify', on: '!modify_keeps_special' },
  ],
  [
    '11',
    '/proc/vmcore makes a VMA with both VM_PFNMAP and VM_MIXEDMAP; it is not COW.',
    { source: 'fs/proc/vmcore.c' },
  ],
  [
    '12',
    'vm_insert_pages() and vm_map_pages() on a VM_PFNMAP VMA are no BUG any more: the VMA ends with both flags.',
    { on: '7.2', source: 'mm/memory.c:vm_insert_pages' },
  ],
  [
    '13',
    'A private remap of device space on sparc32 is a bad-map report at every look.',
    { source: 'arch/sparc/include/asm/pgtable_32.h:pte_pfn', untested: 'arch' },
  ],
  [
    '14',
    'The zero page of an anonymous VM_MIXEDMAP VMA is taken for a page and put without having been counted.',
    { on: '!pte_special, 6.1', source: 'mm/memory.c:vm_normal_page' },
  ],
  [
    '15',
    'The copy of a private raw page of RAM may land on the frame it was made from, and is special then.',
    { on: '!pte_special', source: 'mm/memory.c:wp_page_copy' },
  ],
]);
