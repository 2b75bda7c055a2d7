/** What `pfnmap verify` prints: some twenty lines that can go into a mail, or one JSON object a line (docs/verify.md). */
import { ruleNamed } from '../contract/index.js';
import type { Probability } from '../run/probability/index.js';
import { litmusText } from '../verify/counterexample.js';
import type { VerifyResult, VerifyStep, Violation } from '../verify/types.js';
import { probabilityLines } from './probability.js';
import { grouped } from './summary.js';

export const VERIFY_FORMATS = ['text', 'json'] as const;
export type VerifyFormat = (typeof VERIFY_FORMATS)[number];

const WIDTH = 78;

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

/**
 * @param confirmed what `run` says of the counterexample; absent if it was not run
 * @param likely how likely it is, where that was asked
 */
export function formatVerify(
  result: VerifyResult,
  confirmed?: string,
  likely?: readonly Probability[],
): string {
  const lines = [`${result.test}, ${result.arch}, Linux ${result.release}: ${headline(result)}`];
  if (result.violation !== undefined) lines.push(...violation(result.violation, confirmed));
  if (likely !== undefined)
    lines.push(
      '  How likely these steps are to break an invariant, as the frames fall:',
      ...probabilityLines(likely).map((line) => `  ${line}`),
    );
  if (result.verdict !== 'n/a') lines.push(`  ${size(result)}`);
  if (result.verdict === 'holds' || result.verdict === 'unknown') {
    lines.push('  Not covered:', ...result.excludes.flatMap((one) => wrapped(`- ${one}`, '    ')));
  }
  return [...lines, ''].map((line) => `${line}\n`).join('');
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

function violation(v: Violation, confirmed: string | undefined): string[] {
  const lines = [...wrapped(`Broken: ${v.statement}${v.where === '' ? '' : ` (${v.where})`}.`, '  ')];
  if (v.blame === undefined) {
    lines.push(
      ...wrapped(
        'Blame: no rule that can be watched was broken on the way: the contract has a hole there.',
        '  ',
      ),
    );
  } else {
    const { rule, by, how, step } = v.blame;
    const which = rule === undefined ? 'outside of the contract' : `by rule ${rule}`;
    lines.push(...wrapped(`Blame: the ${by}, ${which}, in step ${step}: ${how}.`, '  '));
    if (rule !== undefined) lines.push(...wrapped(`${rule}: ${ruleNamed(rule)?.statement ?? ''}`, '    '));
  }
  lines.push('', ...v.steps.flatMap(step), '');
  if (confirmed !== undefined) lines.push(`  As a litmus test, confirmed by pfnmap run: ${confirmed}.`);
  return lines;
}

function step(s: VerifyStep, index: number): string[] {
  const number = String(index + 1).padStart(4);
  const what = s.operation === '' ? s.thread : `${s.thread}  ${s.operation}`;
  const marks = s.rules.length === 0 ? '' : `    <- ${[...new Set(s.rules)].join(', ')}`;
  return [`${number}. ${what}${marks}`, ...s.changes.flatMap((change) => wrapped(change, '        '))];
}

/** Lines of a text, broken between words. */
function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** One result as one line of JSON; docs/verify.md says what the fields mean. */
export function formatVerifyJson(
  result: VerifyResult,
  confirmed?: string,
  likely?: readonly Probability[],
): string {
  return `${JSON.stringify({ ...verifyObject(result, confirmed), probability: likely })}\n`;
}

/**
 * A result as docs/verify.schema.json describes it, its fields one by one so that a change of the engine cannot change the format unnoticed.
 * @param pictures whether the state before the first step, and that after each, go along
 */
export function verifyObject(result: VerifyResult, confirmed?: string, pictures = false): object {
  const { violation: v } = result;
  return {
    test: result.test,
    file: result.file,
    arch: result.arch,
    release: result.release,
    verdict: result.verdict,
    reason: result.reason,
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
    timeMs: Math.round(result.timeMs * 10) / 10,
  };
}
