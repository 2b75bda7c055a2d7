/** A process: for each page its mapping, its entry, and the frame behind it. */
import type { EntryPicture, ProcessPicture, VmaPicture } from '../../run/picture/types.js';
import { fresh, value, words } from './changed.js';
import { outsideName } from './frames.js';
import { markup, type Markup } from './markup.js';
import type { Scene } from './scene.js';

export function processHtml(scene: Scene, p: ProcessPicture): Markup {
  const old = scene.before.processes.find(({ name }) => name === p.name);
  const rows = Array.from({ length: scene.pages }, (_, page) => rowHtml(scene, p, old, page));
  return markup`<div class="process">
    <h4>
      ${fresh(old === undefined, p.name)}
      <span class="quiet">${value(p.state, old?.state)}${p.signal !== undefined && markup` by ${fresh(old?.signal !== p.signal, p.signal)}`}</span>
    </h4>
    <p class="facts">
      RSS anon ${value(p.rssAnon, old?.rssAnon)}, file
      ${value(p.rssFile, old?.rssFile)}${listed('open', p.files, old?.files)}${listed('pins', p.pins, old?.pins)}
    </p>
    ${
      p.state !== 'dead' &&
      markup`<table>
        <caption class="sr">
          Address space of ${p.name}, page by page from ${p.base}
        </caption>
        <thead>
          <tr>
            <th scope="col">page</th>
            <th scope="col">VMA</th>
            <th scope="col">page-table entry</th>
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>`
    }
  </div>`;
}

function listed(
  label: string,
  now: readonly string[],
  before: readonly string[] | undefined,
): Markup | false {
  if (now.length === 0 && (before ?? []).length === 0) return false;
  return markup`; ${label} ${words(now, before, '; ')}`;
}

const over = <T extends { readonly pages: number }>(
  list: readonly T[] | undefined,
  start: (one: T) => number,
  page: number,
) => list?.find((one) => page >= start(one) && page < start(one) + one.pages);

const vmaOver = (p: ProcessPicture | undefined, page: number): VmaPicture | undefined =>
  over(p?.vmas, (v) => v.start, page);
const entryOver = (p: ProcessPicture | undefined, page: number): EntryPicture | undefined =>
  over(p?.entries, (e) => e.page, page);

function rowHtml(scene: Scene, p: ProcessPicture, old: ProcessPicture | undefined, page: number): Markup {
  const { marked, pages } = scene;
  const vma = vmaOver(p, page);
  const entry = entryOver(p, page);
  const isHere = (first: number, length: number): boolean =>
    marked?.process === p.name &&
    marked.page !== undefined &&
    marked.page >= first &&
    marked.page < first + length;
  const span = (from: number, length: number): number => Math.min(length, pages - from);
  const cells = [
    vma === undefined
      ? goneCell(vmaOver(old, page) && 'unmapped')
      : vma.start === page && vmaCell(vma, vmaOver(old, page), span(page, vma.pages)),
    entry === undefined
      ? goneCell(entryOver(old, page) && `none, was ${targetName(entryOver(old, page)!)}`)
      : entry.page === page &&
        entryCell(scene, entry, entryOver(old, page), span(page, entry.pages), isHere(page, entry.pages)),
  ];
  const row = isHere(page, 1) ? markup`<tr class="broken">` : markup`<tr>`;
  return markup`${row}<th scope="row">${page}</th>${cells}</tr>
`;
}

function goneCell(gone: string | undefined): Markup {
  return gone === undefined
    ? markup`<td class="none">none</td>`
    : markup`<td class="none">${fresh(true, gone)}</td>`;
}

/** Flags without which the others are read faster. */
const shortFlags = (v: VmaPicture | undefined): string[] | undefined =>
  v?.flags.map((flag) => flag.replace(/^VM_/, ''));

function vmaCell(v: VmaPicture, old: VmaPicture | undefined, rows: number): Markup {
  const pgoff = (one: VmaPicture): string =>
    one.pgoff + (one.pgoffFrame === undefined ? '' : ` (${one.pgoffFrame})`);
  const size = `${v.pages} page${v.pages === 1 ? '' : 's'}`;
  return markup`<td rowspan="${rows}" class="vma">
    <b>${fresh(old === undefined, v.file ?? 'anonymous')}</b>
    ${value(size, old && `${old.pages} page${old.pages === 1 ? '' : 's'}`)}${!v.linked && markup` <span class="new">not linked</span>`}
    <span class="line">vm_pgoff ${value(pgoff(v), old && pgoff(old))}</span>
    <span class="flags">${words(shortFlags(v)!, shortFlags(old))}</span>
    ${v.private !== undefined && markup`<span class="line">vm_private_data ${value(v.private, old && (old.private ?? 'NULL'))}</span>`}
  </td>`;
}

/** The frame that an entry leads to; of a leaf above the PTE level the first. */
function targetName(e: EntryPicture): string {
  return e.frame ?? outsideName(e.pfn);
}

/** `bar.0 to bar.3`: all that a leaf maps. */
function targetNames({ now }: Scene, e: EntryPicture): string {
  if (e.pages === 1) return targetName(e);
  const last = `0x${(BigInt(e.pfn) + BigInt(e.pages - 1)).toString(16)}`;
  return `${targetName(e)} to ${now.frames.find(({ pfn }) => pfn === last)?.name ?? outsideName(last)}`;
}

const CLASSES = {
  normal: 'a page',
  special: 'NULL',
  'no memmap': 'no struct page there!',
  driver: 'asks the driver',
  'no VMA': 'no VMA',
} as const;

function entryCell(
  scene: Scene,
  e: EntryPicture,
  old: EntryPicture | undefined,
  rows: number,
  isBroken: boolean,
): Markup {
  const name = (one: EntryPicture): string => targetNames(scene, one);
  const count = (one: EntryPicture): string => (one.counted ? 'counted' : 'not counted');
  const isNew = old === undefined;
  const kind = e.counted ? 'counted' : 'raw';
  const typed = e.type !== undefined || old?.type !== undefined;
  return markup`<td rowspan="${rows}" class="entry ${kind}${isBroken ? ' broken' : ''}" data-to="${targetName(e)}">
    ${e.level !== 'pte' && markup`<b>${e.level}</b> `}<span class="to">→ ${isNew ? fresh(true, name(e)) : value(name(e), name(old))}</span>
    <span class="pfn">pfn ${e.pfn}</span>
    <span class="line">${words(e.bits, old?.bits)}${typed && markup` ${value(e.type ?? 'wb', old && (old.type ?? 'wb'))}`}</span>
    <span class="line">vm_normal_page: ${value(CLASSES[e.classified], old && CLASSES[old.classified])}${e.because !== undefined && markup` <span class="quiet">(${e.because})</span>`}</span>
    <span class="line">${value(count(e), old && count(old))}</span>
  </td>`;
}
