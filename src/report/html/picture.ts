/** One state, drawn: address spaces and page tables on the left, frames on the right, and what the driver and the kernel say below. */
import { value, words } from './changed.js';
import { framesHtml } from './frames.js';
import { markup, type Markup } from './markup.js';
import { processHtml } from './process.js';
import type { Scene } from './scene.js';

export { framesOf } from './frames.js';
export { globalsOf, pagesOf, type Scene } from './scene.js';

/** The lines from entries to frames are drawn where it is shown (script.ts): only there their places are known. */
export function pictureHtml(scene: Scene): Markup {
  const { now, before } = scene;
  return markup`<div class="picture">
    <svg class="arrows" aria-hidden="true"></svg>
    <div class="spaces" role="group" aria-label="Processes">
      ${now.processes.length === 0 ? markup`<p class="quiet">No process runs yet.</p>` : now.processes.map((p) => processHtml(scene, p))}
      ${globalsHtml(scene)}
    </div>
    ${framesHtml(scene)}
    ${(now.kernel.length > 0 || before.kernel.length > 0) && markup`<p class="kernel"><b>Kernel</b> ${words(now.kernel, before.kernel, '; ')}</p>`}
  </div>`;
}

function globalsHtml({ now, before, globals }: Scene): Markup | false {
  const shown = now.globals.filter(({ name }) => globals.has(name));
  if (shown.length === 0) return false;
  const old = new Map(before.globals.map(({ name, value: text }) => [name, text]));
  return markup`<div class="globals">
    <h4>Driver's globals</h4>
    <dl>
      ${shown.map(
        ({ name, value: text }) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${value(text, old.get(name))}</dd>
          </div>`,
      )}
    </dl>
  </div>`;
}
