import { herdReport } from './herd.js';
import { jsonReport } from './json.js';
import { ktapReport } from './ktap.js';
import type { Report } from './report.js';

export { formatHerd } from './herd.js';
export { formatJson } from './json.js';
export { formatWitness } from './witness.js';
export { Summary } from './summary.js';
export type { Report } from './report.js';

/** The output formats of `pfnmap run`. */
export const FORMATS = ['herd', 'ktap', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** @param details whether coverage lists each function and branch of the model that did not run */
export function createReport(format: Format, details = false): Report {
  return { herd: herdReport, ktap: ktapReport, json: jsonReport }[format](details);
}
