/**
 * A record as a litmus test. Its question is the same for all: did every call succeed, and does what must hold of special mappings
 * hold? The question names everything that can be observed, so that the outcomes show it.
 */
import { apiOf, driverText, firstFrame } from './driver.js';
import {
  describeRecord,
  encodeRecord,
  hasOperation,
  type Operation,
  pagesOf,
  type TestRecord,
} from './record.js';
import { POOL_PAGES, resultName, threadsText } from './threads.js';

/** What is written around a record. */
export interface TestHeader {
  readonly name: string;
  /** Lines of the header's comment. */
  readonly comment?: readonly string[];
  /** The question, with its quantifier, in place of the usual one. */
  readonly condition?: string;
}

/** Contents of page `i` of memory that is not the driver's own before the test. */
export function firstContents(i: number): number {
  return 5 + i;
}

export function litmusText(r: TestRecord, { name, comment, condition }: TestHeader): string {
  const about = comment ?? [
    `Made by 'pfnmap generate' of this record:`,
    `  ${encodeRecord(r).join(' ')}`,
    `  ${describeRecord(r)}`,
  ];
  const only = r.place === 'prepare' ? [' * Only: mmap_prepare', ' *'] : [];
  return [
    `C ${name}`,
    '(*',
    ...only,
    ...about.map((line) => ` * ${line}`.trimEnd()),
    ' *)',
    '{',
    ...memoryLines(r),
    '}',
    driverText(r) + threadsText(r) + (condition ?? conditionText(r)),
    '',
  ].join('\n');
}

function memoryLines(r: TestRecord): string[] {
  const pages = (n: number): string => `${n} page${n === 1 ? '' : 's'}`;
  const n = pagesOf(r);
  if (r.kind === 'ram') return [`  ram pool = ${pages(POOL_PAGES)};`];
  return [
    `  ram pool = ${pages(POOL_PAGES)};`,
    `  ${r.kind} buf = ${pages(n)};`,
    ...Array.from({ length: n }, (_, i) => `  buf[${i}] = ${firstContents(i)};`),
  ];
}

/** The flags that are looked at. */
export const LOOKED_AT = [
  'WRITE',
  'SHARED',
  'MAYWRITE',
  'PFNMAP',
  'MIXEDMAP',
  'IO',
  'DONTCOPY',
  'DONTEXPAND',
];

/** How many pages of the mapping are looked at: one more where it may have grown. */
export function observedPages(r: TestRecord): number {
  return pagesOf(r) + (hasOperation(r, 'mremap', 'grow') ? 1 : 0);
}

/** `forall (...)`. */
export function conditionText(r: TestRecord): string {
  const api = apiOf(r);
  const processes = hasOperation(r, 'fork') ? ['0:', '0:c1.'] : ['0:'];
  const parts = [
    '~leaked()',
    'bad_map() = 0',
    'bad_page() = 0',
    'bad_rss() = 0',
    ...(api === undefined ? [] : [`~bug(${api})`, `~warned(${api})`]),
    '~(0:p < 0)',
    ...(r.rival === 'none' ? [] : ['1:r = 0', '1:signal = 0']),
    ...processes.flatMap((process) => processParts(r, process)),
    ...Array.from({ length: pagesOf(r) }, (_, i) => frameParts(r, i)).flat(),
  ];
  return `forall (${parts.join('\n  /\\ ')})`;
}

function processParts(r: TestRecord, P: string): string[] {
  const moves = hasOperation(r, 'mremap');
  return [
    `${P}signal = 0`,
    `${P}rss_anon >= 0`,
    `${P}rss_file >= 0`,
    `${P}bad_rss_anon = 0`,
    `${P}bad_rss_file = 0`,
    ...r.ops.flatMap((op, k) => resultParts(P, op, k)),
    ...Array.from({ length: observedPages(r) }, (_, i) => pageParts(P, i)).flat(),
    ...(moves ? [`(${P}present(old) != 1 \\/ ${P}vm_pgoff(old) = ${P}vm_pgoff(p))`] : []),
  ];
}

/** Reading gives a number that is no error; all else gives 0. */
function resultParts(P: string, op: Operation, k: number): string[] {
  const e = resultName(op, k);
  if (e === undefined) return [];
  return [`${P}${e} ${op.name === 'load' || op.name === 'look' ? '>=' : '='} 0`];
}

function pageParts(P: string, i: number): string[] {
  const at = i === 0 ? 'p' : 'p + PAGE_SIZE';
  const flag = (name: string): string => `(${P}vma_flags(${at}) & ${name})`;
  const frame = `${P}pfn(${at})`;
  const page = `${P}vm_normal_page(${at})`;
  return [
    // a page that was copied is the process's own, a special one is nobody's
    `(${P}is_anon(${at}) != 1 \\/ ${page} = ${frame})`,
    `(${P}special(${at}) != 1 \\/ ${page} = NULL)`,
    // only the linear rule tells raw frames from copies where there is no special bit
    `(${page} != NULL \\/ ${flag('SHARED')} \\/ ~${flag('MAYWRITE')} \\/ ${P}vm_pgoff(${at}) = ${frame} \\/ ${P}special(${at}) = 1)`,
    `(${P}writable(${at}) != 1 \\/ ${flag('WRITE')})`,
    `(${P}present(${at}) != 1 \\/ ~${flag('PFNMAP')} \\/ ~${flag('MIXEDMAP')})`,
    `(~${flag('IO')} \\/ ${flag('DONTEXPAND')})`,
    ...(P === '0:' ? [`(~${flag('DONTCOPY')} \\/ ${flag('PFNMAP')})`] : [`~${flag('DONTCOPY')}`]),
  ];
}

function frameParts(r: TestRecord, i: number): string[] {
  const frame = i === 0 ? firstFrame(r) : `${firstFrame(r)} + ${i}`;
  const contents = r.kind === 'ram' ? 0 : firstContents(i);
  return [
    `refcount(${frame}) >= mapcount(${frame})`,
    `mem(${frame}) ${r.share === 'private' ? `= ${contents}` : '>= 0'}`,
  ];
}
