/** What `pfnmap verify --coverage` adds to a report: what was never reached. */
import type { VerifyResult } from '../verify/types.js';

/** The lines about coverage of a result that has it. */
export function coverageLines({ file, verdict, coverage }: VerifyResult): string[] {
  if (coverage === undefined) return [];
  const { statements, reached, unreached } = coverage;
  const early = verdict === 'holds' ? '' : ', when the search ended';
  const head = `  Reached: ${reached} of ${statements} statements of the driver${early}.`;
  if (unreached.length === 0) return [head];
  return [
    `${head} Never:`,
    ...unreached.map(({ line, column, text }) => `    ${file}:${line}:${column}: ${text}`),
  ];
}
