/** What a kernel has to show, in the form in which the machine prints it (`lit_ktap.c`). */
import type { RunResult } from '../../run/result.js';
import type { Comparison } from '../compare/verdict.js';
import { plainOutcome } from '../translate/question.js';

/**
 * `expected.ktap`: each outcome of the model is seen, and nothing else.
 * @param recorded an earlier run on that kernel: what no choice of the module leads to there need not be seen
 */
export function expectedKtap(model: RunResult, recorded: Comparison | undefined): string {
  const unseen = new Set(
    (recorded?.outcomes ?? [])
      .filter((o) => o.model && o.machine === 0)
      .map((o) => `${o.positive}${plainOutcome(o.text)}`),
  );
  const lines = model.outcomes.map((o, i) => {
    const text = plainOutcome(o.text);
    const holds = o.positive ? 'condition holds' : 'condition does not hold';
    const skip = unseen.has(`${o.positive}${text}`) ? ' # SKIP not seen' : '';
    return `ok ${i + 1} ${text} (${holds})${skip}`;
  });
  return [
    'KTAP version 1',
    `1..${lines.length + 1}`,
    `# ${model.test} on ${model.arch}, Linux ${model.release}: ${model.condition}`,
    ...lines,
    `ok ${lines.length + 1} nothing else was seen`,
    '',
  ].join('\n');
}
