import { byRelease, byReleaseOn, follows } from './define.js';

/** What observers see of special mappings (catalogue D). */
export const observeFacts = {
  gupUnsharesLongterm: byRelease([false, true, true], {
    doc: 'A long-term read pin of a zero or file page in a copy-on-write VMA copies it first.',
    source: 'mm/internal.h:gup_must_unshare',
    catalogue: 'D.1',
  }),
  gupRefusesDirtyTracking: byRelease([false, true, true], {
    doc: 'A long-term write pin of a file mapping with dirty tracking is -EFAULT.',
    source: 'mm/gup.c:writable_file_mapping_allowed',
    catalogue: 'D.1',
  }),
  gupFastNeedsMapping: byReleaseOn(
    ['x86_64', 'arm64', 'riscv64', 's390x', 'loongarch64'],
    [false, true, true],
    {
      doc: 'With CONFIG_SECRETMEM the lockless lookup leaves small pages without a page->mapping, as drivers insert them, to the slow path.',
      source: 'mm/gup.c:gup_fast_folio_allowed',
      catalogue: 'D.2',
    },
  ),
  procMemForces: byRelease([true, true, false], {
    doc: "/proc/self/mem overrides the protection of the process's own pages (CONFIG_PROC_MEM_ALWAYS_FORCE, not FORCE_PTRACE).",
    source: 'fs/proc/base.c:proc_mem_foll_force',
    evidence: 'measured',
    catalogue: 'D.3',
  }),
  followPfn: byRelease([true, false, false], {
    doc: 'follow_pfn() and follow_pte(): frames without permissions; the lock is not kept.',
    source: 'mm/memory.c:follow_pfn',
    evidence: 'measured',
    catalogue: 'D.3',
  }),
  followPfnmap: byRelease([false, true, true], {
    doc: 'follow_pfnmap_start() and _end(): frames with permissions under the page-table lock.',
    source: 'mm/memory.c:follow_pfnmap_start',
    evidence: 'measured',
    catalogue: 'D.3',
  }),
  folioWalk: byRelease([false, true, true], {
    doc: 'folio_walk_start() exists.',
    source: 'mm/pagewalk.c:folio_walk_start',
    evidence: 'measured',
    catalogue: 'D.4',
  }),
  walkVmaSkipsPfnmap: byRelease([true, false, false], {
    doc: 'walk_page_vma() skips VM_PFNMAP VMAs.',
    source: 'mm/pagewalk.c:walk_page_vma',
    evidence: 'measured',
    catalogue: 'D.5',
  }),
  smapsSkipsPfnmap: follows((f) => f['walkVmaSkipsPfnmap'] === true, {
    doc: 'smaps and numa_maps show nothing of a VM_PFNMAP VMA, its COWed pages included.',
    source: 'fs/proc/task_mmu.c:smap_gather_stats',
    evidence: 'measured',
    catalogue: 'D.6',
  }),
  smapsSplitsPud: follows((f) => f['thpPud'] === true, {
    doc: 'Reading smaps removes raw PUD leaves.',
    source: 'mm/pagewalk.c:walk_pud_range',
    catalogue: 'D.6, H-3',
  }),
  kvmTakesReference: byRelease([true, true, false], {
    doc: 'KVM takes a reference on a refcounted page behind a raw lookup.',
    source: 'virt/kvm/kvm_main.c:hva_to_pfn_remapped',
    catalogue: 'D.8',
  }),
  uffdRefusesSpecial: byRelease([false, true, true], {
    doc: 'userfaultfd refuses VMAs with VM_IO, VM_PFNMAP, VM_MIXEDMAP or VM_DONTEXPAND.',
    source: 'include/linux/userfaultfd_k.h:vma_can_userfault',
    evidence: 'measured',
    catalogue: 'D.8',
  }),
  dumpMayUnlock: byRelease([true, false, false], {
    doc: 'Fault handlers that a core dump calls may let go of mmap_lock (FAULT_FLAG_ALLOW_RETRY).',
    source: 'mm/gup.c:get_dump_page',
    catalogue: 'D.8',
  }),
};
