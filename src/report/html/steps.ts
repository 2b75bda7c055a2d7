/** The steps of a counterexample: a list of C statements, and for each what it changed and what the world looked like then. */
import type { VerifyStep, Violation } from '../../verify/types.js';
import { markup, type Markup } from './markup.js';
import { framesOf, globalsOf, pagesOf, pictureHtml } from './picture.js';

/** @param id of the result: steps are found as `ID.N` */
export function stepsHtml(id: string, v: Violation): Markup {
  const count = v.steps.length;
  return markup`<div class="play">
    <nav class="steps" aria-label="Steps">
      <p class="bar">
        <button type="button" class="back" aria-label="Previous step" aria-keyshortcuts="ArrowLeft">←</button>
        <span role="status">${count} step${count !== 1 && 's'}</span>
        <button type="button" class="on" aria-label="Next step" aria-keyshortcuts="ArrowRight">→</button>
      </p>
      <ol>
        ${v.steps.map((step, i) => markup`<li><a href="#${id}.${i + 1}">${lineHtml(v, step, i)}</a></li>`)}
      </ol>
    </nav>
    <div class="stage">${scenes(v).map((picture, i) => stepHtml(id, v, i, picture))}</div>
  </div>`;
}

/** The statement as C, with who makes it. */
function codeHtml({ thread, operation }: VerifyStep): Markup {
  return operation === ''
    ? markup`<code>${thread}()</code>`
    : markup`<span class="who">${thread}</span>
        <code>${operation}${operation.startsWith('(') ? '' : ';'}</code>`;
}

function lineHtml(v: Violation, step: VerifyStep, i: number): Markup {
  const rules = [...new Set(step.rules)];
  const last = i === v.steps.length - 1;
  return markup`${codeHtml(step)}${rules.map((rule) => markup` <span class="mark">breaks ${rule}</span>`)}${last && markup` <span class="mark">${v.invariant}</span>`}`;
}

function stepHtml(id: string, v: Violation, i: number, picture: Markup): Markup {
  const step = v.steps[i]!;
  return markup`<section class="step" id="${id}.${i + 1}" aria-labelledby="${id}.${i + 1}-title">
    <h3 id="${id}.${i + 1}-title">${i + 1}. ${codeHtml(step)}</h3>
    ${blameHtml(v, i)} ${picture}
    ${step.changes.length > 0 && changesHtml(step)}
  </section> `;
}

function changesHtml({ changes }: VerifyStep): Markup {
  return markup`<details class="changes">
    <summary>What changed, in words</summary>
    <ul>
      ${changes.map((change) => markup`<li>${change}</li>`)}
    </ul>
  </details>`;
}

function blameHtml({ blame, steps, invariant, where }: Violation, i: number): Markup {
  const first = blame?.step === i + 1;
  const last = i === steps.length - 1;
  return markup`${first && markup`<p class="note">The first mistake${blame.rule !== undefined && markup`, of rule <b>${blame.rule}</b>`}: ${blame.how}.</p>`}${last && markup`<p class="note">Here the invariant <b>${invariant}</b> is broken${where !== '' && ` (${where})`}.</p>`}`;
}

/** The picture of each step, compared with the one before. */
function scenes({ start, steps, at }: Violation): Markup[] {
  const pictures = [start, ...steps.map(({ picture }) => picture)];
  const common = { frames: framesOf(pictures), globals: globalsOf(pictures), pages: pagesOf(pictures) };
  return steps.map(({ picture }, i) =>
    pictureHtml({
      ...common,
      now: picture,
      before: pictures[i]!,
      marked: i === steps.length - 1 ? at : undefined,
    }),
  );
}
