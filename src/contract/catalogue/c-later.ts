import { section, type Row } from '../define.js';
import type { Reason } from '../types.js';

/** One advice of madvise: what it gives on a VMA with VM_PFNMAP, with VM_MIXEDMAP only, and with VM_IO only. */
function advice(
  name: string,
  results: readonly [pfnmap: string, mixedmap: string, io: string],
  untested: Partial<Record<'PFNMAP' | 'MIXEDMAP' | 'IO', readonly [Reason, string?]>> = {},
): Row[] {
  return (['PFNMAP', 'MIXEDMAP', 'IO'] as const).map((flag, i) => {
    const only = flag === 'PFNMAP' ? '' : ' as its only special flag';
    const why = untested[flag];
    return [
      `${name}-${flag}`,
      `MADV_${name} on a VMA with VM_${flag}${only}: ${results[i]}.`,
      why && { untested: why[0], ...(why[1] ? { detail: why[1] } : {}) },
    ];
  });
}

const CAP: readonly [Reason, string] = ['subsystem', 'memory failure'];
const all = (why: readonly [Reason, string?]) => ({ PFNMAP: why, MIXEDMAP: why, IO: why });

/** C.7 to C.13: how a mapping changes and ends, and advice about it. */
export const C_CHANGES = [
  section('C.7', 'mprotect', { source: 'mm/mprotect.c' }, [
    ['may', 'Neither the VM_MAY flags nor VM_SHARED ever change, so that a mapping stays COW or not.'],
    ['eacces', 'A permission without its VM_MAY flag is -EACCES.'],
    [
      'none-limit',
      'PROT_NONE on a VM_PFNMAP or VM_MIXEDMAP VMA may be -EACCES because of L1TF.',
      { on: 'x86_64', untested: 'hardware', detail: 'needs a CPU with L1TF' },
    ],
    [
      'memtype',
      'Where the memory type is among what pte_modify() takes over, an entry gets that of vm_page_prot; elsewhere it keeps its own.',
    ],
    ['split', 'A part is split off, and a special VMA is never merged again.'],
    ['keeps', 'An entry keeps frame, special bit and cache bits; only its permissions change.'],
    [
      'huge',
      'A raw leaf that is covered as a whole keeps its frame; one that is covered in part is cleared.',
    ],
    ['private-write', 'A private raw entry stays read-only after PROT_WRITE, and the next write copies.'],
    ['shared-write', 'A shared raw entry is writable at once, unless write-notify is wanted.'],
    [
      'notify',
      'With write-notify the entry becomes read-only unless it is dirty, so that pfn_mkwrite is called after all.',
    ],
    [
      'soft-dirty',
      'An entry that is soft-clean stays read-only when its VMA becomes writable, so that the next write is noticed.',
    ],
    [
      'classifies',
      'Every present entry is classified in 7.2, so that bad maps are reported here.',
      { on: '7.2' },
    ],
    [
      'inverted',
      'A PROT_NONE entry of x86 holds the frame inverted; back from it frame and bit are the old ones.',
    ],
  ]),
  section('C.8', 'mremap', { source: 'mm/mremap.c' }, [
    ['same-size', 'Without a move, the same size needs nothing but a VMA.'],
    ['hole', 'No VMA at the address is -EFAULT.'],
    ['duplicate-private', 'Length 0 on a private VMA is -EINVAL.'],
    ['duplicate-pfnmap', 'Length 0 on a shared VM_PFNMAP VMA counts as growth: -EFAULT.'],
    [
      'duplicate-mixedmap',
      'Length 0 on a shared VM_MIXEDMAP VMA without VM_DONTEXPAND makes a second, empty VMA.',
    ],
    ['dontunmap', 'MREMAP_DONTUNMAP is -EINVAL with VM_DONTEXPAND or VM_PFNMAP.'],
    ['beyond', 'An old length beyond the end of the VMA is -EFAULT.'],
    ['grow', 'Growing with VM_DONTEXPAND or VM_PFNMAP is -EFAULT, in place or moving.'],
    ['shrink', 'Shrinking is a munmap of the tail and always allowed.'],
    ['fixed-first', 'With MREMAP_FIXED the target is unmapped before the checks.', { on: '<=6.12' }],
    ['checks-first', 'With MREMAP_FIXED the checks come before anything is unmapped.', { on: '7.2' }],
    [
      'grow-mixedmap',
      'A VM_MIXEDMAP VMA without VM_DONTEXPAND that grows in place with room behind it is -ENOMEM, because extending is merging; 6.1 succeeds if there is a ->close.',
    ],
    ['grow-mixedmap-move', 'Without room it moves and grows, and the tail is empty.'],
    [
      'move',
      'A move carries the entries over as they are and keeps the linear rule; nothing is counted anew.',
    ],
    ['move-part', 'A move of a part splits, and every piece has the vm_pgoff of its first frame.'],
    [
      'anonymous',
      'A VMA with vm_ops NULL and no anonymous page gets vm_pgoff from its new address, which ends the linear rule.',
    ],
    ['soft-dirty', 'What is moved is soft-dirty where it arrives.'],
    [
      'hooks',
      'A move calls ->open of the new VMA, ->mremap, and ->close of the old one; an error of ->mremap moves the entries back.',
    ],
    ['several', 'A move of the same size with MREMAP_FIXED may span several VMAs.', { on: '7.2' }],
    ['huge-pmd', 'An aligned PMD leaf moves whole, another one is split, that is cleared.'],
    ['huge-pud', 'A PUD leaf is dropped with a report instead of moved.'],
  ]),
  section(
    'C.9',
    'munmap, zap and split',
    { source: 'mm/memory.c:zap_pte_range; mm/vma.c:__split_vma; mm/memory.c:unmap_mapping_range' },
    [
      [
        'split',
        'Both halves of a split keep flags and the linear rule, and ->open is called for the new one.',
      ],
      ['may-split', '->may_split may refuse a split; the whole can still be unmapped.'],
      ['close', '->close is called once for each VMA that goes.'],
      ['file', 'Every VMA holds its file: ->release comes after the last munmap and the last close().'],
      ['special', 'A raw entry is cleared, and no counter changes.'],
      ['anon', 'An anonymous page loses a mapcount, a reference and anonymous RSS.'],
      ['page', 'A file page loses a mapcount, a reference and file RSS.'],
      ['negative', 'A mapcount below zero is a bad-map report.'],
      ['range-raw', 'unmap_mapping_range() removes every raw entry in its range.'],
      ['range-keeps', 'With even_cows 0 it keeps anonymous copies.'],
      ['range-all', 'With even_cows 1 it removes them as well.'],
      ['range-pgoff', 'It finds VMAs by vm_pgoff, which of a private remap is a frame number.'],
      [
        'zap-pfnmap',
        'zap_special_vma_range() (zap_vma_ptes() up to 6.12) removes the entries of a VM_PFNMAP VMA.',
      ],
      ['zap-mixedmap', 'On a VM_MIXEDMAP VMA it works in 7.2 and does nothing before.'],
      ['huge-whole', 'A raw leaf that is covered as a whole is cleared.'],
      [
        'huge-part',
        'A raw leaf that is covered in part is cleared, too: the rest has to be faulted in again, or is SIGBUS.',
      ],
      ['huge-pud', 'A split inside a raw PUD leaf takes the leaf for a table.'],
    ],
  ),
  section('C.10', 'Merging', { source: 'mm/vma.c:vma_merge_new_range, vma_modify' }, [
    ['special', 'A VMA with one of VM_IO, VM_DONTEXPAND, VM_PFNMAP and VM_MIXEDMAP is never merged.'],
    [
      'plain',
      'Others are merged if flags, file and offsets agree, and the result has the offset of the first.',
    ],
  ]),
  section('C.11', 'madvise', { source: 'mm/madvise.c' }, [
    ...advice('NORMAL', ['succeeds', 'succeeds', 'succeeds']),
    ...advice('SEQUENTIAL', ['succeeds, sets a flag', 'succeeds, sets a flag', 'succeeds, sets a flag']),
    ...advice('RANDOM', ['succeeds, sets a flag', 'succeeds, sets a flag', 'succeeds, sets a flag']),
    ...advice('WILLNEED', [
      'succeeds, does nothing for a device',
      'succeeds, does nothing for a device',
      'succeeds, does nothing for a device',
    ]),
    ...advice('DONTNEED', ['-EINVAL', 'zaps raw and normal entries', 'zaps']),
    ...advice('DONTNEED_LOCKED', ['-EINVAL', 'zaps raw and normal entries', 'zaps']),
    ...advice('FREE', ['-EINVAL', '-EINVAL, it is not anonymous', '-EINVAL']),
    ...advice('COLD', ['-EINVAL', 'succeeds, skips raw entries', 'succeeds']),
    ...advice('PAGEOUT', ['-EINVAL', 'succeeds, skips raw entries', 'succeeds']),
    ...advice('REMOVE', [
      '-EACCES if it is not shared and writable, else what fallocate says: -ENODEV for a device',
      '-EACCES if it is not shared and writable, else what fallocate says: -ENODEV for a device',
      '-EACCES if it is not shared and writable, else what fallocate says: -ENODEV for a device',
    ]),
    ...advice('DONTFORK', [
      'succeeds, sets VM_DONTCOPY',
      'succeeds, sets VM_DONTCOPY',
      'succeeds, sets VM_DONTCOPY',
    ]),
    ...advice('DOFORK', [
      '-EINVAL in 7.2; before, if VM_IO is set',
      '-EINVAL in 7.2; before, it succeeds',
      '-EINVAL',
    ]),
    ...advice('WIPEONFORK', ['-EINVAL', '-EINVAL', '-EINVAL']),
    ...advice('KEEPONFORK', ['succeeds', 'succeeds', 'succeeds']),
    ...advice('DONTDUMP', ['succeeds', 'succeeds', 'succeeds']),
    ...advice('DODUMP', ['-EINVAL', '-EINVAL', '-EINVAL']),
    ...advice('MERGEABLE', [
      '0, and nothing is merged',
      '0, and nothing is merged',
      '0, and nothing is merged',
    ]),
    ...advice('UNMERGEABLE', ['0', '0', '0']),
    ...advice('HUGEPAGE', ['succeeds, sets a flag', 'succeeds, sets a flag', 'succeeds, sets a flag'], {
      MIXEDMAP: ['anon-thp'],
      IO: ['anon-thp'],
    }),
    ...advice('NOHUGEPAGE', ['succeeds, sets a flag', 'succeeds, sets a flag', 'succeeds, sets a flag'], {
      MIXEDMAP: ['anon-thp'],
      IO: ['anon-thp'],
    }),
    ...advice('COLLAPSE', ['-EINVAL', '-EINVAL', '-EINVAL']),
    ...advice('POPULATE_READ', ['-EINVAL', 'succeeds, raw entries count as populated', '-EINVAL']),
    ...advice('POPULATE_WRITE', ['-EINVAL', 'succeeds, raw entries count as populated', '-EINVAL']),
    ...advice('HWPOISON', ['-EFAULT', '-EEXIST or -EFAULT', '-EFAULT'], all(CAP)),
    ...advice('GUARD_INSTALL', ['-EINVAL since 7.2', '-EINVAL since 7.2', '-EINVAL since 7.2']),
    [
      'free-clean',
      'MADV_FREE makes the entries of anonymous memory clean; pages, contents, RSS and soft-dirty bits stay as they are.',
      { source: 'mm/madvise.c:madvise_free_pte_range' },
    ],
    [
      'free-raw',
      'MADV_FREE of a VMA that is anonymous because its driver took vm_ops away cleans entries of normal pages and leaves raw ones alone.',
      { source: 'mm/madvise.c:madvise_free_pte_range' },
    ],
    [
      'free-batch',
      'A page given to MADV_FREE may have a reference more until its CPU drains a batch: the last who has it after a fork copies it then.',
      { source: 'mm/swap.c:folio_mark_lazyfree' },
    ],
    [
      'free-compound',
      'At a compound page of a driver MADV_FREE of 6.1 leaves out the rest of the page table; later releases clean it if it is covered whole.',
      { source: 'mm/madvise.c:madvise_free_pte_range' },
    ],
    [
      'free-reclaim',
      'Reclaim may drop a page given to MADV_FREE at any time until it is written again; it reads as zeros then.',
      { source: 'mm/rmap.c:try_to_unmap_one', untested: 'swap' },
    ],
  ]),
  section('C.12', 'mlock, mincore, msync', { source: 'mm/mlock.c:mlock_fixup; mm/mincore.c; mm/msync.c' }, [
    ['mlock', 'mlock of a VMA with a special flag succeeds and does not mark it.'],
    ['mlock-hole', 'mlock stops at a hole with -ENOMEM; what lies before it stays locked.'],
    ['mlock-populate', 'Populating for mlock skips VM_IO and VM_PFNMAP VMAs.'],
    [
      'mincore-pfnmap',
      "mincore answers for a VM_PFNMAP VMA from the file's page cache, so usually 0 though the page is mapped.",
    ],
    ['mincore-mixedmap', 'mincore says 1 for a raw entry of a VM_MIXEDMAP VMA.'],
    [
      'msync',
      'msync(MS_SYNC) of a shared mapping of a device without fsync is -EINVAL; of a private one it is 0.',
    ],
  ]),
  section('C.13', 'Copied pages', { source: 'mm/memory.c:wp_page_copy, wp_can_reuse_anon_folio' }, [
    [
      'ordinary',
      'The copy of a raw page is an ordinary anonymous page: shared by fork, reused by the last who has it, copied otherwise.',
    ],
    ['gup', 'GUP refuses it if its VMA has VM_PFNMAP or VM_IO, and pins it in a VM_MIXEDMAP VMA.'],
    ['swap', 'It can be swapped out and migrated.', { untested: 'swap' }],
  ]),
];
