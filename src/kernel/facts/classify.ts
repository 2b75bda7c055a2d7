import { byRelease, byReleaseOn } from './define.js';

/** What decides whether an entry is a page (catalogue A). */
export const classifyFacts = {
  mixedmapChecksZeroPage: byRelease([false, true, true], {
    doc: 'Without a special bit, the zero page in a VM_MIXEDMAP VMA is special; before, it counted as a page.',
    source: 'mm/memory.c:vm_normal_page',
    catalogue: 'A.3, H-14',
  }),
  mixedmapChecksHmp: byRelease([false, false, true], {
    doc: 'Without a special bit, a valid frame in a VM_MIXEDMAP VMA is compared with highest_memmap_pfn, too.',
    source: 'mm/memory.c:__vm_normal_page',
    catalogue: 'A.3',
  }),
  warnsNormalZeroPage: byRelease([false, true, true], {
    doc: 'DEBUG_VM warns once when an entry without special bit maps the zero page.',
    source: 'mm/memory.c:vm_normal_page',
    catalogue: 'A.2',
  }),
  specialPageHook: byReleaseOn(
    ['x86_64', 'arm64', 'arm', 'arm_lpae'],
    [true, true, true],
    {
      doc: 'vm_ops->find_special_page (7.2: find_normal_page, with XEN_GNTDEV) is asked for special entries.',
      source: 'mm/memory.c:vm_normal_page',
      catalogue: 'A.5',
    },
    [true, true, false],
  ),
  hugeClassifierAsPte: byRelease([false, false, true], {
    doc: 'PMD leaves are classified by the same steps as PTEs (special bit, hook, flags, zero, report).',
    source: 'mm/memory.c:__vm_normal_page',
    catalogue: 'A.4',
  }),
  pudClassifier: byRelease([false, false, true], {
    doc: 'vm_normal_page_pud() exists.',
    source: 'mm/memory.c:vm_normal_page_pud',
    catalogue: 'A.4',
  }),
};
