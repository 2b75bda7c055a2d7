/** PFN2001 to PFN2009: the first line and the header. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { sample } from './sample.js';

export const HEADER_CODES = {
  PFN2001: {
    code: 'PFN2001',
    title: 'the first line is not `C NAME`',
    explanation:
      "A litmus test begins, as herd7's tests do, with a line that gives its format and its name. The format is always C, because " +
      'driver and threads are C; the name stands in every line of output that is about the test.',
    example: sample({ first: 'c example' }),
    fix: sample({}),
  },
  PFN2002: {
    code: 'PFN2002',
    title: 'the name of the test is not one word',
    explanation:
      'The name is printed as one word, `Test NAME+arch+release`, and log tools take it apart again: it is made of letters, digits ' +
      'and `_ - + .` and begins with a letter.',
    example: sample({ first: 'C private mapping, written' }),
    fix: sample({ first: 'C private-mapping-written' }),
  },
  PFN2003: {
    code: 'PFN2003',
    title: 'a comment of header, memory block or condition is never closed',
    explanation:
      'A comment that begins with `(*` ends with `*)`; such comments nest. In the memory block and in conditions `/* ... */` and ' +
      '`//` may be used too.',
    example: sample({ clause: 'exists (0:x = 0) (* the only one' }),
    fix: sample({ clause: 'exists (0:x = 0) (* the only one *)' }),
  },
  PFN2004: {
    code: 'PFN2004',
    title: 'text between the first line and the memory block',
    explanation: 'Between `C NAME` and the memory block there may only be comments, `(* ... *)`.',
    example: sample({ header: 'Result: Never' }),
    fix: sample({ header: '(* Result: Never *)' }),
  },
  PFN2005: {
    code: 'PFN2005',
    title: 'a test format other than C',
    explanation:
      'herd7 has formats for assembly languages too; here, driver and threads are always C, and the architecture is chosen when ' +
      'the test is run. A test for some architectures only says so with `Only:`.',
    example: sample({ first: 'AArch64 example' }),
    fix: sample({ header: '(* Only: arm64 *)' }),
  },
  PFN2006: {
    code: 'PFN2006',
    title: 'the text is too long',
    explanation:
      'A litmus test is a small program with a question about it. Texts beyond this length are taken for a mistake in the choice ' +
      'of files.',
    example: sample({ clause: `exists (0:x = 0)${' '.repeat(140000)}` }),
    fix: sample({}),
  },
} as const satisfies Record<string, CodeDoc>;
