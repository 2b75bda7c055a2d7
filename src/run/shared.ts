/**
 * One run for configurations that a test cannot tell apart. The model knows its architecture and release by facts alone, and what a run
 * does follows from the test, the options and the values of the facts that it asks. So a configuration on which all of these have the same
 * values would do the very same, whatever else is different about it.
 */
import type { FactName, Facts } from '../kernel/facts.js';
import { watchFacts } from '../kernel/facts/watch.js';
import type { LitmusTest } from '../litmus/ast.js';
import { answer, resultOf, type Answer } from './index.js';
import type { RunOptions, RunResult } from './result.js';

/** A finished run, and the facts that it asked. */
interface Earlier {
  readonly answer: Answer;
  readonly facts: Facts;
  readonly asked: readonly FactName[];
}

/**
 * Runs a test on one configuration after the other, and no more often than needed. All options but `arch` and `release` have to be the
 * same in every call.
 * @returns a function like `runTest`; a result that is another configuration's names it in `sharedWith`
 */
export function sharedRuns(test: LitmusTest): (options: RunOptions) => Promise<RunResult> {
  const runs: Earlier[] = [];
  return (options) =>
    resultOf(test, options, async (facts) => {
      const same = runs.find((e) => e.asked.every((name) => e.facts[name] === facts[name]));
      if (same !== undefined) return same.answer;
      const watched = watchFacts(facts);
      const found = await answer(test, watched.facts, options);
      // What the user or the clock ended is nobody else's answer.
      if (found.repeatable) {
        const sharedWith = `${options.arch}+${options.release}`;
        runs.push({ answer: { ...found, sharedWith }, facts, asked: watched.asked() });
      }
      return found;
    });
}
