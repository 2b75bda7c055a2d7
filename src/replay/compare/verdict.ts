/** Model against machine: which outcomes both have, and what that means. */
import type { RunResult } from '../../run/result.js';
import type { Difference } from '../differences.js';

/** An outcome that the model, the machine or both have. */
export interface ComparedOutcome {
  /** As the model prints it. */
  readonly text: string;
  /** Whether the proposition of the condition holds in it. */
  readonly positive: boolean;
  /** Whether the model has it. */
  readonly model: boolean;
  /** In how many runs the machine gave it. */
  readonly machine: number;
}

/** Why an outcome of the model was not steered to on a machine. */
export type Unsteerable =
  /** Not all choices were tried before the limit of runs. */
  | 'limit'
  /** All choices were tried: it takes a step between two scheduling points that the module can reach. */
  | 'schedule'
  /** All choices were tried: frames or other choices of the core that the module cannot make. */
  | 'choice'
  /** The machine ends at BUG() and takes the outcome with it. */
  | 'panic';

/** What a machine gave for one test, in the model's words; the form in which outcomes are recorded. */
export interface MachineOutcomes {
  readonly test: string;
  /** Of the test's text. */
  readonly hash: string;
  readonly runs: number;
  /** Whether all choices were tried. */
  readonly complete: boolean;
  readonly outcomes: readonly { readonly text: string; readonly positive: boolean; readonly count: number }[];
  /** The test has several threads or forks, so that schedules matter. */
  readonly concurrent: boolean;
  /** What went wrong: a time-out, an oops. */
  readonly trouble?: string;
  /** The API at which the machine died, and where in the kernel. */
  readonly bug?: { readonly api: string; readonly at: string };
  /** Why it was not run; nothing else counts then. */
  readonly skipped?: string;
}

export interface Comparison {
  readonly test: string;
  readonly file: string;
  /** Id and version of the kernel. */
  readonly kernel: string;
  readonly version: string;
  readonly arch: string;
  readonly release: string;
  readonly status: 'agreed' | 'differs' | 'explained' | 'not run';
  /** Why it was not run, or what went wrong. */
  readonly reason?: string;
  readonly explanation?: Difference;
  readonly outcomes: readonly ComparedOutcome[];
  readonly unsteerable?: Unsteerable;
  readonly runs: number;
  readonly complete: boolean;
  /** It is a case of the kernel's own selftest, and `file` the test that says the same to the model. */
  readonly selftest?: true;
}

/** Where a comparison belongs. */
export interface Place {
  readonly kernel: string;
  readonly version: string;
  readonly file: string;
}

/**
 * Compares the model's result with a machine's. The machine's outcomes have to be among the model's.
 * @param known differences that are explained
 */
export function compareRun(
  model: RunResult,
  machine: MachineOutcomes,
  place: Place,
  known: readonly Difference[],
): Comparison {
  const base = { ...place, test: machine.test, arch: model.arch, release: model.release };
  const { runs, complete } = machine;
  if (machine.skipped !== undefined || model.status === 'n/a') {
    const reason = machine.skipped ?? model.reason ?? '';
    return { ...base, status: 'not run', reason, outcomes: [], runs: 0, complete: false };
  }
  if (reachesUndefined(model)) {
    return { ...base, status: 'not run', reason: UNDEFINED_REASON, outcomes: [], runs: 0, complete: false };
  }
  const outcomes = join(model, machine);
  if (model.observation === 'Unknown' && outcomes.some((o) => !o.model)) {
    return { ...base, status: 'not run', reason: UNKNOWN_REASON, outcomes: [], runs: 0, complete: false };
  }
  const differs = machine.trouble !== undefined || outcomes.some((o) => !o.model) || strayBug(model, machine);
  const missing = outcomes.some((o) => o.model && o.machine === 0);
  const explanation = differs
    ? known.find((d) => d.test === machine.test && d.kernels.includes(place.kernel))
    : undefined;
  const reason =
    machine.trouble ??
    (strayBug(model, machine) ? `BUG in ${machine.bug!.api} at ${machine.bug!.at}` : undefined);
  return {
    ...base,
    status: !differs ? 'agreed' : explanation === undefined ? 'differs' : 'explained',
    ...(reason === undefined ? {} : { reason }),
    ...(explanation === undefined ? {} : { explanation }),
    outcomes,
    ...(missing ? { unsteerable: unsteerable(machine) } : {}),
    runs,
    complete,
  };
}

/** Why a test is not taken to a machine, which it might hang or damage. */
export const UNDEFINED_REASON = 'undefined behaviour: a machine may do anything';

/** Why nothing is said of a machine that shows more than a model that has hit a bound. */
export const UNKNOWN_REASON = 'the model does not know all outcomes';

/** Whether the model gives the test up, or the test asks for undefined behaviour and gets it. */
export function reachesUndefined(model: RunResult): boolean {
  const asked = (name: string, value: string): boolean => name.startsWith('undefined.') && value === '1';
  return (
    model.observation === 'Undef' ||
    model.outcomes.some((o) => Object.entries(o.values).some(([name, value]) => asked(name, value)))
  );
}

/** A machine that dies at BUG() says in which API; the rest of the outcome is the model's. */
function atBug(o: RunResult['outcomes'][number], machine: MachineOutcomes): boolean {
  return machine.bug !== undefined && o.bug === machine.bug.api;
}

function strayBug(model: RunResult, machine: MachineOutcomes): boolean {
  return machine.bug !== undefined && !model.outcomes.some((o) => atBug(o, machine));
}

function join(model: RunResult, machine: MachineOutcomes): ComparedOutcome[] {
  const key = (o: { text: string; positive: boolean }): string => `${o.positive ? '+' : '-'}${o.text}`;
  const all = new Map<string, ComparedOutcome>();
  for (const o of model.outcomes) {
    const { text, positive } = o;
    all.set(key(o), { text, positive, model: true, machine: atBug(o, machine) ? 1 : 0 });
  }
  for (const o of machine.outcomes) {
    const old = all.get(key(o));
    const count = (old?.machine ?? 0) + o.count;
    all.set(key(o), { text: o.text, positive: o.positive, model: old?.model ?? false, machine: count });
  }
  return [...all.values()];
}

function unsteerable(machine: MachineOutcomes): Unsteerable {
  if (machine.bug !== undefined) return 'panic';
  if (!machine.complete) return 'limit';
  return machine.concurrent ? 'schedule' : 'choice';
}
