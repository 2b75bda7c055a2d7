import type { Chances, Probability } from '../run/probability/index.js';
import type { RunResult } from '../run/result.js';
import { grouped } from './summary.js';
import { configurationName } from './verdict.js';

/** How likely the condition is, a line for each allocator. Empty where nobody asked. */
export function formatProbability(result: RunResult): string {
  if (result.probability === undefined) return '';
  const lines = probabilityLines(result.probability);
  return [`Probability of ${configurationName(result)}`, ...lines, ''].map((line) => `${line}\n`).join('');
}

/** `  uniform, 65,536 frames: 1/65536 (0.0000153)`. */
export function probabilityLines(found: readonly Probability[]): string[] {
  return found.map((one) => `  ${one.allocator}, ${grouped(one.frames)} frames: ${answer(one)}`);
}

function answer({ atLeast, atMost, reason }: Probability): string {
  if (atLeast === undefined || atMost === undefined) return `unknown (${reason})`;
  if (atLeast.fraction === atMost.fraction) return value(atMost);
  return `at least ${value(atLeast)}, at most ${value(atMost)}, as the schedule and other choices are`;
}

/** `3/8 (0.375)`. */
function value({ fraction, decimal }: Chances): string {
  return fraction.includes('/') ? `${fraction} (${rounded(decimal)})` : fraction;
}

/** To three digits. */
function rounded(x: number): string {
  return x >= 1e-3 ? String(Number(x.toPrecision(3))) : x.toExponential(2);
}
