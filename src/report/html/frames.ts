/** Frames of a picture: state, counts, owners. */
import type { FramePicture, Picture } from '../../run/picture/types.js';
import { value, words } from './changed.js';
import { markup, type Markup } from './markup.js';
import type { Scene } from './scene.js';

/** A frame that entries lead to and that no region of the test has. */
const OUTSIDE = 'nothing that the test declares';

const KINDS = {
  ram: 'RAM',
  reserved: 'reserved RAM',
  device: 'device memory',
  mmio: 'MMIO',
  zero: 'zero page',
};

export function framesHtml(scene: Scene): Markup {
  const { now, before, frames } = scene;
  const shown = now.frames.filter(({ name }) => frames.has(name));
  const names = new Set(now.frames.map(({ name }) => name));
  const strays = [...frames].filter((name) => !names.has(name));
  const hidden = now.frames.length - shown.length;
  return markup`<div class="frames" role="group" aria-label="Frames">
    <h4>Frames</h4>
    <ul>
      ${shown.map((frame) =>
        frameHtml(
          scene,
          frame,
          before.frames.find(({ name }) => name === frame.name),
        ),
      )}
      ${strays.map((name) => markup`<li class="frame stray" data-frame="${name}"><b>${name}</b><span class="what">${OUTSIDE}</span></li>`)}
    </ul>
    ${hidden > 0 && markup`<p class="quiet">${hidden} more that nobody touches</p>`}
  </div>`;
}

function state(f: FramePicture): string {
  if (f.free === undefined) return KINDS[f.kind];
  return f.free ? 'free' : 'allocated';
}

function frameHtml({ marked }: Scene, f: FramePicture, old: FramePicture | undefined): Markup {
  const broken = marked?.frame === f.name ? ' broken' : '';
  const flagged = f.flags.length > 0 || (old?.flags.length ?? 0) > 0;
  return markup`<li class="frame ${f.kind}${f.free === true ? ' free' : ''}${broken}" data-frame="${f.name}">
    <b>${f.name}</b> <span class="pfn">pfn ${f.pfn}</span>
    <span class="what">${value(state(f), old && state(old))}${flagged && ' '}${words(f.flags, old?.flags)}${f.refcount === undefined && ', no struct page'}</span>
    ${f.refcount !== undefined && counts(f, old)}
    ${f.contents !== undefined && markup`<span class="contents">contents ${value(f.contents.join(' '), old?.contents?.join(' '))}</span>`}
    ${owners(f, old)} ${broken !== '' && markup`<span class="here">broken here</span>`}
  </li>`;
}

function counts(f: FramePicture, old: FramePicture | undefined): Markup {
  return markup`<span class="counts">refcount ${value(f.refcount!, old?.refcount)}, mapcount ${value(f.mapcount!, old?.mapcount)}</span>`;
}

function owners(f: FramePicture, old: FramePicture | undefined): Markup | false {
  const nobody = f.kind === 'ram' ? ['nobody'] : [];
  const [now, then] = [f.owners, old?.owners].map((list) => (list?.length === 0 ? nobody : list));
  if (now!.length === 0 && (then ?? []).length === 0) return false;
  return markup`<span class="owners"><span class="label">held or mapped by</span> ${words(now!, then, '; ')}</span>`;
}

/** Frames that matter in some of the states: they are mapped, or something about them changes. The same in all, so that they keep their places. */
export function framesOf(pictures: readonly Picture[]): Set<string> {
  const found = new Set<string>();
  const first = pictures[0]!;
  for (const [i, picture] of pictures.entries()) {
    for (const [j, frame] of picture.frames.entries())
      if (i > 0 && JSON.stringify(frame) !== JSON.stringify(first.frames[j])) found.add(frame.name);
    for (const { entries } of picture.processes)
      for (const entry of entries) found.add(entry.frame ?? outsideName(entry.pfn));
  }
  const order = first.frames.map(({ name }) => name);
  return new Set([
    ...order.filter((name) => found.has(name)),
    ...[...found].filter((name) => !order.includes(name)),
  ]);
}

/** What `frameName()` of run/changes calls a number that no region has. */
export function outsideName(pfn: string): string {
  return `pfn ${pfn.replace(/^0x/, '')}`;
}
