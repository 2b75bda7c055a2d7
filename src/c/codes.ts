/** The diagnostics of C: PFN1001-PFN1099 for its form, PFN1101-PFN1199 for its meaning. */
import { NAME_CODES } from './codes/names.js';
import { SEMANTIC_CODES } from './codes/semantics.js';
import { SYNTAX_CODES } from './codes/syntax.js';
import { UNSUPPORTED_CODES } from './codes/unsupported.js';
import type { CodeDoc } from './diagnostics.js';

/** The documentation of every code of C, in the order of their numbers. */
export const C_CODES: readonly CodeDoc[] = [
  ...SYNTAX_CODES,
  ...UNSUPPORTED_CODES,
  ...NAME_CODES,
  ...SEMANTIC_CODES,
];
