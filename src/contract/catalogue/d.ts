import { section } from '../define.js';

const other = (detail: string) => ({ untested: 'subsystem', detail }) as const;

/** D.1 to D.5: who looks at page tables, and by which rule. */
export const D_WALKS = [
  section('D.1', 'Slow GUP', { source: 'mm/gup.c:check_vma_flags, follow_page_pte' }, [
    ['1', 'A VMA with VM_IO or VM_PFNMAP is -EFAULT before any entry is looked at, whatever the FOLL flags.'],
    [
      '2',
      'FOLL_ANON on a VMA that is not anonymous is -EFAULT.',
      { untested: 'internal', detail: 'no caller of the language sets it' },
    ],
    ['3', 'A long-term pin of fsdax is -EOPNOTSUPP.', { untested: 'dax' }],
    ['4', 'FOLL_SPLIT_PMD on hugetlb is -EOPNOTSUPP.', { on: '>=6.12', untested: 'hugetlb' }],
    ['5', 'secretmem is -EFAULT.', { untested: 'subsystem', detail: 'secretmem' }],
    [
      '6',
      'A long-term pin for writing of a shared file mapping that wants to hear of first writes is -EFAULT.',
      { on: '>=6.12' },
    ],
    ['7', 'A write to a VMA without VM_WRITE is -EFAULT, unless FOLL_FORCE is given.'],
    ['8', 'With FOLL_FORCE, a hugetlb VMA is -EFAULT.', { on: '<=6.12', untested: 'hugetlb' }],
    ['9', 'With FOLL_FORCE, a VMA that is not COW is -EFAULT.'],
    ['10', 'A read of a VMA without VM_READ is -EFAULT; FOLL_FORCE helps if VM_MAYREAD is set.'],
    [
      '11',
      'A protection key that refuses is -EFAULT.',
      { untested: 'hardware', detail: 'needs protection keys' },
    ],
    ['raw', 'A raw entry is -EEXIST.'],
    ['raw-populate', 'For populate and its like the -EEXIST of a raw entry is success.'],
    ['populate-hole', 'MADV_POPULATE stops at a hole with -ENOMEM; what lies before it is populated.'],
    ['dump', 'With FOLL_DUMP an entry without a page is -EFAULT.'],
    ['zero', 'The zero page is given like a page; a pin of it counts nothing.'],
    ['page', 'A page gets a reference, with FOLL_PIN 1024 of them, until it is put.'],
    ['unshare', 'A read pin of an anonymous page that is not exclusive unshares it first.'],
    [
      'unshare-longterm',
      'A long-term read pin of any other page in a COW VMA, the zero page included, unshares it first.',
      { on: '>=6.12' },
    ],
    [
      'keeps-longterm',
      'A long-term read pin of any other page in a COW VMA takes the page as it is.',
      { on: '6.1' },
    ],
    ['fault', 'SIGBUS and SIGSEGV of a fault on behalf of GUP are -EFAULT.'],
    ['huge', 'A huge leaf gives its struct page without a look at its special bit.'],
  ]),
  section('D.2', 'Fast GUP', { source: 'mm/gup.c:gup_pte_range, gup_fast_pte_range' }, [
    ['bit', 'It exists at the level of PTEs only with a special bit.'],
    ['special', 'It gives a special entry up and leaves it to slow GUP.'],
    [
      'no-vma',
      'It does not look at the VMA: the copied page of a VM_PFNMAP VMA is found, its raw neighbour is -EFAULT.',
      { on: 'pte_special' },
    ],
    ['refused', 'Without a special bit both are -EFAULT.', { on: '!pte_special' }],
    ['mapping', 'Since 6.12 it leaves pages without a page->mapping to slow GUP, where secretmem may exist.'],
    ['huge-plain', 'Where leaves have no special bit it takes a raw leaf for pages.', { on: '!pmd_pfnmap' }],
    ['huge', 'It gives a special leaf up.', { on: '>=6.12' }],
  ]),
  section(
    'D.3',
    'Lookup of raw frames',
    { source: 'mm/memory.c:follow_pfnmap_start, generic_access_phys, __access_remote_vm' },
    [
      ['vma', 'A VMA with neither VM_IO nor VM_PFNMAP is -EINVAL.'],
      ['absent', 'An entry that is not present is -EINVAL.'],
      ['any', 'Any present entry is given, a copied page as well as a raw frame; nobody says which.'],
      [
        'access',
        '/proc/pid/mem and ptrace use ->access of the driver where GUP fails, if the architecture has HAVE_IOREMAP_PROT; else -EIO.',
      ],
      ['access-none', 'Without ->access a raw mapping is -EIO.'],
      ['access-cowed', 'generic_access_phys() of a copied page fails where RAM cannot be ioremapped.'],
      [
        'process-vm',
        'process_vm_readv() and process_vm_writev() take pins only and never ask ->access: -EFAULT.',
      ],
      ['process-vm-cow', 'process_vm_writev() copies a page that is shared over fork before it writes.'],
      [
        'follow-phys',
        'follow_phys() wants a raw entry and, to write, a writable one.',
        { on: '<=6.12', untested: 'internal', detail: 'seen through fork with tracking: C.6-enomem' },
      ],
    ],
  ),
  section(
    'D.4',
    'folio_walk_start() and move_pages()',
    { source: 'mm/pagewalk.c:folio_walk_start; mm/migrate.c' },
    [
      [
        'pte',
        'It never looks at VM_PFNMAP, only at the class of the entry: NULL for raw, the page otherwise.',
        { on: 'folio_walk' },
      ],
      ['zero', 'The zero page is given only if asked for.', { on: 'folio_walk' }],
      ['pmd', 'A PMD leaf is classified.', { on: 'folio_walk' }],
      [
        'pud',
        'A PUD leaf is refused by its special bit in 6.12 and classified in 7.2.',
        { on: 'folio_walk' },
      ],
      [
        'move',
        'move_pages() that is to move a page of a VM_IO or VM_PFNMAP VMA is -EFAULT.',
        other('move_pages()'),
      ],
      [
        'move-query',
        'move_pages() that asks where a raw page is says -EFAULT in 6.1 and -ENOENT later.',
        other('move_pages()'),
      ],
    ],
  ),
  section('D.5', 'Page walks', { source: 'mm/pagewalk.c:walk_page_test' }, [
    ['test', 'A walk by range passes VM_PFNMAP VMAs over as holes.'],
    ['vma', 'A walk of one VMA does so in 6.1 only.'],
    ['io', 'VM_IO and VM_MIXEDMAP do not stop a walk.'],
    ['splits', 'A walk that does not handle huge leaves splits them: a raw leaf is removed.'],
  ]),
];

