/**
 * What a run takes and what it gives: the contract between the engine (`src/run`) and everything that
 * prints or judges results (`src/report`, `src/cli`, the tests).
 */
import type { CrewPlan, CrewReport } from './crew.js';
import type { Crew } from './help.js';
import type { TwinOf } from './twin.js';
import type { Probability, ProbabilityOptions } from './probability/index.js';

/** Where a long run has got to; handed to {@link RunOptions.onProgress} a few times a second. */
export interface Progress {
  /** Distinct states found so far. */
  readonly explored: number;
  /** Moves taken so far. */
  readonly transitions: number;
  /** States found but not yet expanded. */
  readonly queued: number;
}

/** One configuration to run a test on, and the bounds of the search. */
export interface RunOptions {
  readonly arch: string;
  readonly release: string;
  /** Overrides of named release facts (`--fact NAME=VALUE`). */
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  /** Entries in each page table: 2, 4 or 8; the outcomes do not depend on it. */
  readonly ptrs?: number;
  /** Wall-clock bound of the search in milliseconds. */
  readonly timeoutMs?: number;
  /** Bound on distinct states. */
  readonly maxStates?: number;
  /** Bound on the bytes that the search keeps. */
  readonly maxBytes?: number;
  /** Threads to make large searches together. */
  readonly crew?: Crew<CrewPlan, CrewReport>;
  /** Lets a large search without reductions remember its moves: makes what looks at them, in an engine of its own. */
  readonly twin?: () => TwinOf;
  /** Keep fingerprints of states only: less memory, but never exhaustive. */
  readonly compact?: boolean;
  /** False: every frame counts as different from every other, and nothing is renamed. The outcomes are the same. */
  readonly symmetry?: boolean;
  /** False: no partial-order reduction. */
  readonly por?: boolean;
  /** Record how the first positive outcome (for `forall`: the first counterexample) is reached. */
  readonly witness?: boolean;
  /** Also ask how likely the condition is. */
  readonly probability?: ProbabilityOptions;
  /** Called a few times a second; the run yields to the event loop around it. */
  readonly onProgress?: (progress: Progress) => void;
  /** Stops the search; the result then holds what is known, with `exhaustive: false`. */
  readonly signal?: AbortSignal;
}

/** herd7's words for what was seen; `Undef` and `Unknown` say that the question was not answered. */
export type Observation = 'Never' | 'Sometimes' | 'Always' | 'Undef' | 'Unknown';

/** One distinct final state, restricted to what the condition and the threads name. */
export interface Outcome {
  /** The state as herd7 prints it: `0:r=1; 0:vm_normal_page.p=NULL;`, perhaps with a trailing comment. */
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
  /** Whether the proposition of the condition holds in it. */
  readonly positive: boolean;
  /** The call whose BUG ended the run there, as in `bug(NAME)`, whether or not the test asks. */
  readonly bug?: string;
}

/** One step on the way to an outcome. */
export interface WitnessStep {
  /** `P0`, `P1`, or a child: `P0:c1`. */
  readonly thread: string;
  /** Line of the litmus file (from 1) and its text. */
  readonly line?: number;
  readonly source?: string;
  /** The kernel function that made the change, as the kernel spells it. */
  readonly kernel?: string;
  /** What is different after the step, in words. */
  readonly changes: readonly string[];
}

/** A shortest path to {@link Witness.outcome}. */
export interface Witness {
  readonly outcome: string;
  readonly steps: readonly WitnessStep[];
}

/** A place in the model's source. */
export interface ModelPlace {
  /** `src/kernel/mm/memory/fault.ts`. */
  readonly file: string;
  readonly line: number;
  /** The function. */
  readonly name: string;
}

/** Which code of the model a search has run, and which it has not. */
export interface ModelCoverage {
  /** Functions of `src/kernel`, and how many of them ran. */
  readonly functions: number;
  readonly reached: number;
  /** The others. */
  readonly unreached: readonly ModelPlace[];
  /** Of those that ran: where the blocks begin that did not. */
  readonly branches: readonly ModelPlace[];
}

/** The answer for one test on one configuration. */
export interface RunResult {
  readonly test: string;
  readonly file: string;
  readonly arch: string;
  readonly release: string;
  /** `n/a`: excluded by `Only:`; such a result is never `ok`, and never a failure. */
  readonly status: 'ran' | 'n/a';
  /** Why it is n/a, or which bound made it unknown. */
  readonly reason?: string;
  readonly observation: Observation;
  readonly quantifier: 'exists' | '~exists' | 'forall';
  /** Canonical text of the condition, quantifier included. */
  readonly condition: string;
  /** Outcomes in which the proposition holds, and does not; their sum is `states`. */
  readonly positive: number;
  readonly negative: number;
  readonly states: number;
  readonly outcomes: readonly Outcome[];
  /** Ids of the undefined behaviour that was reached. */
  readonly undefined: readonly string[];
  /** What the test's `Result:` lines say; null when it has none, and where it is n/a. */
  readonly expected: 'Never' | 'Sometimes' | 'Always' | null;
  readonly ok: boolean;
  /** False if a bound stopped the search: outcomes may be missing. */
  readonly exhaustive: boolean;
  /** Distinct states and transitions of the search. */
  readonly explored: number;
  readonly transitions: number;
  readonly timeMs: number;
  /** Hash of the test's text, normalised: equal hashes mean the same test. */
  readonly hash: string;
  readonly witness?: Witness;
  /** With `--coverage`. */
  readonly model?: ModelCoverage;
  /** How likely the condition is, for each allocator that was asked about. */
  readonly probability?: readonly Probability[];
  /**
   * `x86_64+7.2`: the answer is that of the run on this configuration; every fact which that run asked has the same value here.
   */
  readonly sharedWith?: string;
}
