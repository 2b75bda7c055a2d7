import { section } from '../define.js';

const MEMORY = 'mm/memory.c:';

/** B: how special mappings are made. */
export const B = [
  section('B.1', 'What each call sets and counts', { source: 'mm/memory.c' }, [
    [
      'remap',
      'remap_pfn_range() and what is made of it set VM_IO, VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP, install special entries and count nothing.',
    ],
    ['insert-pfn', 'vmf_insert_pfn() sets no flag, installs a special entry and counts nothing.'],
    [
      'insert-mixed',
      'vmf_insert_mixed() sets no flag; its entry is special and not counted, except that without a special bit a frame with a struct page becomes a normal, counted entry.',
    ],
    [
      'insert-page',
      'vm_insert_page() and its family set VM_MIXEDMAP if it is clear, install a normal entry and count a reference, a mapcount and file RSS.',
    ],
    [
      'insert-page-mkwrite',
      'vmf_insert_page_mkwrite() sets no flag and does not ask for VM_MIXEDMAP.',
      { on: '7.2', untested: 'language', detail: 'the call' },
    ],
    [
      'insert-pfn-pmd',
      'vmf_insert_pfn_pmd() and its PUD sibling set no flag, install a raw leaf and count nothing; 6.1 has no special bit for it.',
    ],
    [
      'insert-folio',
      'vmf_insert_folio_pmd() and its PUD sibling install a normal leaf that counts all its pages.',
      { on: '7.2', untested: 'language', detail: 'the call' },
    ],
    [
      'remap-vmalloc',
      'remap_vmalloc_range() inserts the pages of a vmalloc area as counted, normal entries and adds VM_DONTEXPAND and VM_DONTDUMP; a range that leaves the area is -EINVAL.',
    ],
    [
      'apply',
      'A driver that writes entries itself through apply_to_page_range() gets what it writes: nothing is checked or counted.',
      { untested: 'language', detail: 'the call' },
    ],
    [
      'fault-page',
      'A page that a fault handler returns becomes a normal, counted entry; nothing looks at VM_PFNMAP.',
    ],
  ]),
  section(
    'B.2',
    'remap_pfn_range(), in the order of its checks',
    { source: MEMORY + 'remap_pfn_range, remap_pfn_range_notrack, do_remap_pfn_range' },
    [
      [
        'track',
        'Tracking of memory types comes first up to 6.12, with -EINVAL for any failure and the VMA untouched; 7.2 tracks after range and flags.',
        { on: 'pat', untested: 'hardware', detail: 'needs conflicting memory types' },
      ],
      ['unaligned', 'An address that is not page aligned is a warning and -EINVAL.'],
      [
        'cow-range',
        'On a COW VMA the call has to cover the whole VMA, else -EINVAL; the size counts in whole pages.',
      ],
      ['cow-pgoff', 'On a COW VMA vm_pgoff becomes the first frame, whatever it was.'],
      [
        'shared-pgoff',
        'On a VMA that is not COW vm_pgoff stays, and any number of calls in any order of frames is fine.',
      ],
      ['flags', 'VM_IO, VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP are set after the range check.'],
      ['empty', 'An empty range is a BUG, unless the VMA is COW: there it does not cover the VMA.'],
      ['over-entry', 'An entry that is not empty is a BUG.'],
      ['nomem', 'A page table that cannot be allocated is -ENOMEM.'],
      [
        'refused',
        'A frame that must not be mapped with this protection is -EACCES.',
        { on: 'x86_64', untested: 'hardware', detail: 'needs a CPU with L1TF' },
      ],
      ['prot', 'The protection is used as passed, the write bit included, also if the VMA is private.'],
      [
        'error-zaps',
        'A call that fails for its range on a COW VMA zaps that range, older entries included.',
        { on: '<=6.12' },
      ],
      ['error-leaves', 'A call that fails for its range on a COW VMA changes nothing.', { on: '7.2' }],
      [
        'inside',
        'Nobody checks that the range of a shared mapping lies in the VMA.',
        { untested: 'unsteady', detail: 'entries outside of any VMA' },
      ],
      ['frames', 'Nobody asks whose frames they are, nor how many there are.'],
      [
        'warns',
        'With per-VMA locks 6.12 warns unless mmap_lock is held for writing, as it is not in a fault handler.',
        { on: '6.12, per_vma_lock' },
      ],
      [
        'silent',
        'From a fault handler of a shared mapping the call works and edits the flags under the read lock.',
      ],
      [
        'twice',
        'A second call over a whole COW VMA meets entries: BUG, except that tracking of 7.2 refuses it with -EINVAL before.',
      ],
    ],
  ),
  section(
    'B.3',
    'io_remap_pfn_range() and vm_iomap_memory()',
    { source: MEMORY + 'vm_iomap_memory, __simple_ioremap_prep' },
    [
      ['io', 'io_remap_pfn_range() does what remap_pfn_range() does, with decrypted protection.'],
      ['io-translate', 'sparc and one mips platform translate the frame first.', { untested: 'arch' }],
      ['wraps', 'A physical region that wraps is -EINVAL.'],
      ['offset', 'vm_pgoff beyond the region is -EINVAL.'],
      ['length', 'A VMA longer than what is left of the region is -EINVAL.'],
      ['unaligned', 'A region that starts inside a page exposes the whole page.'],
      ['pgoff', "The user's vm_pgoff selects the page; on a COW VMA the frame number replaces it then."],
    ],
  ),
  section('B.4', 'vmf_insert_pfn(), in the order of its checks', { source: MEMORY + 'vmf_insert_pfn_prot' }, [
    ['no-flags', 'Without VM_PFNMAP and VM_MIXEDMAP it is a BUG.'],
    ['both-flags', 'With both flags it is a BUG.'],
    ['cow', 'In a VM_PFNMAP VMA that is COW it is a BUG.'],
    ['valid', 'In a VM_MIXEDMAP VMA a frame with a struct page is a BUG.'],
    ['outside', 'An address outside the VMA is VM_FAULT_SIGBUS.'],
    [
      'refused',
      'A frame that must not be mapped with this protection is VM_FAULT_SIGBUS.',
      { on: 'x86_64', untested: 'hardware', detail: 'needs a CPU with L1TF' },
    ],
    ['new', 'An empty entry becomes a special one: VM_FAULT_NOPAGE.'],
    [
      'present',
      'A present entry is kept, whatever frame it has, and the answer is VM_FAULT_NOPAGE all the same.',
    ],
    ['mixed-private', 'A VM_MIXEDMAP VMA may be private: the entry goes in read-only and a write copies it.'],
  ]),
  section('B.5', 'vmf_insert_mixed()', { source: MEMORY + '__vm_insert_mixed' }, [
    ['no-flag-bug', 'Without VM_MIXEDMAP it is a BUG.', { on: '6.1' }],
    ['no-flag-sigbus', 'Without VM_MIXEDMAP it is VM_FAULT_SIGBUS.', { on: '>=6.12' }],
    [
      'zero',
      'Since 6.12 the zero page is taken only where vm_insert_page() takes it, and never with mkwrite: VM_FAULT_SIGBUS. 6.1 takes it anywhere.',
    ],
    ['range', 'An address outside the VMA is VM_FAULT_SIGBUS.'],
    [
      'counted',
      'Without a special bit a frame with a struct page is inserted as a page; -EBUSY counts as success.',
      { on: '!pte_special' },
    ],
    ['raw', 'With a special bit, or without a struct page, the entry is raw and not counted.'],
    ['mkwrite-new', 'With mkwrite the new entry is young, dirty and writable if the VMA is.'],
    ['mkwrite-same', 'With mkwrite a present entry of the same frame is made writable.'],
    ['mkwrite-other', 'With mkwrite a present entry of another frame is kept and a warning given.'],
  ]),
  section(
    'B.6',
    'vm_insert_page() and its family',
    { source: MEMORY + 'vm_insert_page, vm_insert_pages, vm_map_pages' },
    [
      ['outside', 'An address outside the VMA is -EFAULT.'],
      ['count-zero', 'A page without a reference is -EINVAL: in 6.1 before VM_MIXEDMAP is set, later after.'],
      [
        'sets-mixedmap',
        'VM_MIXEDMAP is set if it is clear, under mmap_lock held for writing; not held is a BUG.',
      ],
      ['pfnmap', 'vm_insert_page() on a VM_PFNMAP VMA without VM_MIXEDMAP is a BUG.'],
      [
        'pages-pfnmap',
        'vm_insert_pages() and vm_map_pages() on a VM_PFNMAP VMA are a BUG up to 6.12; in 7.2 the VMA gets both flags, and only DEBUG_VM kernels warn.',
      ],
      ['zero', 'Since 6.12 the zero page is -EINVAL where a write can reach it; 6.1 takes it and counts it.'],
      ['kind', 'An anonymous page, a slab page or one with a type is -EINVAL.'],
      ['nomem', 'A page table that cannot be allocated is -ENOMEM.'],
      ['busy', 'A present entry is -EBUSY and nothing changes.'],
      [
        'effect',
        'The entry is normal, with a reference, a mapcount and file RSS of its own, and given back with the mapping.',
      ],
      [
        'partial',
        'vm_insert_pages() that fails half-way leaves what is in, and tells how many pages are not.',
      ],
      [
        'map-pages',
        'vm_map_pages() starts with the page that vm_pgoff names; -ENXIO if that lies behind the end or the VMA is longer than the rest.',
      ],
      ['map-pages-zero', 'vm_map_pages_zero() ignores vm_pgoff.'],
    ],
  ),
  section('B.7', 'Pages returned into VM_PFNMAP VMAs', { source: MEMORY + '__do_fault, finish_fault' }, [
    ['bit', 'With a special bit the page stays normal, and counts are balanced.', { on: 'pte_special' }],
    [
      'no-bit',
      'Without a bit it counts as special in a VMA that is not COW: reference, mapcount and RSS are never dropped.',
      { on: '!pte_special' },
    ],
  ]),
  section(
    'B.8',
    'Huge raw frames',
    { source: 'mm/huge_memory.c:vmf_insert_pfn_pmd, vmf_insert_pfn_pud; drivers/vfio/pci/vfio_pci_core.c' },
    [
      [
        'where',
        '6.1 makes huge raw leaves for DAX only; since 6.12 a huge_fault handler of a special file VMA is asked.',
      ],
      [
        'policy',
        'Where the policy for huge pages is madvise, 6.12 asks huge_fault only after MADV_HUGEPAGE; 7.2 exempts VM_PFNMAP VMAs from it.',
      ],
      ['cow', 'A VM_PFNMAP VMA that is COW is a BUG here, too.'],
      ['mixed-private', 'A private VM_MIXEDMAP VMA is not refused: a write fault installs a writable leaf.'],
      ['range', 'An address outside the VMA is VM_FAULT_SIGBUS.'],
      [
        'alignment',
        "The address is rounded down to the leaf, the frame is not checked: its alignment is the driver's duty.",
      ],
      [
        'present',
        'A present leaf is kept on a read; on a write the same frame becomes writable and another one is a warning.',
      ],
      [
        'l1tf',
        'Huge leaves are not held against the limit for PROT_NONE frames.',
        { untested: 'hardware', detail: 'needs a CPU with L1TF' },
      ],
      [
        'vfio',
        'vfio-pci refuses mappings without VM_SHARED with -EINVAL, sets the flags itself and populates in its handlers.',
      ],
    ],
  ),
  section('B.9', 'Tracking of memory types on x86', { source: 'arch/x86/mm/pat/memtype.c', on: 'pat' }, [
    [
      'full',
      'A remap of a whole VMA reserves its memory type and marks the VMA: VM_PAT up to 6.12, a counted context in 7.2.',
    ],
    ['part', 'A remap of a part only looks the memory type up; frames of different types are -EINVAL.'],
    ['mtrr', 'A wb request for memory that is not RAM is UC-, for the MTRRs do not say wb.'],
    [
      'overlap',
      'A range that overlaps a reservation gets the type of that one in place of what was asked for.',
    ],
    [
      'refused',
      'Where that would be more cached than asked for, or there are several types, the remap is -EINVAL.',
    ],
    [
      'ram',
      'A raw entry of RAM gets the type of its page, with a warning in the log when another was asked for.',
    ],
    [
      'pages',
      'Nobody tracks pages: inserted, handed out by a handler or copied, they have the type of vm_page_prot.',
    ],
    [
      'insert',
      'Single raw frames and leaves get the type that is tracked for the frame, UC- without reservation.',
    ],
    [
      'release',
      'The reservation of a range ends with its last mapping, and the range can then be reserved with another type.',
    ],
    [
      'leak',
      'Up to 6.12 munmap() of the first pages of a tracked VMA frees nothing: their type stays reserved for good.',
      { on: 'pat, <=6.12' },
    ],
    [
      'revoke',
      'Up to 6.12 a zap of a part through the file frees the reservation of the whole VMA, whose other entries stay.',
      { on: 'pat, <=6.12' },
    ],
    ['twice', 'A second remap of the whole VMA is -EINVAL.', { on: 'pat, 7.2' }],
    [
      'fork',
      'Up to 6.12 fork looks for frame and memory type in the first entry, and fails if that is not raw; the child of 7.2 takes a reference on the context.',
    ],
    ['split', 'Both halves of a split VMA stay tracked.'],
    ['move', 'A move takes the tracking along.'],
    ['unmap', 'Unmapping the whole range through the file ends the tracking.', { on: 'pat, <=6.12' }],
    [
      'l1tf',
      'A PROT_NONE mapping of a high frame without struct page is refused to the unprivileged on CPUs with L1TF.',
      { untested: 'hardware', detail: 'needs a CPU with L1TF' },
    ],
  ]),
  section('B.10', 'dma_mmap_coherent() and others', { source: 'kernel/dma/direct.c:dma_direct_mmap' }, [
    [
      'dma',
      'dma_mmap_coherent() of a direct buffer is remap_pfn_range() of its RAM over the whole VMA, so that a private mapping of it is COW.',
    ],
    ['dma-range', 'An offset or length beyond the buffer is -ENXIO.'],
    [
      'dma-iommu',
      'A buffer made of scattered pages by an IOMMU is inserted page by page, counted.',
      { untested: 'subsystem', detail: 'IOMMU' },
    ],
    [
      'io-mapping',
      'io_mapping_map_user() insists on VM_PFNMAP, VM_DONTEXPAND and VM_DONTDUMP; it is gone in 7.2.',
      { on: '<=6.12', untested: 'language', detail: 'the call' },
    ],
    [
      'vmcore',
      '/proc/vmcore has VMAs with both VM_PFNMAP and VM_MIXEDMAP, made by remap_pfn_range() and remap_vmalloc_range().',
    ],
    [
      'perf',
      'perf maps single RAM pages of a shared mapping with one remap_pfn_range() each, read-only, and makes one of them writable on a write.',
    ],
    [
      'vdso',
      "The kernel's own special mappings have VM_DONTEXPAND and are VM_PFNMAP only where they say so.",
    ],
  ]),
  section(
    'B.11',
    'mmap_prepare and its actions',
    {
      source: 'mm/vma.c:__mmap_region; mm/util.c:mmap_action_prepare, mmap_action_complete',
      on: 'mmap_prepare',
    },
    [
      ['fixed-first', 'What MAP_FIXED replaces is gone before the hook runs, even if the hook fails.'],
      ['hook-error', 'An error of the hook is returned as it is, and no VMA exists.'],
      ['outside', 'A remap action that leaves the mapping warns and is -EFAULT.'],
      ['cow-part', 'A remap action over a part of a COW mapping is -EINVAL before any VMA exists.'],
      [
        'cow-full',
        'A remap action over a whole COW mapping makes vm_pgoff the first frame and sets the four flags.',
      ],
      [
        'no-merge',
        'The VMA is merged, if at all, with the flags that the hook and the action left; special flags forbid it.',
      ],
      [
        'late',
        'The entries of an action are installed after the VMA is linked: another thread may come in between.',
      ],
      [
        'complete-error',
        "If installing fails the whole VMA is unmapped and the hook's error, or the one that occurred, is returned.",
      ],
      ['no-ops', 'A hook that leaves vm_ops alone gets the dummy operations: the VMA is not anonymous.'],
      ['null-ops', 'A hook that sets vm_ops to NULL makes the VMA anonymous.'],
      [
        'override',
        "error_override of the hook takes the place of errors of the action's completion only; one that is no errno warns and is -EINVAL.",
      ],
      [
        'prot',
        'A remap action installs its entries with the protection of the moment when the hook recorded it.',
      ],
      ['ioremap', 'An I/O remap action is a remap action with translated frame and decrypted protection.'],
      [
        'simple-ioremap',
        'The simple I/O remap action compares offset and length as vm_iomap_memory() does: -EINVAL.',
      ],
      [
        'kernel-pages',
        'The action that maps kernel pages sets VM_MIXEDMAP and inserts them counted, with the protection that the VMA ends with.',
      ],
      [
        'mapped',
        '->mapped is called once for a new VMA, after its action and without locks of the file; an error of it takes the VMA away.',
      ],
      [
        'hidden',
        'A hook that asks for hiding from the rmap has the lock of the file held until the action is complete.',
      ],
      [
        'compat',
        'A legacy ->mmap may let the hook of another file describe its VMA; errors are its own to clean up.',
      ],
    ],
  ),
];
