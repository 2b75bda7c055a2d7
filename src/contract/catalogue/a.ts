import { section } from '../define.js';

const CLASSIFIER = 'mm/memory.c:vm_normal_page, __vm_normal_page';

/** A: which entries are special. */
export const A = [
  section(
    'A.1',
    'Which mappings are copy-on-write',
    { source: 'include/linux/mm.h:is_cow_mapping; mm/mmap.c:do_mmap' },
    [
      [
        '1',
        'A MAP_PRIVATE mapping of a file is COW whatever its protection: VM_MAYWRITE is set and VM_SHARED is not, also for PROT_READ of a read-only descriptor.',
      ],
      [
        '2',
        'A MAP_SHARED mapping of a descriptor opened for reading and writing has VM_SHARED and is not COW.',
      ],
      [
        '3',
        'A MAP_SHARED mapping of a read-only descriptor has VM_MAYSHARE only, neither VM_SHARED nor VM_MAYWRITE, and is not COW.',
      ],
      ['4', 'A private mapping whose driver takes VM_MAYWRITE away is not COW.'],
      ['5', 'Private anonymous memory is COW.'],
    ],
  ),
  section('A.2', 'Class of a PTE, with a special bit', { source: CLASSIFIER, on: 'pte_special' }, [
    [
      '1',
      'An entry without the special bit is normal whatever the VMA says; vm_pgoff, VM_PFNMAP and pfn_valid() are not asked.',
    ],
    [
      '2',
      'For a special entry a lookup hook of the VMA (find_special_page, in 7.2 find_normal_page) is asked first and may name a page.',
    ],
    ['3', 'A special entry of a VM_PFNMAP or VM_MIXEDMAP VMA has no page.'],
    [
      '4',
      'A special entry that maps a zero page has no page, in any VMA; since 7.2 the frames of the huge zero page count, too.',
    ],
    ['5', 'A special devmap entry has no page.', { on: 'pte_special, <=6.12', untested: 'dax' }],
    ['6', 'Any other special entry is reported as a bad map and has no page.'],
    [
      '8',
      'An entry without the bit whose frame lies above highest_memmap_pfn is reported as a bad map and has no page.',
    ],
    ['9', 'Every other entry without the bit has the struct page of its frame.'],
  ]),
  section('A.3', 'Class of a PTE, without a special bit', { source: CLASSIFIER, on: '!pte_special' }, [
    ['1', 'In a VM_MIXEDMAP VMA a frame without a struct page has no page.'],
    [
      '2',
      'In a VM_MIXEDMAP VMA a frame with a struct page is that page: in 6.1 even the zero page; 6.12 excepts it; 7.2 goes on to the tests of the zero page and of highest_memmap_pfn.',
    ],
    ['3', 'In a VM_PFNMAP VMA the frame that vm_pgoff names for the address (the linear rule) has no page.'],
    ['4', 'In a VM_PFNMAP VMA that is not COW no entry has a page.'],
    ['5', 'A zero page has no page in any other VMA.'],
    ['6', 'A frame above highest_memmap_pfn is reported as a bad map and has no page.'],
    ['7', 'Every other frame is its struct page, whoever put it there.'],
    ['both', 'If a VMA has both VM_PFNMAP and VM_MIXEDMAP, the rules of VM_MIXEDMAP decide.'],
  ]),
  section('A.4', 'Class of huge leaves', { source: 'mm/memory.c:vm_normal_page_pmd, vm_normal_page_pud' }, [
    [
      'special',
      'A PMD leaf with a special bit has no page: since 6.12, without a look at the flags; in 7.2 by the list of A.2 where the architecture supports the bit.',
      { on: '>=6.12' },
    ],
    [
      'rules',
      'Without a bit at this level the rules of the VMA decide as in A.3, also on architectures whose PTEs have one.',
    ],
    ['devmap', 'A devmap leaf has no page.', { on: '<=6.12', untested: 'dax' }],
    ['zero', 'The huge zero page has no page.', { untested: 'anon-thp' }],
    [
      'limit',
      'A leaf above highest_memmap_pfn has no page; only 7.2 reports it.',
      {
        untested: 'internal',
        detail: 'VM_MIXEDMAP asks pfn_valid() first, and private VM_PFNMAP mappings have no leaves',
      },
    ],
    [
      'pud',
      'PUD leaves have a classifier of their own since 7.2; before, only folio_walk_start() of 6.12 looks at their bits.',
    ],
    ['first', 'The page given is the first of the leaf; callers add the offset.'],
  ]),
  section('A.5', 'Lookup hooks', { source: 'drivers/xen/gntdev.c' }, [
    [
      '1',
      'Only Xen grants use a lookup hook: their entries are special and the VMA knows the pages behind them.',
    ],
  ]),
  section('A.6', 'Zero pages', { source: 'mm/memory.c:do_anonymous_page; include/linux/pgtable.h' }, [
    [
      '1',
      'A read of untouched anonymous memory maps the zero page, special where there is a bit, without reference, mapcount or RSS.',
    ],
    [
      '2',
      'vm_insert_page() of the zero page is an ordinary counted insertion in 6.1; since 6.12 it is allowed only where no write can reach it, and is special and not counted.',
    ],
    [
      '3',
      'KSM of 6.12 and later maps the zero page with the dirty bit set, which marks it as its own.',
      { on: '>=6.12', untested: 'subsystem', detail: 'KSM' },
    ],
    ['4', 's390 may forbid zero pages for a process: a read fault allocates then.'],
    ['5', 'The huge zero page has a special bit in 7.2 only.', { untested: 'anon-thp' }],
  ]),
  section(
    'A.7',
    'Four kinds of frames',
    { source: 'include/linux/mmzone.h:pfn_valid; mm/mm_init.c:memmap_init_range' },
    [
      [
        'F1',
        'A raw frame above highest_memmap_pfn that has lost its class is noticed: bad-map report, no page.',
        { on: '!pte_special' },
      ],
      [
        'F2',
        'A raw frame below highest_memmap_pfn without a struct page that has lost its class makes the classifier return a pointer into no memmap.',
        { on: '!pte_special' },
      ],
      [
        'F3',
        'A raw reserved frame with a struct page that has lost its class is taken for a counted page without a word.',
        { on: '!pte_special' },
      ],
      [
        'F4',
        'A raw frame of the allocator that has lost its class is taken for a counted page without a word.',
        { on: '!pte_special' },
      ],
    ],
  ),
  section('A.8', 'The bad-map report', { source: 'mm/memory.c:print_bad_pte, print_bad_page_map' }, [
    [
      '1',
      'A bad-map report is text and a taint: nobody gets a signal, and the caller goes on without a page.',
    ],
    ['2', 'A mapcount that falls below zero when an entry is zapped is reported as a bad map, too.'],
    [
      '3',
      'After 60 reports in a minute the next ones are only counted.',
      { untested: 'internal', detail: 'the model counts all reports' },
    ],
  ]),
];
