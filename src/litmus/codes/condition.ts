/** PFN2040 to PFN2049 and PFN2068: the form of filter and condition. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { asking } from './sample.js';

export const CONDITION_CODES = {
  PFN2040: {
    code: 'PFN2040',
    title: 'not a quantifier',
    explanation:
      'A condition begins with `exists` (some outcome satisfies it), `~exists` (none does) or `forall` (all do), in lower case.',
    example: asking('never (0:x = 0)'),
    fix: asking('~exists (0:x = 0)'),
  },
  PFN2041: {
    code: 'PFN2041',
    title: 'text behind the condition',
    explanation: 'The condition is the last part of a test. Propositions are joined by `/\\` and `\\/`.',
    example: asking('exists (0:x = 0) (0:x = 1)'),
    fix: asking('exists (0:x = 0) \\/ (0:x = 1)'),
  },
  PFN2042: {
    code: 'PFN2042',
    title: 'a mistake in the form of a condition',
    explanation:
      'Conditions are built from comparisons of values (`0:x = 1`, `0:vm_normal_page(p) = NULL`, `mem(buf + 1) != 0`) and observers that ' +
      'are true or false (`leaked()`, `0:vma_flags(p) & IO`) by `~`, `/\\` and `\\/`, which bind in this order.',
    example: asking('exists (0:x = /\\ 0:x = 1)'),
    fix: asking('exists (0:x = 0 /\\ 0:x = 1)'),
  },
  PFN2043: {
    code: 'PFN2043',
    title: 'an operator that conditions do not have',
    explanation:
      "Conditions are written as in herd7, not as in C: `=` for C's `==`, `/\\` for `&&`, `\\/` for `||`, `~` for `!`. Values have `+ - * << >>`.",
    example: asking('exists (0:x == 0)'),
    fix: asking('exists (0:x = 0)'),
  },
  PFN2044: {
    code: 'PFN2044',
    title: 'a chain of comparisons',
    explanation: 'A comparison has two sides. That three values are equal is said by two comparisons.',
    example: asking('exists (0 <= 0:x < 2)'),
    fix: asking('exists (0 <= 0:x /\\ 0:x < 2)'),
  },
  PFN2045: {
    code: 'PFN2045',
    title: 'a value where a proposition is expected',
    explanation:
      'Numbers are not truth values: say what the variable or observer is compared to. Only `leaked()`, `deadlock()`, `bug(NAME)`, ' +
      '`warned(NAME)`, `undefined(ID)` and tests of a VMA flag stand alone.',
    example: asking('exists (0:x)'),
    fix: asking('exists (0:x != 0)'),
  },
  PFN2046: {
    code: 'PFN2046',
    title: 'a proposition where a value is expected',
    explanation:
      'The sides of a comparison are values. Propositions are joined by `/\\`, `\\/` and `~`, not compared.',
    example: asking('exists ((0:x = 0) = 1)'),
    fix: asking('exists (0:x = 0)'),
  },
  PFN2047: {
    code: 'PFN2047',
    title: 'parentheses of a condition that do not match, or nest too deeply',
    explanation:
      'Every parenthesis is closed, and there are at most 100 levels of them. Long conditions need no nesting: `A /\\ B /\\ C` may go on.',
    example: asking('exists (0:x = 0 /\\ (0:x = 1)'),
    fix: asking('exists (0:x = 0 /\\ 0:x = 1)'),
  },
  PFN2048: {
    code: 'PFN2048',
    title: 'a character without a meaning',
    explanation:
      'Outside of C, the litmus language is written in ASCII. Logical signs from a paper are spelt `/\\`, `\\/`, `~`, `!=`, `<=` and `>=`.',
    example: asking('exists (0:x = 0 ∧ 0:x = 1)'),
    fix: asking('exists (0:x = 0 /\\ 0:x = 1)'),
  },
  PFN2049: {
    code: 'PFN2049',
    title: 'a second condition or filter, or a filter behind the condition',
    explanation:
      'A test asks one question: at most one `filter`, and behind it at most one condition. A second question is a second test.',
    example: asking('exists (0:x = 0)\nforall (0:x = 1)'),
    fix: asking('exists (0:x = 0)'),
  },
  PFN2068: {
    code: 'PFN2068',
    title: "herd7's `locations`",
    explanation:
      'herd7 prints further locations with `locations [...]`. Here an outcome consists of what filter and condition mention; to see more, mention ' +
      'more: `\\/ 0:y = 0 /\\ false` changes no verdict.',
    example: asking('locations [0:x;]\nexists (0:x = 0)'),
    fix: asking('exists (0:x = 0)'),
  },
} as const satisfies Record<string, CodeDoc>;
