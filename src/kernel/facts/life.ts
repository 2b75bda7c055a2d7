import { byRelease, byReleaseOn, byReleaseWhere, constant, follows } from './define.js';

/** Life of a mapping: mmap, faults, fork, mprotect, mremap, madvise (catalogue C). */
export const lifeFacts = {
  mmapFixedUnmapsFirst: byRelease([true, false, false], {
    doc: 'MAP_FIXED unmaps what is there before anything else; later, after the checks and before ->mmap.',
    source: 'mm/mmap.c:mmap_region',
    catalogue: 'C.1',
  }),
  mmapRetriesMerge: byRelease([true, true, false], {
    doc: 'After ->mmap changed the flags a merge with the previous VMA is tried.',
    source: 'mm/mmap.c:mmap_region',
    catalogue: 'B.11',
  }),
  mprotectUnaccounts: byRelease([false, true, true], {
    doc: 'mprotect() that takes VM_WRITE from anonymous memory without a page gives back what was accounted: VM_ACCOUNT goes.',
    source: 'mm/mprotect.c:mprotect_fixup',
    evidence: 'measured',
    catalogue: 'C.7',
  }),
  populateSkipsHoles: byRelease([true, false, false], {
    doc: 'MADV_POPULATE_* goes from VMA to VMA and is -ENOMEM after all of them; later, it ends at the first hole.',
    source: 'mm/madvise.c:madvise_populate',
    evidence: 'measured',
    catalogue: 'C.11',
  }),
  munmapTakesCopies: byRelease([true, false, false], {
    doc: 'munmap of a part of a VMA takes a copy of its struct away; later, the original, and the rest is left in copies.',
    source: 'mm/mmap.c:do_mas_align_munmap, mm/vma.c:vms_gather_munmap_vmas',
    catalogue: 'C.9',
  }),
  sanitizesFaultFlags: byRelease([false, true, true], {
    doc: 'A write fault in a VMA without VM_MAYWRITE warns and is SIGSEGV; before, it went on.',
    source: 'mm/memory.c:sanitize_fault_flags',
    catalogue: 'C.2',
  }),
  wpSharedNeedsVmWrite: byRelease([true, false, false], {
    doc: 'A write fault counts a VMA as shared by VM_WRITE and VM_SHARED; later, by VM_SHARED or VM_MAYSHARE.',
    source: 'mm/memory.c:do_wp_page',
    catalogue: 'C.4',
  }),
  unshareCopiesSpecial: byRelease([false, true, true], {
    doc: 'An unshare fault copies zero pages, raw frames and file pages; before, only shared anonymous pages.',
    source: 'mm/memory.c:do_wp_page',
    catalogue: 'C.4',
  }),
  forkReadsParentFlags: byRelease([true, true, false], {
    doc: "Whether fork copies page tables depends on the parent's flags; later, on the child's.",
    source: 'mm/memory.c:vma_needs_copy',
    catalogue: 'C.6',
  }),
  forkRereservesPat: byReleaseWhere('pfnmapTracking', [true, true, false], {
    doc: 'fork of a tracked VMA needs its first entry to be raw, else it is -ENOMEM.',
    source: 'arch/x86/mm/pat/memtype.c:track_pfn_copy',
    evidence: 'measured',
    catalogue: 'C.6, H-9',
  }),
  forkCopiesSpecialPmd: byRelease([false, true, true], {
    doc: 'fork copies special PMD leaves; before, the child faulted them in again.',
    source: 'mm/huge_memory.c:copy_huge_pmd',
    evidence: 'measured',
    catalogue: 'C.6',
  }),
  guardRegions: byRelease([false, false, true], {
    doc: 'MADV_GUARD_INSTALL and MADV_GUARD_REMOVE exist, and fork copies VMAs that may have guards.',
    source: 'mm/madvise.c:madvise_guard_install',
    catalogue: 'C.11',
  }),
  madvFreeStopsAtCompound: byRelease([true, false, false], {
    doc: 'MADV_FREE gives up at a compound page that it cannot split; later releases go on behind it, and clean what is mapped whole.',
    source: 'mm/madvise.c:madvise_free_pte_range',
    catalogue: 'C.11',
  }),
  splitStubSucceeds: byRelease([true, true, false], {
    doc: 'Without CONFIG_TRANSPARENT_HUGEPAGE splitting a compound page does nothing and says that it is done.',
    source: 'include/linux/huge_mm.h:split_huge_page_to_list',
    catalogue: 'C.11',
  }),
  mprotectUpgradesDirtyOnly: byRelease([true, false, false], {
    doc: 'mprotect makes entries of a private VMA writable at once only if they are dirty.',
    source: 'mm/mprotect.c:can_change_pte_writable',
    catalogue: 'C.7',
  }),
  mprotectClassifiesAll: byRelease([false, false, true], {
    doc: 'mprotect classifies every present entry, so bad-map reports can come from there.',
    source: 'mm/mprotect.c:change_pte_range',
    catalogue: 'C.7',
  }),
  mprotectUpgradesPmd: byRelease([false, true, true], {
    doc: 'mprotect makes a dirty PMD leaf of a shared VMA writable at once.',
    source: 'mm/huge_memory.c:can_change_pmd_writable',
    catalogue: 'C.7',
  }),
  pmdModifyLosesDirty: byReleaseOn(['x86_64'], [false, true, false], {
    doc: 'pmd_modify() forgets that a writable PMD leaf is dirty, so mprotect() does not make it writable again.',
    source: 'arch/x86/include/asm/pgtable.h:pmd_modify',
    evidence: 'measured',
    catalogue: 'C.7',
  }),
  vmaSplitKnowsPud: constant(false, {
    doc: 'Splitting a VMA inside a PUD leaf clears it (split_huge_leaf of 6.12.118); before, the leaf was taken for a table.',
    source: 'mm/huge_memory.c:vma_adjust_trans_huge',
    catalogue: 'H-2',
  }),
  zapPudAssertsLock: byRelease([false, true, false], {
    doc: 'Zapping a part of a PUD leaf warns unless somebody holds mmap_lock; unmap_mapping_range() does not.',
    source: 'mm/memory.c:zap_pud_range',
    catalogue: 'C.9',
  }),
  mremapUnmapsBeforeChecks: byRelease([true, true, false], {
    doc: 'MREMAP_FIXED unmaps the target, and a shrink is done, before the checks of the source VMA.',
    source: 'mm/mremap.c:mremap_to',
    catalogue: 'C.8',
  }),
  mremapManyVmas: byRelease([false, false, true], {
    doc: 'MREMAP_FIXED with equal sizes may move several VMAs.',
    source: 'mm/mremap.c:remap_move',
    catalogue: 'C.8',
  }),
  mremapGrowsInPlaceIfClose: byRelease([true, false, false], {
    doc: 'Growing a VM_MIXEDMAP VMA in place works if vm_ops->close exists; later it is always -ENOMEM.',
    source: 'mm/mremap.c:mremap, mm/mmap.c:vma_merge',
    catalogue: 'C.8',
  }),
  mremapDropsPudLeaf: follows((f) => f['thpPud'] === true, {
    doc: 'mremap takes a PUD leaf for a bad entry: it clears it without a TLB flush instead of moving it.',
    source: 'mm/mremap.c:get_old_pud',
    catalogue: 'H-1',
  }),
  mergeRefusesAnyClose: byRelease([true, false, false], {
    doc: 'A VMA with vm_ops->close never merges; later, only one that would vanish.',
    source: 'mm/mmap.c:is_mergeable_vma',
    catalogue: 'C.10',
  }),
  doforkRefusesSpecial: byRelease([false, false, true], {
    doc: 'MADV_DOFORK is -EINVAL for any VM_SPECIAL flag; before, for VM_IO only.',
    source: 'mm/madvise.c:madvise_vma_behavior',
    catalogue: 'C.11',
  }),
};
