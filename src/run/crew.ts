/** A run that several threads make together: what each is told, what it does, and what comes of it. */
import { Member, type Shared } from '../explore/crew.js';
import type { Symmetry } from '../kernel/exchange.js';
import type { Capacities } from '../kernel/layout.js';
import type { Facts } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import { bootKernel, compile } from './boot.js';
import { Collector, inOrder, keyOf, NO_END, type Findings } from './collector.js';
import { failureOf, type CrewFailure } from './help.js';
import { questionOf } from './outcome.js';
import { memoOf } from './memo.js';
import type { Outcome } from './result.js';
import type { TwinOf } from './twin.js';
import type { Reduction } from './por.js';
import { searchedSystem } from './system.js';

/** What a thread is told. Can be sent to another thread. */
export interface CrewTask {
  readonly facts: Facts;
  readonly ptrs: number;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  readonly reduction: Reduction | undefined;
  readonly maxBytes: number | undefined;
  readonly index: number;
  readonly shared: Shared;
}

/** What a thread has found. */
export interface CrewReport {
  readonly outcomes: readonly Outcome[];
  readonly undefinedIds: readonly number[];
  readonly vacuous: string | undefined;
  readonly states: number;
  readonly transitions: number;
  readonly failure?: CrewFailure;
}

/** A helping thread's part. It blocks until the search is over for all. */
export function crewMember(test: LitmusTest, task: CrewTask, twin?: () => TwinOf): CrewReport {
  const { caps, symmetry, reduction, shared, maxBytes, index } = task;
  const c = compile(test, task.facts, task.ptrs);
  const k = bootKernel(c, caps);
  let collector: Collector | undefined = undefined;
  const member: Member = new Member(searchedSystem(k, c, symmetry, reduction), {
    ...{ index, shared, maxBytes, memo: memoOf({ c, caps, symmetry, reduction }, twin) },
    onFinal: (id) => collector!.final(id),
  });
  collector = new Collector(questionOf(test), c, k, member);
  let failure: CrewFailure | undefined;
  try {
    member.run();
  } catch (error) {
    failure = failureOf(error);
  }
  return reportOf(member, collector, failure);
}

/** What a thread has to report, once its part is over. */
export function reportOf(member: Member, collector: Collector, failure: CrewFailure | undefined): CrewReport {
  return {
    outcomes: collector.outcomes(),
    undefinedIds: [...collector.undefinedIds],
    vacuous: collector.vacuous,
    states: member.found,
    transitions: member.transitions,
    ...(failure === undefined ? {} : { failure }),
  };
}

/** What all threads have found, as one has it. */
export function together(reports: readonly CrewReport[]): Findings {
  const found = new Map<string, Outcome>();
  for (const outcome of reports.flatMap((r) => r.outcomes)) {
    const key = keyOf(outcome);
    const other = found.get(key);
    if (other === undefined || (outcome.bug ?? '') < (other.bug ?? '')) found.set(key, outcome);
  }
  // a thread that has seen no end says nothing about the others
  const ended = reports.some((r) => r.vacuous === undefined);
  const vacuous = reports.find((r) => r.vacuous !== NO_END)?.vacuous ?? NO_END;
  return {
    undefinedIds: new Set(reports.flatMap((r) => r.undefinedIds).toSorted((a, b) => a - b)),
    vacuous: ended ? undefined : vacuous,
    outcomes: () => inOrder([...found.values()]),
  };
}
