/** Where model and machine disagree: in which registers, and which disagreements look alike. */
import { apiOf } from '../../generate/driver.js';
import type { Compared } from './run.js';
import { valuesOf } from './model.js';

/** One register in which the machine's outcome differs from the nearest of the model. */
export interface DifferingRegister {
  readonly register: string;
  readonly model: string;
  readonly machine: string;
}

/** The registers in which the first outcome that only the machine has differs from the model's nearest. */
export function differingRegisters({ comparison }: Compared): DifferingRegister[] {
  const alone = comparison.outcomes.find((o) => !o.model);
  if (alone === undefined) return [];
  const machine = valuesOf(alone.text);
  let best: DifferingRegister[] | undefined;
  for (const outcome of comparison.outcomes) {
    if (!outcome.model) continue;
    const model = valuesOf(outcome.text);
    const found = Object.keys(machine)
      .filter((r) => machine[r] !== model[r])
      .map((register) => ({ register, model: model[register] ?? '', machine: machine[register]! }));
    if (best === undefined || found.length < best.length) best = found;
  }
  return best ?? [];
}

/** What a disagreement is about, without the process and the page: `present vma_flags`. */
export function topics(one: Compared): ReadonlySet<string> {
  const { reason } = one.comparison;
  const registers = differingRegisters(one).map(({ register }) =>
    register.replace(/^\d+:(c\d+\.)*/, '').replace(/\..*$/, ''),
  );
  return new Set(reason === undefined ? registers : [...registers, reason.replace(/[:\s].*$/, '')]);
}

/** Disagreements with the same name are probably one. */
export function clusterName(one: Compared): string {
  const { record } = one.test;
  const ops = [...new Set(record.ops.map(({ name }) => name))].toSorted();
  const about = [...topics(one)].toSorted();
  return [one.comparison.kernel, apiOf(record) ?? 'page', about.join(','), ops.join(',')].join('|');
}

/** The first, and so the smallest, of those that look alike. */
export function representatives(all: readonly Compared[]): Compared[] {
  const first = new Map<string, Compared>();
  for (const one of all) if (!first.has(clusterName(one))) first.set(clusterName(one), one);
  return [...first.values()];
}
