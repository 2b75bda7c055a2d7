import { byRelease, byReleaseOn, byReleaseWhere, constant } from './define.js';

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
  zeroTestKnowsHugeZero: byRelease([false, false, true], {
    doc: 'The zero test of PTEs also knows frames of the huge zero folio.',
    source: 'mm/memory.c:__vm_normal_page',
    catalogue: 'A.2, A.6',
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
  devmapEntries: byReleaseWhere('pteDevmap', [true, true, false], {
    doc: 'A devmap entry is never a normal page; 7.2 has none.',
    source: 'mm/memory.c:vm_normal_page',
    catalogue: 'A.2',
  }),
  hugeClassifierAsPte: byRelease([false, false, true], {
    doc: 'PMD leaves are classified by the same steps as PTEs (special bit, hook, flags, zero, report).',
    source: 'mm/memory.c:__vm_normal_page',
    catalogue: 'A.4',
  }),
  pmdHmpReports: byRelease([false, false, true], {
    doc: 'A PMD leaf above highest_memmap_pfn gives a bad-map report; before, it was silently no page.',
    source: 'mm/memory.c:vm_normal_page_pmd',
    catalogue: 'A.4',
  }),
  pudClassifier: byRelease([false, false, true], {
    doc: 'vm_normal_page_pud() exists.',
    source: 'mm/memory.c:vm_normal_page_pud',
    catalogue: 'A.4',
  }),
  hugeZeroPmdSpecial: byReleaseWhere('pmdPfnmap', [false, false, true], {
    doc: 'The entry of the huge zero folio has the special bit.',
    source: 'mm/huge_memory.c:set_huge_zero_folio',
    catalogue: 'A.6',
  }),
  badMapReportLimit: constant(60, {
    doc: 'Bad-map reports in 60 seconds before they stop.',
    source: 'mm/memory.c:is_bad_page_map_ratelimited',
    catalogue: 'A.8',
  }),
  pageTableCheckCountsSpecial: byRelease([false, true, false], {
    doc: 'CONFIG_PAGE_TABLE_CHECK counts special entries of valid frames like pages.',
    source: 'mm/page_table_check.c:page_table_check_set',
    catalogue: 'D.8, H-8',
  }),
};
