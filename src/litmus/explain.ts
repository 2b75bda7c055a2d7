import { C_CODES } from '../c/codes.js';
import type { CodeDoc } from '../c/diagnostics.js';
import { LITMUS_CODES } from './codes.js';

/** The documentation of every code that a litmus test can be reported with, in the order of their numbers. */
export function allCodes(): readonly CodeDoc[] {
  return [...C_CODES, ...LITMUS_CODES].sort((a, b) => a.code.localeCompare(b.code));
}
