import { enforced } from '../define.js';
import type { Rule } from '../types.js';

const MEMORY = 'mm/memory.c:';
const DRIVER = { kind: 'creation', owes: ['driver'], evidence: 'read', without: {} } as const;

/** F.I: what whoever makes a special mapping owes. */
export const CREATION = [
  {
    ...DRIVER,
    id: 'F-1a',
    statement:
      'A frame that is mapped raw is not freed, or put to another use, while user space can reach it. The mapping takes no reference: the driver holds the frame.',
    source: MEMORY + 'remap_pfn_range, insert_pfn',
    breaks:
      "The program reads and writes whatever the frame holds next: kernel data, or another program's page.",
    enforcement: enforced('nothing'),
    enforced: 'Nothing counts the mapping, so nothing can tell.',
  },
  {
    ...DRIVER,
    id: 'F-1b',
    on: '!pte_special',
    statement:
      'Without a special bit, a frame is not freed while a COW VMA exists whose window, vm_pgoff and on, covers it: whether or not an entry still maps the frame.',
    source: MEMORY + 'vm_normal_page',
    breaks:
      'The allocator may give the frame out for a copy in the very slot that names it. The copy is then taken for raw: never freed, shared by fork without a reference, missing in smaps, and the process exits with a wrong RSS counter.',
    enforcement: enforced('nothing'),
    enforced: 'The only sign is "Bad rss-counter state" at exit.',
  },
  {
    ...DRIVER,
    id: 'F-2',
    statement: 'remap_pfn_range() on a COW VMA covers the whole VMA in one call, with consecutive frames.',
    source: MEMORY + 'remap_pfn_range_notrack, remap_pfn_range_prepare_vma',
    breaks: 'The call fails, and up to 6.12 takes older entries of its range with it.',
    enforcement: enforced('errno'),
    enforced: '-EINVAL.',
  },
  {
    ...DRIVER,
    id: 'F-3',
    statement: 'remap_pfn_range() and the insert calls are given empty entries.',
    source: MEMORY + 'remap_pte_range, insert_pfn, insert_page_into_pte_locked',
    breaks:
      'remap_pfn_range() stops the kernel. vmf_insert_pfn() keeps the old entry, so that the program sees a frame the driver no longer means.',
    enforcement: enforced(['BUG', 'errno', 'nothing']),
    enforced:
      'remap_pfn_range(): BUG. vm_insert_page(): -EBUSY. vmf_insert_pfn(): VM_FAULT_NOPAGE, as if all were well.',
  },
  {
    ...DRIVER,
    id: 'F-4',
    statement:
      'remap_pfn_range() is called where the VMA belongs to the caller alone, that is in ->mmap or with mmap_lock held for writing: it edits flags and vm_pgoff.',
    source: MEMORY + 'remap_pfn_range; include/linux/mm.h:vm_flags_set',
    breaks: 'Other faults of the same VMA read flags that change under them.',
    enforcement: enforced('nothing', 'WARN', 'nothing'),
    enforced: '6.12 warns where it has per-VMA locks; the call goes on.',
  },
  {
    ...DRIVER,
    id: 'F-5',
    statement:
      'vmf_insert_pfn() is called on VMAs with exactly one of VM_PFNMAP and VM_MIXEDMAP; one with VM_PFNMAP is not COW, and one with VM_MIXEDMAP gets frames without a struct page only.',
    source: MEMORY + 'vmf_insert_pfn_prot',
    breaks: 'The kernel stops in the first fault.',
    enforcement: enforced('BUG'),
    enforced: 'BUG for each of the four.',
  },
  {
    ...DRIVER,
    id: 'F-6',
    statement:
      'vmf_insert_mixed() is called on VM_MIXEDMAP VMAs only, or with a zero page where that is allowed.',
    source: MEMORY + '__vm_insert_mixed',
    breaks: 'The kernel stops, or the program is killed.',
    enforcement: enforced('BUG', 'SIGBUS', 'SIGBUS'),
    enforced: '6.1: BUG. Since 6.12: VM_FAULT_SIGBUS.',
  },
  {
    ...DRIVER,
    id: 'F-7',
    statement: 'vm_insert_page() and its family are not called on VM_PFNMAP VMAs.',
    source: MEMORY + 'vm_insert_page, vm_insert_pages',
    breaks:
      'The kernel stops; where it does not, the VMA has both flags and, without a special bit, its raw frames with a struct page turn into pages that nobody counted.',
    enforcement: enforced('BUG', 'BUG', ['BUG', 'nothing']),
    enforced: 'BUG; in 7.2, vm_insert_pages() and vm_map_pages() only warn in DEBUG_VM kernels.',
  },
  {
    ...DRIVER,
    id: 'F-8',
    statement:
      'VM_MIXEDMAP is set in ->mmap, by the driver or by vm_insert_page() called there: not in a fault.',
    source: MEMORY + 'vm_insert_page',
    breaks: 'The kernel stops in the first fault.',
    enforcement: enforced('BUG'),
    enforced: 'BUG if mmap_lock is not held for writing when the flag has to be set.',
  },
  {
    ...DRIVER,
    id: 'F-9',
    statement:
      'VM_PFNMAP is not set by hand on a COW VMA, unless every frame in it is the one that vm_pgoff names.',
    source: MEMORY + 'vm_normal_page',
    breaks:
      'Without a special bit raw frames off the rule are counted as pages, so that munmap frees what nobody took; and pages that meet the rule, by accident or because the user chose the offset, are never freed.',
    enforcement: enforced('nothing'),
    enforced: 'Nothing; the log may show bad maps and wrong RSS counters afterwards.',
  },
  {
    ...DRIVER,
    id: 'F-10',
    statement: 'A fault handler returns no page in a VM_PFNMAP VMA.',
    source: MEMORY + 'finish_fault',
    breaks:
      'Without a special bit, in a VMA that is not COW, the page is counted on the way in and special on the way out: reference, mapcount and RSS stay for ever. With a bit it does no harm.',
    enforcement: enforced('nothing'),
    enforced: 'Nothing looks at VM_PFNMAP there.',
  },
  {
    ...DRIVER,
    id: 'F-11',
    statement:
      'Pages for vm_insert_page() have a reference, and are neither anonymous nor slab pages nor pages with a type; a page that a fault handler returns comes with a reference for the mapping.',
    source: MEMORY + 'validate_page_before_insert, finish_fault',
    breaks: 'The call fails; the page of a fault handler is freed once too often when it is unmapped.',
    enforcement: enforced(['errno', 'nothing']),
    enforced: 'vm_insert_page(): -EINVAL. A fault handler: nothing.',
  },
  {
    ...DRIVER,
    id: 'F-12',
    statement:
      'Pages of a block that was allocated in one piece are split with split_page(), or are a compound page, before they are inserted one by one.',
    source: 'mm/page_alloc.c:split_page',
    breaks: 'All pages but the first have no reference, and inserting them fails.',
    enforcement: enforced('errno'),
    enforced: '-EINVAL, because the count is 0.',
  },
  {
    ...DRIVER,
    id: 'F-13',
    statement: "The protection for raw entries is the VMA's own, and for private VMAs has no write bit.",
    source: MEMORY + 'remap_pfn_range',
    breaks: 'A private mapping writes to the device; after a fork it no longer does.',
    enforcement: enforced('nothing'),
    enforced: 'The protection is used as passed.',
  },
  {
    ...DRIVER,
    id: 'F-14',
    statement:
      'For a huge raw leaf, address and frame are aligned to it, the VMA covers it and is not COW, and the handler can serve the same range in small entries.',
    source: 'mm/huge_memory.c:vmf_insert_pfn_pmd, vmf_insert_pfn_pud',
    breaks: 'A wrong frame is mapped, or what is left of the leaf after a split is SIGBUS.',
    enforcement: enforced(['BUG', 'SIGBUS', 'nothing']),
    enforced: 'COW: BUG. Outside of the VMA: SIGBUS. Alignment of the frame: nothing.',
  },
  {
    ...DRIVER,
    id: 'F-15',
    statement: 'A driver that cannot serve copy-on-write mappings refuses private ones in ->mmap.',
    source: MEMORY + 'vmf_insert_pfn_prot',
    breaks: 'Any user that may open the device can stop the kernel.',
    enforcement: enforced('BUG'),
    enforced: 'BUG in vmf_insert_pfn(), at the first fault.',
  },
  {
    ...DRIVER,
    id: 'F-16',
    statement: 'A driver that serves read-only mappings refuses VM_WRITE and clears VM_MAYWRITE in ->mmap.',
    source: 'mm/mprotect.c:do_mprotect_pkey',
    breaks: 'mprotect makes the mapping writable afterwards.',
    enforcement: enforced('nothing'),
    enforced: 'The core never changes the VM_MAY flags.',
  },
  {
    ...DRIVER,
    id: 'F-17',
    statement: 'A driver does not set VM_MAYWRITE where the core has left it clear.',
    source: 'mm/vma.c:__mmap_new_file_vma',
    breaks:
      'A descriptor that was opened for reading gives write access, and a shared mapping of it becomes copy-on-write.',
    enforcement: enforced('nothing'),
    enforced: 'DEBUG_VM kernels warn.',
  },
  {
    ...DRIVER,
    id: 'F-18',
    statement:
      'After ->mmap a driver leaves vm_pgoff, VM_SHARED and VM_MAYWRITE alone, and it never sets vm_ops to NULL.',
    source: 'mm/mremap.c:copy_vma_and_data; include/linux/mm.h:vma_is_anonymous',
    breaks:
      'The linear rule ends; with vm_ops NULL the core takes the VMA for anonymous memory, and a move gives it another vm_pgoff.',
    enforcement: enforced('nothing'),
    enforced: 'With mmap_prepare of 7.2 it cannot happen: the description is read once.',
  },
  {
    ...DRIVER,
    id: 'F-19',
    statement:
      'A driver that fills a VMA in ->mmap without remap_pfn_range() sets VM_DONTEXPAND, or VM_PFNMAP.',
    source: 'mm/mremap.c:check_prep_vma',
    breaks:
      'mremap grows the mapping, and its tail is empty or what the handler makes of offsets it does not know.',
    enforcement: enforced('nothing'),
    enforced: 'Nothing asks for it.',
  },
  {
    ...DRIVER,
    id: 'F-20',
    statement: 'A driver that wants to hear of first writes does not fill the VMA in ->mmap.',
    source: 'mm/vma.c:vma_set_page_prot',
    breaks: 'Entries made there are writable, and pfn_mkwrite is never called for them.',
    enforcement: enforced('nothing'),
    enforced: 'Write-notify is decided after ->mmap.',
  },
  {
    ...DRIVER,
    id: 'F-21',
    statement:
      'Before frames are freed or put to another use they are unmapped by file range, that of private remaps by frame number or by the whole file.',
    source: MEMORY + 'unmap_mapping_range',
    breaks:
      "A private remap is filed under its frame number, so a search by the driver's offsets misses it and the program keeps its access.",
    enforcement: enforced('nothing'),
    enforced: 'The call does not say what it found.',
  },
  {
    ...DRIVER,
    id: 'F-22',
    statement:
      '->open, ->close, ->may_split and ->mremap are ready for copies of the VMA: fork and split open the new one, a move opens the new and closes the old one, and nothing is ever merged.',
    source: 'kernel/fork.c:dup_mmap; mm/vma.c:__split_vma',
    breaks: 'A driver that counts its mappings is wrong by those, and frees what is mapped.',
    enforcement: enforced('nothing'),
    enforced: 'Nobody notices.',
  },
  {
    ...DRIVER,
    id: 'F-23',
    on: 'mmap_prepare',
    statement:
      'An mmap_prepare hook describes the mapping and does nothing that would have to be undone: what comes after it may fail, and nobody tells the driver.',
    source: 'mm/vma.c:__mmap_region',
    breaks: 'What the hook took is never given back.',
    enforcement: enforced('nothing'),
    enforced: 'Wrong combinations of hooks and actions are a WARN; side effects are not noticed.',
  },
] as const satisfies readonly Rule[];
