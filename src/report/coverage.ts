/** What `pfnmap verify --coverage` adds to a report: what was never reached. */
import { wrapped } from './brief.js';
import { modelLines } from './model.js';
import type { VerifyResult } from '../verify/types.js';

/** The lines about coverage of a result that has it. */
export function coverageLines({ file, verdict, coverage }: VerifyResult, details: boolean): string[] {
  if (coverage === undefined) return [];
  const { statements, reached, unreached, idleRules, unaskedFacts } = coverage;
  const early = verdict === 'holds' ? '' : ', when the search ended';
  const head = `  Reached: ${reached} of ${statements} statements of the driver${early}.`;
  const lines = unreached.map(({ line, column, text }) => `    ${file}:${line}:${column}: ${text}`);
  const rules = idleRules.map(({ rule, when }) => `    ${rule}: ${when}`);
  return [
    ...(lines.length === 0 ? [head] : [`${head} Never:`, ...lines]),
    ...(rules.length === 0 ? [] : ['  Rules without an occasion, which would be that', ...rules]),
    ...wrapped(`Facts of the model that were never asked: ${unaskedFacts.join(', ')}.`, '  '),
    ...(coverage.model === undefined ? [] : modelLines(coverage.model, details).map((line) => `  ${line}`)),
  ];
}
