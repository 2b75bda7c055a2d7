/** A verification that several threads make together: what each does, and what it reports. */
import { Member } from '../explore/crew.js';
import type { LitmusTest } from '../litmus/ast.js';
import { failureIn, type CrewFailure, type Helper } from '../run/help.js';
import { memoOf } from './memo.js';
import { subjectOf } from './subject.js';
import { Trial } from './trial.js';
import type { VerifyReport, VerifyPlan, VerifyTwinOf } from './types.js';

/** A helping thread's part. */
export function verifyMember(
  test: LitmusTest,
  plan: VerifyPlan,
  twin?: () => VerifyTwinOf,
): Helper<VerifyReport> {
  const { facts, ptrs, bounds, maxBytes } = plan;
  const subject = subjectOf(test, facts, ptrs, bounds);
  const trial = new Trial(subject, plan);
  return (joining) => {
    const member: Member = new Member(trial.system, {
      ...{ ...joining, maxBytes, memo: memoOf(subject, bounds, plan, twin, maxBytes) },
      onState: (id) => trial.state(id),
      onFinal: (id) => trial.final(id, member.store),
    });
    return reportOf(member, trial, failureIn(member));
  };
}

/** What a thread has to report, once its part is over. */
export function reportOf(member: Member, trial: Trial, failure: CrewFailure | undefined): VerifyReport {
  const { loaded, mapped, beyond } = trial;
  return {
    states: member.found,
    transitions: member.transitions,
    ...{ loaded, mapped, bounds: [...beyond.bounds], unknown: [...beyond.unknown] },
    ...(failure === undefined ? {} : { failure }),
  };
}
