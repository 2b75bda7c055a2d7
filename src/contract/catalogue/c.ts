import { section } from '../define.js';

/** C.1 to C.6: how a mapping begins, what faults and writes make of it, and fork. */
export const C_BEGINS = [
  section('C.1', 'mmap', { source: 'mm/mmap.c:do_mmap; mm/vma.c:__mmap_region' }, [
    [
      'errors',
      'Length 0 is -EINVAL; a shared writable mapping of a descriptor without write permission and any mapping of one without read permission are -EACCES; all before the driver is asked.',
    ],
    [
      'fixed',
      'MAP_FIXED removes what was there before the driver is asked; a driver that then refuses leaves a hole.',
    ],
    [
      'before-link',
      '->mmap runs before the VMA can be found through its file: an unmap by file range in between misses it.',
    ],
    [
      'error-zaps',
      'After an error of ->mmap the entries it made are zapped, nothing stays counted, and the error is returned as it is.',
    ],
    ['no-ops', 'A driver that sets no vm_ops does not get an anonymous VMA: a touch of a hole is SIGBUS.'],
    ['locked', 'VM_LOCKED is dropped after ->mmap if the VMA has a special flag.'],
    [
      'notify',
      'A shared writable VMA with pfn_mkwrite or page_mkwrite gets a protection without the write bit after ->mmap.',
    ],
    [
      'early',
      'Entries made inside ->mmap use the protection from before that: they are writable, and pfn_mkwrite is never called for them.',
    ],
    ['populate', 'MAP_POPULATE skips VM_IO and VM_PFNMAP VMAs and fills VM_MIXEDMAP ones.'],
    [
      'start',
      'A driver that changes vm_start is warned.',
      { untested: 'language', detail: 'an assignment to vm_start' },
    ],
    [
      'maywrite',
      'Setting VM_MAYWRITE in ->mmap where it was clear is a warning of DEBUG_VM kernels.',
      { untested: 'build' },
    ],
  ]),
  section(
    'C.2',
    'Faults before the handler',
    { source: 'mm/memory.c:handle_mm_fault, sanitize_fault_flags' },
    [
      ['permission', 'An access that the VMA does not permit is SIGSEGV and never reaches the driver.'],
      [
        'flags',
        'Fault flags that contradict the VMA (a write without VM_MAYWRITE, UNSHARE with WRITE) are a warning and SIGSEGV.',
      ],
      ['huge', 'An empty PUD or PMD asks huge_fault first; VM_FAULT_FALLBACK goes on one level down.'],
      [
        'wp-huge',
        'A write to a read-only leaf asks huge_fault for shared VMAs and otherwise splits, that is clears, the leaf.',
      ],
      [
        'vma-lock',
        'Under the lock of the VMA no handler for pages is called: the fault begins again with mmap_lock, and huge_fault is asked again.',
        { on: 'per_vma_lock' },
      ],
      ['table', 'Where a table exists, huge_fault is not asked for its leaf any more.'],
      ['oom', 'VM_FAULT_OOM kills nobody: the access faults again; for GUP and user copies it is an error.'],
      [
        'young',
        'An access to a present entry that permits it makes it young, and dirty if it is a write.',
        { untested: 'internal', detail: 'no observer shows young and dirty bits' },
      ],
    ],
  ),
  section('C.3', 'Faults on empty entries', { source: 'mm/memory.c:do_anonymous_page, do_fault' }, [
    ['anon-shared', 'In an anonymous VMA (vm_ops NULL) with VM_SHARED any access is SIGBUS.'],
    ['anon-read', 'In a private anonymous VMA a read maps the zero page.'],
    [
      'anon-write',
      'In a private anonymous VMA a write maps a new exclusive page with one reference, one mapcount and anonymous RSS.',
    ],
    ['no-fault', 'In a file VMA without a fault handler any access is SIGBUS.'],
    [
      'read',
      'A read asks ->map_pages if there is one, then ->fault; a page that it returns is mapped and counted as a file page.',
    ],
    [
      'retry',
      'A handler that has let go of the lock and answers VM_FAULT_RETRY is asked again, once, with FAULT_FLAG_TRIED; everything may have changed in between.',
    ],
    [
      'lock',
      'Whether the lock is still held is taken from the answer of the handler: one that does not tell the truth leaves it held, or has it released twice.',
    ],
    [
      'waits',
      'A handler runs with a lock of the address space held for reading: who waits there for a lock that others hold across faults or user copies may wait for ever.',
    ],
    [
      'cow',
      'A write to a VMA without VM_SHARED allocates a page before it asks ->fault, and copies into it; if the handler installs an entry itself the page is given back.',
    ],
    ['shared', 'A write to a VM_SHARED VMA asks ->fault, then page_mkwrite, and maps the page writable.'],
  ]),
  section('C.4', 'Writes to read-only entries', { source: 'mm/memory.c:do_wp_page, wp_pfn_shared' }, [
    ['pfn-shared', 'A shared raw entry asks pfn_mkwrite, if there is one, and becomes writable.'],
    ['pfn-refused', "An error of pfn_mkwrite is the fault's: SIGBUS, and the entry stays read-only."],
    ['page-shared', 'A shared page asks page_mkwrite and becomes writable.'],
    ['exclusive', 'A private anonymous page that is exclusive is reused in place.'],
    ['last', 'A private anonymous page with one reference left is made exclusive and reused.'],
    ['copy', 'Any other private page is copied; the reference on the original is dropped.'],
    ['copy-raw', 'A private raw entry is copied although it has no page.'],
    ['unshare-anon', 'An UNSHARE of an exclusive anonymous page changes nothing; one that is not is copied.'],
    ['unshare-other', 'An UNSHARE of a file page or the zero page copies it read-only.', { on: '>=6.12' }],
    ['unshare-none', 'An UNSHARE of a file page or the zero page changes nothing.', { on: '6.1' }],
    [
      'unshare-raw',
      'An UNSHARE of a raw entry copies it read-only since 6.12.',
      { on: '>=6.12', untested: 'internal', detail: 'GUP gives -EEXIST before it would unshare a raw entry' },
    ],
  ]),
  section('C.5', 'The copy of a raw entry', { source: 'mm/memory.c:wp_page_copy, __wp_page_copy_user' }, [
    [
      'user-address',
      "The copy is read through the user's mapping, so that a frame without a struct page can be copied.",
    ],
    [
      'zero-filled',
      'If the entry cannot be read even twice the page is filled with zeros and a warning given; the task sees no error.',
      {
        untested: 'internal',
        detail: 'an entry that cannot be read has changed, and the fault starts again',
      },
    ],
    [
      'recheck',
      'The entry must be the same when the copy goes in; otherwise the copy is given back and the access starts again.',
    ],
    ['rss', 'Anonymous RSS goes up by one and nothing else goes down.'],
    [
      'counts',
      'The new page has one reference and one mapcount; the frame behind the old entry is neither written nor counted.',
    ],
    ['exclusive', 'The new page is anonymous and exclusive, writable if the VMA is.'],
    ['caching', "The new entry has the VMA's protection, cache attributes included."],
    ['nomem', 'A copy for which there is no memory ends the process and leaves nothing counted.'],
  ]),
  section('C.6', 'fork', { source: 'kernel/fork.c:dup_mmap; mm/memory.c:copy_page_range, vma_needs_copy' }, [
    ['dontcopy', 'A VM_DONTCOPY VMA is left out.'],
    ['wipeonfork', 'A VMA with VM_WIPEONFORK is copied without its entries.'],
    ['needs-copy', 'Entries of a VM_PFNMAP or VM_MIXEDMAP VMA, or of one with anonymous pages, are copied.'],
    [
      'io-only',
      'Entries of a file VMA with neither flag and no anonymous page are not: the child starts with holes, also if VM_IO is set.',
    ],
    ['locked', 'VM_LOCKED is cleared in the child.'],
    ['open', "->open is called for the child's VMA before its entries are copied."],
    ['same', "The child's VMA has the same range, flags and vm_pgoff, so that the linear rule goes along."],
    [
      'enomem',
      'A tracked private mapping whose first entry is not raw any more makes fork fail with -ENOMEM.',
      { on: 'pat, <=6.12' },
    ],
    ['special-shared', 'A raw entry of a shared VMA is copied as it is, writable if it was.'],
    ['special-cow', 'A raw entry of a COW VMA is read-only in both afterwards.'],
    ['special-neither', 'A raw entry of a private VMA without VM_MAYWRITE is copied as it is.'],
    ['special-counts', 'No raw entry is counted for the child.'],
    ['page', 'A normal file entry is copied with a reference, a mapcount and RSS for the child.'],
    ['anon', 'An anonymous page is shared read-only and is not exclusive any more.'],
    ['pinned', 'An exclusive anonymous page that may be pinned is copied for the child at once.'],
    ['both-copy', 'After fork parent and child get a copy each of a raw private page that both write.'],
    ['huge-pmd', 'A raw PMD leaf is copied as it is since 6.12, not write-protected; 6.1 leaves it out.'],
    ['huge-pud', 'A raw PUD leaf is copied, write-protected in both if the VMA is COW.'],
    [
      'in-tree',
      "The child's VMA can be found through the file before its entries are copied, so that an unmap by file range misses nobody.",
    ],
  ]),
];
