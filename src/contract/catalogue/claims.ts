import { section } from '../define.js';

/** F.V: what comments and folklore say that does not always hold. */
export const CLAIMS = section('F.V', 'Claims', { source: 'mm/memory.c:vm_normal_page' }, [
  [
    '1',
    'Claim: a copied page cannot have the frame that the linear rule names. True while no frame of the window of a live VMA is handed out by the allocator; without a special bit, a driver that frees its page once no user reaches it breaks it.',
    { on: '!pte_special' },
  ],
  [
    '1b',
    'The same claim with a vm_pgoff that user space chose: the frame of a copied or returned page may be aimed at, and raw frames off the rule are taken for pages.',
    { on: '!pte_special' },
  ],
  [
    '2',
    'Claim: split, merge and mremap keep the linear rule. True, except for a VMA whose vm_ops is NULL: a move gives it an offset made from its address.',
  ],
  [
    '3',
    'Claim: mprotect may make a mapping COW. It may not; a driver that changes VM_MAYWRITE after the remap may, and the class of entries that are in changes with it.',
  ],
  [
    '4',
    'Claim: a VM_PFNMAP VMA that is not COW holds special entries only. By definition without a special bit; with one, a returned page stays normal.',
  ],
  [
    '5',
    'Claim: entries of valid frames in VM_MIXEDMAP VMAs are counted pages. By definition without a special bit; with one, vmf_insert_mixed() installs them raw.',
  ],
  [
    '6',
    'Claim: zero pages are never counted. vm_insert_page() of 6.1 counts them, and an anonymous VM_MIXEDMAP VMA of 6.1 without a bit un-counts what was not counted.',
  ],
  [
    '7',
    'Claim: remap_pfn_range() that fails leaves nothing behind. Up to 6.12 it removes older entries of the range; flags and vm_pgoff may stay changed.',
  ],
  [
    '8',
    'Claim: VM_IO means that nobody touches the pages. Programs, user copies, ->access, KVM, VFIO and the copy of a private page do.',
  ],
  [
    '9',
    'Claim: a VM_PFNMAP mapping is not in RSS. Copied pages always count in RSS, and since 6.12 in smaps.',
  ],
  [
    '10',
    'Claim: the four special flags mean the same to everybody. GUP asks for VM_IO and VM_PFNMAP, walks for VM_PFNMAP, mlock and merging for any, growth for VM_DONTEXPAND and VM_PFNMAP, MADV_DONTNEED for VM_PFNMAP.',
  ],
  ['11', 'Claim: drivers set the four flags together. They do not: every subset is in the tree.'],
  [
    '12',
    'Claim: a huge raw leaf behaves as its small entries would. Splits lose it, and fork, walks and moves treat it differently.',
  ],
  [
    '13',
    'Claim: fork duplicates private special mappings. With tracking up to 6.12 it may fail, and a VMA with only VM_IO is not copied.',
  ],
  ['14', 'Claim: GUP always fails on VM_PFNMAP. Fast GUP finds copied pages.', { on: 'pte_special' }],
  [
    '15',
    'Claim: KSM could confuse a private VM_PFNMAP page. It is claim 1 again, and KSM keeps away from special flags.',
    { untested: 'subsystem', detail: 'KSM' },
  ],
]);
