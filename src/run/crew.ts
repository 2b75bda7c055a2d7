/** A run that several threads make together: what each is told, what it does, and what comes of it. */
import { Member } from '../explore/crew.js';
import type { Symmetry } from '../kernel/exchange.js';
import type { Capacities } from '../kernel/layout.js';
import type { Facts } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import { bootKernel, compile } from './boot.js';
import { Collector, inOrder, isNamedFirst, keyOf, NO_END, type Findings } from './collector.js';
import { failureIn, type CrewFailure, type Helper } from './help.js';
import { questionOf } from './outcome.js';
import { memoOf } from './memo.js';
import type { Outcome } from './result.js';
import type { TwinOf } from './twin.js';
import type { Reduction } from './por.js';
import { searchedSystem } from './system.js';

/** What a thread is told of a search before it joins it. Can be sent to another thread. */
export interface CrewPlan {
  readonly facts: Facts;
  readonly ptrs: number;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  readonly reduction: Reduction | undefined;
  readonly maxBytes: number | undefined;
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

/** A helping thread's part. */
export function crewMember(test: LitmusTest, plan: CrewPlan, twin?: () => TwinOf): Helper<CrewReport> {
  const { caps, symmetry, reduction, maxBytes } = plan;
  const c = compile(test, plan.facts, plan.ptrs);
  const k = bootKernel(c, caps);
  const system = searchedSystem(k, c, symmetry, reduction);
  const memo = memoOf({ c, caps, symmetry, reduction }, twin);
  // it takes a while, and there is time now
  const traced = memo?.traced();
  return (joining) => {
    let collector: Collector | undefined = undefined;
    const member: Member = new Member(system, {
      ...{ ...joining, maxBytes, memo: memo && { ...memo, traced: () => traced } },
      onFinal: (id) => collector!.final(id),
    });
    collector = new Collector(questionOf(test), c, k, member);
    return reportOf(member, collector, failureIn(member));
  };
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
    if (other === undefined || isNamedFirst(outcome, other)) found.set(key, outcome);
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
