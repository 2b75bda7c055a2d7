/** Runs a test with a reduction and without it: the outcomes must be the same. */
import type { LitmusTest } from '../../src/litmus/ast.js';
import { runTest, type RunOptions, type RunResult } from '../../src/run/index.js';

/** States without the reduction, at most: larger searches are left out. */
const MAX_STATES = 2_000;

export interface Compared {
  /** What is different, in words; empty if nothing is. */
  readonly difference: string;
  /** States with and without; 0 if the comparison was left out. */
  readonly reduced: number;
  readonly plain: number;
}

/** Everything that a run answers. */
function answers({ observation, outcomes, undefined: ids, exhaustive }: RunResult): string {
  const lines = outcomes.map(
    (o) => `${o.positive ? '+' : '-'} ${o.text}${o.bug === undefined ? '' : ` ${o.bug}`}`,
  );
  return [`${observation} ${exhaustive}`, ...ids, ...lines.toSorted()].join('\n');
}

/** @param without the options that switch the reduction off */
export async function compare(
  test: LitmusTest,
  options: RunOptions,
  without: Partial<RunOptions>,
): Promise<Compared> {
  const reduced = await runTest(test, { ...options, maxStates: MAX_STATES });
  const plain = await runTest(test, { ...options, ...without, maxStates: MAX_STATES });
  // A run that ends where the model does not know says nothing about what it has not reached.
  if (!plain.exhaustive || !reduced.exhaustive) {
    const lost = plain.exhaustive && !reduced.exhaustive;
    return { difference: lost ? `only the reduced run: ${reduced.reason}` : '', reduced: 0, plain: 0 };
  }
  const [a, b] = [answers(reduced), answers(plain)];
  const difference = a === b ? '' : `reduced:\n${a}\nplain:\n${b}`;
  return { difference, reduced: reduced.explored, plain: plain.explored };
}
