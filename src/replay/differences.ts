/**
 * Differences between model and machine that are understood. A test that differs and is not listed here fails; who mends the cause takes
 * the entry out.
 */
export interface Difference {
  /** Name of the test. */
  readonly test: string;
  /** Ids of the kernels where it differs. */
  readonly kernels: readonly string[];
  /** Who is right, and why. */
  readonly explanation: string;
  /** Where in the kernel's source the reason stands: `mm/memory.c:vm_normal_page`. */
  readonly source: string;
}

const IN_QEMU = [
  'amd64-7.2',
  'amd64-6.12',
  'amd64-6.1',
  'arm64-7.2',
  'armmp-7.2',
  'armmp-6.12',
  'armmp-lpae-7.2',
] as const;
const USER_MODE = ['um-7.2', 'um-6.1'] as const;

export const DIFFERENCES: readonly Difference[] = [
  {
    test: 'fault-results-gup',
    kernels: USER_MODE,
    explanation:
      'User-mode Linux stops with BUG() when a process touches a page for which the handler answers VM_FAULT_HWPOISON; other architectures send a signal.',
    source: 'arch/um/kernel/trap.c:handle_page_fault',
  },
  {
    test: 'fault-done-cow',
    kernels: ['um-6.1'],
    explanation:
      'After a fault, 6.1 of User-mode Linux maps the entry into its host process, and kills the process where there is no table: none is made for VM_FAULT_DONE_COW.',
    source: 'arch/um/kernel/tlb.c:flush_tlb_page',
  },
  {
    test: 'huge-special-plain-vma',
    kernels: ['arm64-7.2'],
    explanation:
      'What a seq_file shows is shown again if it did not fit in what was left of a page: the walk of /proc/PID/smaps that reports the leaf is made twice.',
    source: 'fs/seq_file.c:seq_read_iter',
  },
  {
    test: 'fault-oom-retries',
    kernels: ['amd64-6.1'],
    explanation:
      "copy_to_user() of 6.1 copies the bytes that its fast loop could not copy one by one, so it faults a second time, and the handler's second answer is another.",
    source: 'arch/x86/lib/copy_user_64.S:copy_user_generic_unrolled',
  },
  {
    test: 'restore-pgoff-mmio',
    kernels: ['armmp-7.2', 'armmp-6.12'],
    explanation:
      'The window of this machine lies below its RAM, so its frames are not above highest_memmap_pfn, as those of `mmio` are in the model: the classifier takes them for pages (A.7-F2).',
    source: 'mm/memory.c:vm_normal_page',
  },
  {
    test: 'half-inserted-broken-double-put',
    kernels: ['amd64-6.1'],
    explanation:
      'A page freed once too often is reported when the allocator hands it out; 6.1 looks only when it fills its per-CPU lists, and this frame goes straight from hand to hand.',
    source: 'mm/page_alloc.c:check_new_pcp',
  },
  {
    test: 'half-inserted-broken-double-put',
    kernels: ['um-6.1'],
    explanation: 'User-mode Linux is built with CONFIG_DEBUG_VM=y, which makes a BUG of it.',
    source: 'include/linux/mm.h:put_page_testzero',
  },
  {
    test: 'uio-logical-broken-no-get',
    kernels: ['amd64-6.1'],
    explanation:
      'As half-inserted-broken-double-put: 6.1 looks at pages only when it fills its per-CPU lists.',
    source: 'mm/page_alloc.c:check_new_pcp',
  },
  {
    test: 'vfio-fault-whole-broken-partial',
    kernels: ['amd64-6.1'],
    explanation:
      'BUG() in remap_pfn_range() keeps the page-table lock, for which the machine then spins for ever: it prints the BUG and falls silent.',
    source: 'mm/memory.c:remap_pte_range',
  },
  {
    test: 'mmap-places',
    kernels: USER_MODE,
    explanation:
      'Where a mapping goes that cannot go where it was asked to is up to the kernel: this one finds another place than the model, and the test compares addresses.',
    source: 'mm/mmap.c:arch_get_unmapped_area_topdown',
  },
  {
    test: 'unclaimed-bus',
    kernels: IN_QEMU,
    explanation:
      'In the model nobody answers behind a region of `mmio`; the window of a machine goes on there, with memory that keeps what is stored.',
    source: 'docs/replay.md: regions are real memory',
  },
  ...['mmap-prepare-high', 'mmap-prepare-wide', 'entry-width'].map((test) => ({
    test,
    kernels: ['amd64-7.2', 'arm64-7.2', 'armmp-7.2', 'armmp-6.12'],
    explanation:
      'A machine tells frames by where they lie in its regions; those that a driver makes up are told apart there, but have no number that could be compared.',
    source: 'docs/replay.md: names are run-time constants',
  })),
  ...['mremap-dontunmap-again', 'mremap-anon-pgoff', 'merge-anon-pages'].map((test) => ({
    test,
    kernels: [...IN_QEMU, ...USER_MODE],
    explanation:
      'vm_pgoff of anonymous memory is an address, which a machine takes for the number of a frame and does not compare by distance.',
    source: 'docs/replay.md: names are run-time constants',
  })),
  ...['remap-private-high', 'remap-private-carries', 'remap-private-carry'].map((test) => ({
    test,
    kernels: USER_MODE,
    explanation:
      'User-mode Linux maps each entry into its host process, from the file that is its memory: a frame beyond the end of that cannot be mapped, and the process is killed.',
    source: 'arch/um/kernel/physmem.c:phys_mapping',
  })),
];
