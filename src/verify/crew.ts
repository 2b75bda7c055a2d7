/** A verification that several threads make together: what each does, and what it reports. */
import { Member } from '../explore/crew.js';
import type { LitmusTest } from '../litmus/ast.js';
import { failureOf, type CrewFailure, type Helper } from '../run/help.js';
import { subjectOf } from './subject.js';
import { Trial } from './trial.js';
import type { VerifyReport, VerifyPlan } from './types.js';

/** A helping thread's part. */
export function verifyMember(test: LitmusTest, plan: VerifyPlan): Helper<VerifyReport> {
  const { facts, ptrs, bounds, maxBytes } = plan;
  const trial = new Trial(subjectOf(test, facts, ptrs, bounds), plan);
  return (joining) => {
    const member: Member = new Member(trial.system, {
      ...{ ...joining, maxBytes },
      onState: (id) => trial.state(id),
      onFinal: (id) => trial.final(id, member.store),
    });
    let failure: CrewFailure | undefined;
    try {
      member.run();
    } catch (error) {
      failure = failureOf(error);
    }
    return reportOf(member, trial, failure);
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
