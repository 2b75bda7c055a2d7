/** Names that conditions know without a declaration, and names that a test must not give away. */

import { ERRNO } from '../kernel/errno.js';
import { UNDEFINED_IDS } from '../kernel/routine.js';
import { UAPI_CONSTANTS } from '../kernel/uapi.js';
import { API_NAMES } from './api/index.js';

/** Sizes of the model's or the machine's pages and tables. */
const SIZE_NAMES = ['PAGE_SIZE', 'PAGE_SHIFT', 'PMD_SIZE', 'PUD_SIZE', 'PTRS_PER_PTE', 'PTRS_PER_PMD'];

/** C constants that a condition may name: error numbers, signals, what system calls take, sizes. */
export const CONSTANT_NAMES: ReadonlySet<string> = new Set([
  ...Object.keys(ERRNO),
  ...Object.keys(UAPI_CONSTANTS),
  ...SIZE_NAMES,
]);

/** Kernel functions, system calls and `page_fault`: what can be between the parentheses of `bug()` and `warned()`. */
export const REPORTING_NAMES: readonly string[] = API_NAMES.filter((name) => name !== 'none');

/** Identifiers of undefined behaviour, for `undefined()`. */
export const UNDEFINED_NAMES: readonly string[] = UNDEFINED_IDS.filter((id) => id !== 'none');

/** Values that are no numbers: no page, never existed, ended. `arena` is where mmap begins to place. */
export const SPECIAL_NAMES = ['NULL', 'none', 'dead'] as const;

const C_KEYWORDS = (
  'auto break case char const continue default do double else enum extern float for goto if inline int long register ' +
  'restrict return short signed sizeof static struct switch typedef union unsigned void volatile while bool'
).split(' ');

const LITMUS_WORDS = [
  ...['ram', 'reserved', 'mmio', 'device', 'resource', 'option', 'threads', 'faults', 'page', 'pages'],
  ...['exists', 'forall', 'filter', 'locations', 'true', 'false', 'not', 'arena', ...SPECIAL_NAMES],
];

/** Why a region or resource cannot have this name; undefined if it can. */
export function reservedBecause(name: string): string | undefined {
  if (C_KEYWORDS.includes(name)) return 'a keyword of C';
  if (LITMUS_WORDS.includes(name)) return 'a word of the litmus language';
  if (CONSTANT_NAMES.has(name)) return 'a C constant';
  if (/^P[0-9]+$/.test(name)) return 'the name of a thread';
  return undefined;
}
