/** From what a machine printed to outcomes in the model's words. */
import type { Replayed } from '../session.js';
import type { MachineTest } from '../translate/index.js';
import { machineOutcome } from './outcome.js';
import type { MachineOutcomes } from './verdict.js';

/** A test, and what a machine printed for it. */
export type Printed = Pick<Replayed, 'test' | 'result' | 'skipped'> & {
  readonly machine?: Pick<MachineTest, 'compiled' | 'forks'>;
};

/** What a machine gave for one test. */
export function machineOutcomes(replayed: Printed): MachineOutcomes {
  const { test, machine, result } = replayed;
  const base = { test: test.name, hash: test.hash };
  if (machine === undefined || result === undefined) {
    return {
      ...base,
      runs: 0,
      complete: false,
      outcomes: [],
      concurrent: false,
      skipped: replayed.skipped ?? '',
    };
  }
  const counts = new Map<string, { text: string; positive: boolean; count: number }>();
  for (const seen of result.outcomes) {
    const outcome = machineOutcome(seen.text, test, machine.compiled.mem);
    if (outcome === undefined) continue;
    const { text, positive } = outcome;
    const known = counts.get(`${positive}${text}`);
    if (known === undefined) counts.set(`${positive}${text}`, { text, positive, count: seen.count });
    else known.count += seen.count;
  }
  const trouble =
    result.end === 'done' || result.end === 'panic' ? undefined : `${result.end}: ${result.message ?? ''}`;
  return {
    ...base,
    runs: result.runs,
    complete: result.complete,
    outcomes: [...counts.values()].sort((a, b) => (a.text < b.text ? -1 : 1)),
    concurrent: test.threads.length > 1 || machine.forks,
    ...(trouble === undefined ? {} : { trouble }),
    ...(result.end === 'panic' ? { bug: { api: result.api ?? '', at: result.message ?? '' } } : {}),
  };
}
