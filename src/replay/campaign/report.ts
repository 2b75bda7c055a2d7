/** What a campaign found, for people. */
import { printTerm } from '../../litmus/print.js';
import { observables } from '../../litmus/observables.js';
import { describeRecord, encodeRecord } from '../../generate/record.js';
import { litmusText } from '../../generate/text.js';
import { differingRegisters, type DifferingRegister, representatives } from './disagreement.js';
import type { CampaignResult } from './index.js';
import type { Minimised } from './minimised.js';
import type { Compared } from './run.js';

/** How many tests there were, a line for each kernel, and the kinds of disagreements as they were found. */
export function comparedText({
  counts,
  compared,
  once,
}: Pick<CampaignResult, 'counts' | 'compared' | 'once'>): string {
  const head =
    `${counts.kept} tests of ${counts.tried} records; left out: ${counts.duplicate} whose outcomes an earlier one has, ` +
    `${counts.undefined} with undefined behaviour, ${counts.unknown} beyond a bound of the model\n`;
  const kernels = [...compared]
    .map(([id, all]) => kernelText(id, all) + onceText(once.get(id) ?? []))
    .join('');
  const kinds = [...compared.values()].flatMap((all) =>
    representatives(all.filter((c) => c.comparison.status === 'differs')),
  );
  return head + kernels + kinds.map((c) => `\n${disagreementText(c)}`).join('');
}

/** The disagreements in their smallest form. */
export function minimisedText({ minimised, left, interrupted }: CampaignResult): string {
  const title = minimised.length === 0 ? '' : '\nIn their smallest form:\n';
  const found = minimised.map(
    ({ smallest, found }) => `\n${disagreementText(smallest)}    found as ${found.test.test.name}\n`,
  );
  const more = left === 0 ? '' : `\n${left} kinds were not made smaller\n`;
  const stopped = interrupted ? '\nInterrupted: the same command goes on from here.\n' : '';
  return title + found.join('') + more + stopped;
}

function kernelText(id: string, all: readonly Compared[]): string {
  const count = (status: string): number => all.filter((c) => c.comparison.status === status).length;
  const ran = all.filter((c) => c.comparison.status !== 'not run');
  const outcomes = ran.flatMap((c) => c.comparison.outcomes);
  const shown = outcomes.filter((o) => o.machine > 0).length;
  const runs = ran.reduce((n, c) => n + c.comparison.runs, 0);
  const reasons = new Map<string, number>();
  for (const { comparison } of all)
    if (comparison.status === 'not run')
      reasons.set(comparison.reason!, (reasons.get(comparison.reason!) ?? 0) + 1);
  const why = [...reasons].map(([reason, n]) => `${n} ${reason}`).join(', ');
  return (
    `${id}: ${count('agreed')} agree, ${count('differs')} differ, ${count('explained')} explained, ${count('not run')} not run${why === '' ? '' : ` (${why})`}; ` +
    `${runs} runs, ${shown} of ${outcomes.length} outcomes shown\n`
  );
}

/** What differed on a machine that had run other tests before, and not on a fresh one. */
function onceText(once: readonly Compared[]): string {
  return once
    .map((one) => {
      const about = differingRegisters(one).map((d) => difference(d).trim());
      return `    ${one.test.test.name} differed once, and not on a fresh machine: ${[one.comparison.reason ?? [], about].flat().join('; ')}\n`;
    })
    .join('');
}

function difference({ register, model, machine }: DifferingRegister): string {
  return `    ${register}: model ${model}, machine ${machine}\n`;
}

function disagreementText(one: Compared): string {
  const { comparison, test } = one;
  return [
    `${comparison.kernel} ${test.test.name}: ${describeRecord(test.record)}\n`,
    `    record ${encodeRecord(test.record).join(' ')}\n`,
    ...(comparison.reason === undefined ? [] : [`    ${comparison.reason}\n`]),
    ...differingRegisters(one).map(difference),
  ].join('');
}

/** A minimised disagreement as a test that asks for what the machine shows and the model does not have. */
export function minimisedTest(one: Minimised, name: string): string {
  const { test, comparison } = one.smallest;
  const registers = differingRegisters(one.smallest);
  const terms = registers.flatMap((d) => conditionPart(d, one.smallest) ?? []);
  return litmusText(test.record, {
    name,
    comment: [
      `Found by 'npm run campaign': ${comparison.kernel} (${comparison.version}) and the model disagree.`,
      ...(comparison.reason === undefined ? [] : [comparison.reason]),
      ...registers.map(({ register, model, machine }) => `  ${register}: model ${model}, machine ${machine}`),
      `Record: ${encodeRecord(test.record).join(' ')}`,
    ],
    ...(terms.length === 0 ? {} : { condition: `exists (${terms.join(' /\\ ')})` }),
  });
}

/** `0:pfn(p) = buf + 1`; undefined where a value has no name in a test. */
function conditionPart({ register, machine }: DifferingRegister, { test }: Compared): string | undefined {
  const o = observables([test.test.condition?.prop]).find((one) => one.register === register)!;
  const term = printTerm(o.term);
  if (o.flag !== undefined) return `${machine === '1' ? '' : '~'}(${term} & ${o.flag})`;
  if (/^(-?\d+|NULL|none|dead|-?E[A-Z]+|SIG[A-Z]+)$/.test(machine)) return `${term} = ${machine}`;
  const [, region, k] = /^(\w+)\.(\d+)$/.exec(machine) ?? [];
  return region === undefined ? undefined : `${term} = ${region}${k === '0' ? '' : ` + ${k}`}`;
}
