/** One driver on one configuration: the verdict with its reasons, the steps, and what the verdict does not cover. */
import { ruleNamed } from '../../contract/index.js';
import { INVARIANTS } from '../../contract/invariants/list.js';
import type { Probability } from '../../run/probability/index.js';
import type { Bounds, VerifyResult, Violation } from '../../verify/types.js';
import { probabilityLines } from '../probability.js';
import { grouped } from '../summary.js';
import { counterexampleName, counterexampleText } from '../verify.js';
import { markup, type Content, type Markup } from './markup.js';
import { stepsHtml } from './steps.js';

/** A result, and what `run` says of its counterexample if it was run. */
export interface Shown {
  readonly result: VerifyResult;
  readonly confirmed: string | undefined;
  /** How likely its steps are to break an invariant, where that was asked. */
  readonly likely?: readonly Probability[] | undefined;
}

export function titleOf({ test, arch, release }: VerifyResult): string {
  return `${test}, ${arch}, Linux ${release}`;
}

export function resultHtml(id: string, shown: Shown): Markup {
  const { result } = shown;
  const { violation: v } = result;
  return markup`<article class="result" id="${id}" aria-labelledby="${id}-title">
    <header>
      <h2 id="${id}-title">
        <span class="badge ${result.verdict.replace('/', '')}">${result.verdict}</span> ${titleOf(result)}
      </h2>
      <dl class="head">
        ${v === undefined ? plainHead(result) : violationHead(v)}
        ${row('Configuration', markup`${result.arch}, Linux ${result.release}; file ${result.file}`)}
        ${result.verdict !== 'n/a' && row('Searched', searched(result))}
        ${v !== undefined && row('Confirmed', confirmation(shown))}
        ${shown.likely !== undefined && row('Likely', probabilityLines(shown.likely).join('; '))}
      </dl>
    </header>
    ${v !== undefined && stepsHtml(id, v)} ${v !== undefined && litmusHtml(shown)}
    ${result.verdict === 'holds' && invariantsHtml()} ${result.verdict !== 'n/a' && excludesHtml(result)}
  </article> `;
}

function row(label: string, content: Content): Markup {
  return markup`<div>
    <dt>${label}</dt>
    <dd>${content}</dd>
  </div> `;
}

function violationHead(v: Violation): Markup {
  const { blame } = v;
  const rule = blame?.rule;
  const where = v.where === '' ? '' : ` (${v.where})`;
  return markup`${row('Invariant', markup`<b>${v.invariant}</b>: ${v.statement}${where}`)}${row(
    'Rule',
    rule === undefined
      ? blame === undefined
        ? 'none that can be watched was broken on the way: the contract has a hole there'
        : 'none: a mistake outside of the contract'
      : markup`<b>${rule}</b>: ${ruleNamed(rule)?.statement}`,
  )}${row('Blame', blame === undefined ? 'the contract' : markup`the <b>${blame.by}</b>, in step ${blame.step}: ${blame.how}`)}`;
}

function plainHead({ verdict, reason }: VerifyResult): Markup {
  if (verdict !== 'holds') return row('Reason', reason);
  return row('Invariants', 'all of them hold in every state, whatever programs do');
}

function searched({ states, transitions, depth, exhaustive, bounds, verdict }: VerifyResult): Markup {
  const far = verdict === 'unknown' && `; no violation in fewer than ${depth} operations`;
  const all = exhaustive && '; these are all that programs can reach';
  return markup`${bounds.map(boundsText).join(', then ')}: ${grouped(states)} states, ${grouped(transitions)}
  operations tried${far}${all}`;
}

function boundsText({ processes, pages, files, threads = 1, races, only }: Bounds): string {
  const plural = (n: number, one: string): string =>
    `${n} ${one}${n === 1 ? '' : processes === 1 || one !== 'process' ? 's' : 'es'}`;
  const size = `${plural(processes, 'process')} with ${plural(pages, 'page')} and ${plural(files, 'descriptor')}${processes === 1 ? '' : ' each'}`;
  const first = threads === 1 ? '' : `, the first with ${threads} threads`;
  return `${size}${first}${races ? ', with races' : ''}${only === undefined ? '' : `, only ${only.join(', ')}`}`;
}

function confirmation({ result, confirmed }: Shown): string {
  if (confirmed !== undefined) return `pfnmap run finds the same in the litmus test below: ${confirmed}`;
  return result.violation?.litmus === undefined
    ? 'no observer of the litmus language shows this state'
    : 'no: pfnmap run did not find it again';
}

function litmusHtml({ result, confirmed }: Shown): Markup | false {
  const text = counterexampleText(result, counterexampleName(result), confirmed ?? 'Sometimes');
  if (text === undefined) return false;
  return markup`<details>
    <summary>As a litmus test</summary>
    <pre tabindex="0" aria-label="Litmus test"><code>${text}</code></pre>
  </details>`;
}

function invariantsHtml(): Markup {
  return markup`<details open>
    <summary>Looked at in every state: ${INVARIANTS.length} invariants</summary>
    <dl class="invariants">
      ${INVARIANTS.map(
        ({ id, statement }) =>
          markup`<div>
            <dt>${id}</dt>
            <dd>${statement}</dd>
          </div>`,
      )}
    </dl>
  </details>`;
}

function excludesHtml({ excludes, verdict }: VerifyResult): Markup {
  return markup`<details${verdict !== 'violated' && markup` open`}><summary>Not covered</summary>
<ul>${excludes.map((one) => markup`<li>${one}</li>`)}</ul></details>`;
}
