/** The page of `pfnmap verify --html`: one file, which loads nothing. */
import { verifyObject } from '../verify.js';
import { markup, Markup, scriptData } from './markup.js';
import { resultHtml, titleOf, type Shown } from './result.js';
import { SCRIPT } from './script.js';
import { STYLE } from './style.js';

export type { Shown } from './result.js';

/** Without JavaScript it shows everything, one below the other; with it, one result and one step at a time. */
export function verifyPage(results: readonly Shown[]): string {
  const one = results.length === 1 ? titleOf(results[0]!.result) : `${results.length} results`;
  const data = results.map(({ result, confirmed, likely }) => verifyObject(result, confirmed, likely, true));
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
        />
        <meta name="color-scheme" content="light dark" />
        <title>pfnmap verify: ${one}</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <header class="top">
          <h1>pfnmap verify</h1>
          ${results.length > 1 && chooser(results)}
        </header>
        <main>
          ${results.length === 0 && markup`<p>Nothing was verified.</p>`}
          ${results.length > 1 && overview(results)} ${results.map((shown, i) => resultHtml(idOf(i), shown))}
        </main>
        ${results.some(({ result }) => result.violation !== undefined) && LEGEND}
        <script type="application/json" id="pfnmap-verify">
          ${scriptData(data)}
        </script>
        <script>
          ${new Markup(SCRIPT)}
        </script>
      </body>
    </html>
`.text;
}

function idOf(i: number): string {
  return `r${i + 1}`;
}

function chooser(results: readonly Shown[]): Markup {
  return markup`<label class="choose">Result
    <select>
      ${results.map(
        ({ result }, i) =>
          markup`<option value="${idOf(i)}">
            ${titleOf(result)}:
            ${result.verdict}${result.violation !== undefined && ` (${result.violation.invariant})`}
          </option>`,
      )}
    </select></label>`;
}

function overview(results: readonly Shown[]): Markup {
  return markup`<details class="overview">
    <summary>All ${results.length} results</summary>
    <div class="wide" tabindex="0" role="group" aria-label="All results">
      <table>
        <thead>
          <tr>
            ${['test', 'configuration', 'verdict', 'invariant', 'rule', 'blame', 'steps', 'states'].map((name) => markup`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${results.map(({ result }, i) => overviewRow(idOf(i), result))}
        </tbody>
      </table>
    </div>
  </details>`;
}

function overviewRow(id: string, result: Shown['result']): Markup {
  const { violation: v } = result;
  const blame = v && (v.blame?.by ?? 'contract');
  return markup`<tr>
    <th scope="row"><a href="#${id}">${result.test}</a></th>
    <td>${result.arch} ${result.release}</td>
    <td><span class="badge ${result.verdict.replace('/', '')}">${result.verdict}</span></td>
    <td>${v?.invariant}</td>
    <td>${v?.blame?.rule}</td>
    <td>${blame}</td>
    <td>${v?.steps.length}</td>
    <td>${result.states}</td>
  </tr> `;
}

const LEGEND = markup`<footer class="legend">
  <p>
    <span class="new"><del>old</del> <ins>new</ins></span> what this step changed;
    <span class="swatch raw"></span> an entry that was not counted when it was installed (raw);
    <span class="swatch counted"></span> one that was: a reference, a mapcount and RSS belong to it;
    <span class="swatch broken"></span> where the invariant is broken.
    <span class="keys">← and → step, Home and End go to the first and last.</span>
  </p>
</footer>`;
