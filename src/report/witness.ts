import type { RunResult, WitnessStep } from '../run/result.js';
import { configurationName } from './verdict.js';

/** `P0  line 31: p[0] = 1;`, as far as the step has a place in the file. */
function place(step: WitnessStep): string {
  const line = step.line === undefined ? '' : `  line ${step.line}`;
  const source = step.source === undefined ? '' : `${line === '' ? '  ' : ': '}${step.source.trim()}`;
  return `${step.thread}${line}${source}`;
}

/** The changes of one step, each on a line of its own, the first after the name of the kernel function. */
function changes(step: WitnessStep, indent: string): string[] {
  if (step.kernel === undefined) return step.changes.map((change) => indent + change);
  if (step.changes.length === 0) return [`${indent}${step.kernel}()`];
  const [first, ...rest] = step.changes;
  return [`${indent}${step.kernel}(): ${first}`, ...rest.map((change) => `${indent}  ${change}`)];
}

/**
 * How the first positive outcome (for `forall`: the first counterexample) comes about: numbered steps, each
 * with its thread, the line of the litmus test, the kernel function and what changed. Empty without a witness.
 */
export function formatWitness(result: RunResult): string {
  const { witness } = result;
  if (witness === undefined) return '';
  const width = String(witness.steps.length).length;
  const indent = ' '.repeat(width + 6);
  const lines = [`Witness of ${configurationName(result)}`, `  ${witness.outcome}`];
  witness.steps.forEach((step, index) => {
    lines.push(`  ${String(index + 1).padStart(width)}. ${place(step)}`, ...changes(step, indent));
  });
  return [...lines, ''].map((line) => `${line}\n`).join('');
}
