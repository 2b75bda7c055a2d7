import { byRelease, byReleaseWhere, constant } from './define.js';

/** What creates special mappings (catalogue B). */
export const insertFacts = {
  remapRefusesPartialCow: constant(true, {
    doc: 'remap_pfn_range() of a part of a copy-on-write VMA is -EINVAL. Override to ask what if it were not.',
    source: 'mm/memory.c:remap_pfn_range_notrack, get_remap_pgoff',
    evidence: 'measured',
    catalogue: 'B.2',
  }),
  remapRefusesCowWithoutBit: constant(false, {
    doc: 'remap_pfn_range() of a copy-on-write VMA is -EINVAL on architectures without a special bit. Override to ask what if it were.',
    source: 'mm/memory.c:remap_pfn_range_notrack, get_remap_pgoff',
    evidence: 'measured',
    catalogue: 'B.2',
  }),
  remapSetsPgoff: constant(true, {
    doc: 'remap_pfn_range() of a copy-on-write VMA makes vm_pgoff the first frame. Override to ask what if it did not.',
    source: 'mm/memory.c:remap_pfn_range_notrack',
    evidence: 'measured',
    catalogue: 'B.2',
  }),
  remapChecksCowRangeFirst: byRelease([false, false, true], {
    doc: 'The copy-on-write range is checked, vm_pgoff and flags changed, before all else; a refused one is not zapped any more.',
    source: 'mm/memory.c:remap_pfn_range_prepare_vma, remap_pfn_range_notrack',
    catalogue: 'B.2, F.V-7, H-7',
  }),
  remapAssertsWriteLock: byReleaseWhere('perVmaLock', [false, true, false], {
    doc: 'remap_pfn_range() warns unless mmap_lock is held for writing.',
    source: 'include/linux/mm.h:vm_flags_set',
    evidence: 'measured',
    catalogue: 'B.2',
  }),
  vmFlagsSetAssertsWriteLock: byReleaseWhere('perVmaLock', [false, true, true], {
    doc: 'vm_flags_set() warns unless mmap_lock is held for writing (or the VMA is not attached yet).',
    source: 'include/linux/mm.h:vm_flags_set',
    catalogue: 'B.2',
  }),
  trackFullRemapOnce: byReleaseWhere('pfnmapTracking', [false, false, true], {
    doc: 'A second remap_pfn_range() of the whole VMA is -EINVAL (its tracking context exists already).',
    source: 'mm/memory.c:remap_pfn_range_track',
    catalogue: 'B.9',
  }),
  trackSetsVmPat: byReleaseWhere('pfnmapTracking', [true, true, false], {
    doc: 'remap_pfn_range() of a whole VMA sets VM_PAT, for RAM as well as for device memory.',
    source: 'arch/x86/mm/pat/memtype.c:track_pfn_remap',
    evidence: 'measured',
    catalogue: 'B.9',
  }),
  insertPfnRefusesCow: constant(true, {
    doc: 'vmf_insert_pfn() in a copy-on-write VM_PFNMAP VMA is a BUG. Override to ask what if it were not.',
    source: 'mm/memory.c:vmf_insert_pfn_prot',
    evidence: 'measured',
    catalogue: 'B.4, F-5',
  }),
  insertMixedIneligibleBugs: byRelease([true, false, false], {
    doc: 'vmf_insert_mixed() into a VMA without VM_MIXEDMAP is a BUG; later, SIGBUS.',
    source: 'mm/memory.c:__vm_insert_mixed',
    evidence: 'measured',
    catalogue: 'B.5',
  }),
  zeroPageInsertCounted: byRelease([true, false, false], {
    doc: 'vm_insert_page() takes the zero page like any page: not special, counted.',
    source: 'mm/memory.c:validate_page_before_insert',
    catalogue: 'A.6, B.6',
  }),
  zeroPageInsertNeedsPermission: byRelease([false, true, true], {
    doc: 'Inserting the zero page is refused where a write could reach it (vm_mixed_zeropage_allowed).',
    source: 'mm/memory.c:vm_mixed_zeropage_allowed',
    catalogue: 'B.6',
  }),
  insertPageRefZeroCheckFirst: byRelease([true, false, false], {
    doc: 'vm_insert_page() itself refuses a page without reference, before it sets VM_MIXEDMAP; later, every insertion does.',
    source: 'mm/memory.c:vm_insert_page',
    catalogue: 'B.6',
  }),
  vmInsertPagesBugsOnPfnmap: byRelease([true, true, false], {
    doc: 'vm_insert_pages() and vm_map_pages() in a VM_PFNMAP VMA (or unlocked) are a BUG; later, a DEBUG_VM warning.',
    source: 'mm/memory.c:vm_insert_pages',
    catalogue: 'B.6, H-12',
  }),
  vmMapPagesInBatch: byRelease([false, false, true], {
    doc: 'vm_map_pages() is one vm_insert_pages() instead of a loop of vm_insert_page().',
    source: 'mm/memory.c:__vm_map_pages',
    catalogue: 'B.6',
  }),
  insertPageMkwriteExists: byRelease([false, false, true], {
    doc: 'vmf_insert_page_mkwrite() exists; insert_page() makes a present entry writable for it, but not dirty.',
    source: 'mm/memory.c:vmf_insert_page_mkwrite, insert_page_into_pte_locked',
    catalogue: 'B.1, B.5, H-6',
  }),
  hugeFaultOnSpecialVma: byReleaseWhere('thp', [false, true, true], {
    doc: 'vm_ops->huge_fault is called, for VMAs with raw frames too; before, only for DAX.',
    source: 'mm/huge_memory.c:__thp_vma_allowable_orders',
    evidence: 'measured',
    catalogue: 'B.8',
  }),
  hugeFaultIgnoresThpPolicy: byRelease([false, false, true], {
    doc: 'huge_fault of a VM_PFNMAP VMA does not ask the THP policy of sysfs (nor do stable kernels from some 6.12 after 6.12.107 on).',
    source: 'mm/huge_memory.c:__thp_vma_allowable_orders',
    evidence: 'measured',
    catalogue: 'B.8',
  }),
  pteLookupMeetsLeaf: byRelease([false, true, true], {
    doc: 'Taking the PTE lock under a PMD leaf fails (-ENOMEM, VM_FAULT_OOM); before, the leaf was taken for a table.',
    source: 'mm/pgtable-generic.c:__pte_offset_map_lock',
    catalogue: 'B.8',
  }),
  specialHugeNeedsFile: byRelease([true, true, false], {
    doc: 'vma_is_special_huge() wants a file (or DAX).',
    source: 'include/linux/huge_mm.h:vma_is_special_huge',
    catalogue: 'B.8',
  }),
  zapSpecialTakesMixedmap: byRelease([false, false, true], {
    doc: 'zap_special_vma_range() acts on VM_MIXEDMAP, too; zap_vma_ptes() on VM_PFNMAP only.',
    source: 'mm/memory.c:zap_vma_ptes, zap_special_vma_range',
    catalogue: 'C.9',
  }),
  mmapPrepare: byRelease([false, false, true], {
    doc: 'f_op->mmap_prepare and mmap actions exist.',
    source: 'mm/vma.c:call_mmap_prepare',
    evidence: 'measured',
    catalogue: 'B.11',
  }),
};
