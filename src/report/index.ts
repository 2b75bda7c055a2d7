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

export function createReport(format: Format): Report {
  return { herd: herdReport, ktap: ktapReport, json: jsonReport }[format]();
}
