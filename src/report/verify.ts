/** What `pfnmap verify` prints: some twenty lines that can go into a mail, or one JSON object a line (docs/verify.md). */
import { ruleNamed } from '../contract/index.js';
import type { Probability } from '../run/probability/index.js';
import { litmusText } from '../verify/counterexample.js';
import { agrees } from '../verify/expectation.js';
import type { VerifyResult, Violation } from '../verify/types.js';
import { stepLines, wrapped } from './brief.js';
import { coverageLines } from './coverage.js';
import { probabilityLines } from './probability.js';
import { grouped } from './summary.js';

export const VERIFY_FORMATS = ['text', 'json'] as const;
export type VerifyFormat = (typeof VERIFY_FORMATS)[number];

/** The file name that fits a counterexample, without `.litmus`. */
export function counterexampleName(result: VerifyResult): string {
  return `${result.test}-${result.arch}-${result.release.replace('.', '_')}-${result.violation!.invariant}`;
}

/** The counterexample of a violation as a litmus test, or undefined where none can be written. */
export function counterexampleText(
  result: VerifyResult,
  name: string,
  observation: string,
): string | undefined {
  const template = result.violation?.litmus;
  return template === undefined
    ? undefined
    : litmusText(template, name, `${result.arch}, ${result.release}`, observation);
}

/** Lines of a violation, the empty one behind it included: a mail's reader sees it at once. What is asked for besides comes on top. */
const MOST_LINES = 20;

/**
 * @param confirmed what `run` says of the counterexample; absent if it was not run
 * @param likely how likely it is, where that was asked
 * @param details whether each function and branch of the model that did not run has a line
 */
export function formatVerify(
  result: VerifyResult,
  confirmed?: string,
  likely?: readonly Probability[],
  details = false,
): string {
  const head = `${result.test}, ${result.arch}, Linux ${result.release}: ${headline(result)}${foretold(result)}`;
  const lines = [head];
  if (result.violation !== undefined) {
    const { violation: v } = result;
    const reasons = why(v);
    lines.push(...reasons, '', ...stepLines(v, MOST_LINES - reasons.length - 4));
  }
  if (likely !== undefined)
    lines.push(
      '  How likely these steps are to break an invariant, as the frames fall:',
      ...probabilityLines(likely).map((line) => `  ${line}`),
    );
  if (result.verdict !== 'n/a') {
    const test = confirmed === undefined ? '' : `Confirmed by pfnmap run as a litmus test (${confirmed}); `;
    lines.push(`  ${test}${size(result)}`);
  }
  if (result.verdict === 'holds' || result.verdict === 'unknown') {
    lines.push('  Not covered:', ...result.excludes.flatMap((one) => wrapped(`- ${one}`, '    ')));
  }
  if (result.coverage !== undefined) lines.push(...coverageLines(result, details));
  return [...lines, ''].map((line) => `${line}\n`).join('');
}

/** Whether the header says the same. */
function foretold(result: VerifyResult): string {
  if (result.expected === undefined || result.verdict === 'n/a') return '';
  return agrees(result) ? ' (as its header says)' : ` (its header says: ${result.expected})`;
}

function headline({ verdict, violation: v, reason }: VerifyResult): string {
  if (verdict === 'holds') return 'every invariant holds, whatever programs do';
  if (verdict === 'violated') return `violated: ${v!.invariant}`;
  return `${verdict} (${reason})`;
}

function size({ verdict, states, transitions, depth }: VerifyResult): string {
  const far = verdict === 'unknown' ? `; no violation in fewer than ${depth} operations` : '';
  return `${grouped(states)} states, ${grouped(transitions)} operations tried${far}`;
}

/** What is broken, and whose fault it is. */
function why(v: Violation): string[] {
  const lines = wrapped(`Broken: ${v.statement}${v.where === '' ? '' : ` (${v.where})`}.`, '  ');
  if (v.blame === undefined) {
    const hole = 'Blame: no rule that can be watched was broken on the way: the contract has a hole there.';
    return [...lines, ...wrapped(hole, '  ')];
  }
  const { rule, by, how, step } = v.blame;
  const which = rule === undefined ? 'outside of the contract' : `by rule ${rule}`;
  lines.push(...wrapped(`Blame: the ${by}, ${which}, in step ${step}: ${how}.`, '  '));
  if (rule === undefined) return lines;
  return [...lines, ...beginning(wrapped(`${rule}: ${ruleNamed(rule)?.statement ?? ''}`, '    '))];
}

/** Two lines; `pfnmap rules` has the others. */
function beginning(lines: readonly string[]): string[] {
  return lines.length <= 2 ? [...lines] : [lines[0]!, `${lines[1]!} ...`];
}

/** One result as one line of JSON; docs/verify.md says what the fields mean. */
export function formatVerifyJson(
  result: VerifyResult,
  confirmed?: string,
  likely?: readonly Probability[],
): string {
  return `${JSON.stringify(verifyObject(result, confirmed, likely))}\n`;
}

/**
 * A result as docs/verify.schema.json describes it, its fields one by one so that a change of the engine cannot change the format unnoticed.
 * @param pictures whether the state before the first step, and that after each, go along
 */
export function verifyObject(
  result: VerifyResult,
  confirmed?: string,
  likely?: readonly Probability[],
  pictures = false,
): object {
  const { violation: v } = result;
  return {
    test: result.test,
    file: result.file,
    arch: result.arch,
    release: result.release,
    verdict: result.verdict,
    reason: result.reason,
    expected: result.expected,
    agrees: result.expected === undefined ? undefined : agrees(result),
    invariant: v?.invariant ?? null,
    where: v?.where,
    at: v?.at,
    rule: v?.blame?.rule ?? null,
    blame: v === undefined ? null : (v.blame?.by ?? 'contract'),
    how: v?.blame?.how,
    start: pictures ? v?.start : undefined,
    steps: (v?.steps ?? []).map(({ picture, ...step }) => (pictures ? { ...step, picture } : step)),
    litmus:
      v?.litmus === undefined
        ? undefined
        : counterexampleText(result, counterexampleName(result), confirmed ?? 'Sometimes'),
    confirmed: v === undefined ? undefined : (confirmed ?? null),
    states: result.states,
    transitions: result.transitions,
    depth: result.depth,
    exhaustive: result.exhaustive,
    bounds: result.bounds,
    excludes: result.excludes,
    coverage: result.coverage,
    timeMs: Math.round(result.timeMs * 10) / 10,
    probability: likely,
  };
}
