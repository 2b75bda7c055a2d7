/** PFN4018 to PFN4020: what a header says to `pfnmap verify` (`src/verify/expectation.ts`, `src/verify/declarations.ts`). */
import type { CodeDoc } from '../../c/diagnostics.js';
import { headed } from './sample.js';

export const PROMISE_CODES = {
  PFN4018: {
    code: 'PFN4018',
    title: 'not an answer of verify',
    explanation:
      '`Verify:` says what `pfnmap verify` has to answer: `holds`, or the invariant that falls and the rule that is broken first ' +
      '(`driver`, `core` or `architecture` where the contract has no rule). docs/verify.md lists the invariants, `pfnmap rules` the rules.',
    example: headed('Verify: freed F-1a'),
    fix: headed('Verify: not-freed F-1a'),
  },
  PFN4019: {
    code: 'PFN4019',
    title: 'not a bound',
    explanation:
      '`Within:` names the world that `pfnmap verify` searches: `2 processes`, `2 threads`, `1 page`, `1 descriptor`, `races`, `offset 0 1`, ' +
      '`only open mmap ioctl`, separated by commas.',
    example: headed('Within: 2 processes, no races'),
    fix: headed('Within: 2 processes, races'),
  },
  PFN4020: {
    code: 'PFN4020',
    title: 'a promise about nothing',
    explanation:
      "`Serves:` names mappings that mmap() always gives (`private 2 pages at buf`, `1 page at 0 when idle`, `whole`), `Revoke:` the driver's " +
      'ioctl commands that take access away, `Readonly:` regions and resources that are given for reading only.',
    example: headed('Serves: 2 pages of buf'),
    fix: headed('Serves: 2 pages at 0'),
  },
} as const satisfies Record<string, CodeDoc>;