/** D.6 to D.8: what user space sees, and everybody else. */
export const D_OTHERS = [
  section('D.6', 'smaps, numa_maps, clear_refs', { source: 'fs/proc/task_mmu.c' }, [
    ['raw', 'Raw entries add nothing to Rss.'],
    ['pfnmap-6.1', 'A VM_PFNMAP VMA is not walked: Rss is 0 even if pages were copied.', { on: '6.1' }],
    ['pfnmap', 'Copied pages of a VM_PFNMAP VMA count in Rss.', { on: '>=6.12' }],
    ['mixedmap', 'Inserted pages of a VM_MIXEDMAP VMA count in Rss.'],
    ['zero', 'Zero pages add nothing.'],
    [
      'rollup',
      'smaps_rollup skips the rest of a VM_PFNMAP VMA that it enters in the middle.',
      other('smaps_rollup'),
    ],
    ['huge', 'A raw PMD leaf adds nothing; a raw PUD leaf is removed by reading.'],
    ['numa', 'numa_maps walks VM_PFNMAP VMAs since 6.12.', other('numa_maps')],
    [
      'status',
      'RSS in status counts copied pages as anonymous and inserted ones as file pages, whatever the flags of the VMA.',
    ],
    [
      'soft-dirty',
      'After clear_refs pages are soft-clean and read-only; a write makes them soft-dirty, a read does not.',
    ],
    [
      'clear-refs',
      'clear_refs write-protects raw entries of VM_MIXEDMAP VMAs and leaves VM_PFNMAP ones alone.',
    ],
  ]),
  section('D.7', 'pagemap', { source: 'fs/proc/task_mmu.c:pagemap_read' }, [
    ['pfnmap', 'A VM_PFNMAP VMA shows nothing, copied pages included.'],
    ['raw', 'A raw entry of a VM_MIXEDMAP VMA shows its frame.'],
    ['zero', 'The zero page shows its frame.'],
    ['page', 'An inserted page shows its frame.'],
    ['anon', 'An anonymous page of any other VMA shows its frame.'],
    [
      'scan',
      'PAGEMAP_SCAN does not report VM_PFNMAP VMAs at all.',
      { on: '>=6.12', ...other('PAGEMAP_SCAN') },
    ],
    ['huge', 'A huge leaf shows its struct page without a look at its special bit.'],
  ]),
  section('D.8', 'Everybody else', { source: 'see the row' }, [
    [
      'KVM',
      'KVM takes a raw frame of a VM_IO or VM_PFNMAP VMA by lookup if GUP fails; of a VM_MIXEDMAP VMA it takes none.',
      { source: 'virt/kvm/kvm_main.c:hva_to_pfn' },
    ],
    [
      'KVM-ro',
      'KVM never makes the copy of a private raw page itself: a write finds the entry present and read-only.',
      { source: 'virt/kvm/kvm_main.c:hva_to_pfn_remapped' },
    ],
    [
      'KVM-refcount',
      'KVM takes a reference on a raw frame up to 6.12 if it can, and none in 7.2.',
      { source: 'virt/kvm/kvm_main.c:hva_to_pfn_remapped' },
    ],
    [
      'VFIO',
      'VFIO pins, and if that fails takes raw frames that have no struct page or are reserved.',
      { source: 'drivers/vfio/vfio_iommu_type1.c:vaddr_get_pfns' },
    ],
    [
      'iommufd',
      'iommufd only pins: -EFAULT.',
      { source: 'drivers/iommu/iommufd/pages.c', ...other('iommufd') },
    ],
    [
      'HMM',
      'HMM gives an error for VM_IO and VM_PFNMAP VMAs and for raw entries, -EFAULT if a fault was requested.',
      { source: 'mm/hmm.c:hmm_vma_walk_test, hmm_vma_handle_pte' },
    ],
    ['KSM', 'KSM leaves VMAs with a special flag alone.', { source: 'mm/ksm.c', ...other('KSM') }],
    [
      'khugepaged',
      'khugepaged leaves VMAs with a special flag alone.',
      { source: 'mm/khugepaged.c', untested: 'anon-thp' },
    ],
    [
      'thp-fault',
      'Faults in anonymous VMAs with a special flag get no huge pages.',
      { source: 'mm/huge_memory.c:__thp_vma_allowable_orders', untested: 'anon-thp' },
    ],
    [
      'migration',
      'Migration starts from pages and meets no raw entry.',
      { source: 'mm/migrate.c', ...other('migration') },
    ],
    [
      'migrate-vma',
      'migrate_vma_setup() refuses VMAs with a special flag with -EINVAL.',
      { source: 'mm/migrate_device.c:migrate_vma_setup' },
    ],
    [
      'NUMA',
      'NUMA balancing leaves VM_IO, VM_PFNMAP and VM_MIXEDMAP VMAs alone.',
      { source: 'kernel/sched/fair.c:task_numa_work', ...other('NUMA balancing') },
    ],
    [
      'mbind',
      'mbind() and migrate_pages() skip VM_IO and VM_PFNMAP VMAs.',
      { source: 'mm/mempolicy.c', ...other('memory policies') },
    ],
    [
      'MGLRU',
      'Ageing skips VMAs with a special flag.',
      { source: 'mm/vmscan.c:should_skip_vma', untested: 'swap' },
    ],
    [
      'reclaim',
      'Reclaim works on pages of the LRU and meets no raw entry.',
      { source: 'mm/vmscan.c', untested: 'swap' },
    ],
    ['DAMON', 'DAMON skips VM_PFNMAP VMAs.', { source: 'mm/damon/vaddr.c', ...other('DAMON') }],
    [
      'OOM',
      'The OOM reaper skips VM_PFNMAP VMAs.',
      { source: 'mm/oom_kill.c:__oom_reap_task_mm', ...other('OOM killer') },
    ],
    [
      'coredump',
      'A core dump leaves out VM_DONTDUMP and VM_IO VMAs, and raw entries of others.',
      { source: 'fs/coredump.c:vma_dump_size, mm/gup.c:get_dump_page' },
    ],
    [
      'dump-filter',
      'With the default filter a core dump holds VMAs with copied pages only, no shared ones of devices.',
      { source: 'fs/coredump.c:vma_dump_size' },
    ],
    [
      'dump-elf',
      'A core dump reads the first page of a readable private VMA of offset 0 without copied pages, through ->fault if need be: an ELF header is dumped.',
      { source: 'fs/coredump.c:dump_vma_snapshot' },
    ],
    [
      'dump-lock',
      'A handler that a core dump calls may let go of mmap_lock in 6.1 only.',
      { source: 'mm/gup.c:get_dump_page' },
    ],
    [
      'uffd',
      'userfaultfd registers anonymous memory only, VMAs without vm_ops included; since 6.12 none with a special flag.',
      { source: 'include/linux/userfaultfd_k.h:vma_can_userfault' },
    ],
    [
      'uffd-zero',
      'UFFDIO_ZEROPAGE installs a special zero page.',
      { source: 'mm/userfaultfd.c', ...other('UFFDIO_ZEROPAGE') },
    ],
    [
      'dump-hole',
      'A missing entry is a hole for a core dump where there is no ->fault, which is called otherwise.',
      { source: 'mm/gup.c:no_page_table' },
    ],
    ['mlock', 'mlock never marks a VMA with a special flag.', { source: 'mm/mlock.c:mlock_fixup' }],
    ['mincore', 'mincore does not see raw entries of VM_PFNMAP VMAs.', { source: 'mm/mincore.c' }],
    [
      'memory-failure',
      'Memory failure compares frames and walks VM_PFNMAP VMAs as well.',
      { source: 'mm/memory-failure.c', ...other('memory failure') },
    ],
    [
      'page-table-check',
      'The check of page tables counts raw entries of valid frames in 6.12 only.',
      { source: 'mm/page_table_check.c', untested: 'build' },
    ],
    [
      'uprobes',
      'uprobes do not ask for special flags; reading the page fails later.',
      { source: 'kernel/events/uprobes.c', ...other('uprobes') },
    ],
    [
      'gup-users',
      'futex, O_DIRECT, io_uring, RDMA and vmsplice are users of GUP: -EFAULT or, from VM_MIXEDMAP, -EEXIST.',
      { source: 'mm/gup.c' },
    ],
    [
      'user-copy',
      'copy_to_user() and copy_from_user() go through the page tables as the program does, and fault as it does.',
      { source: 'lib/usercopy.c' },
    ],
    [
      'i915',
      'i915 refuses user pointers into VM_PFNMAP and VM_MIXEDMAP VMAs.',
      { source: 'drivers/gpu/drm/i915/gem/i915_gem_userptr.c', ...other('i915') },
    ],
    [
      'dev-mem',
      'read() of /dev/mem goes by physical address, not by mapping.',
      { source: 'drivers/char/mem.c', ...other('/dev/mem') },
    ],
  ]),
];
