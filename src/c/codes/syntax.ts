/** Codes of C that cannot be read. */
import type { CodeDoc } from '../diagnostics.js';

export const SYNTAX_CODES: readonly CodeDoc[] = [
  {
    code: 'PFN1001',
    title: 'Syntax error',
    explanation:
      'The text is not C at this place. The parser names the first token that cannot stand there; what ' +
      'is really wrong is often the token before it.',
    example: `static int f(int a)
{
	return a + * ;
}`,
    fix: `static int f(int a)
{
	return a + 1;
}`,
  },
  {
    code: 'PFN1002',
    title: 'A token is missing',
    explanation: 'A statement, list or bracket ends without the token that C demands there.',
    example: `static int f(int a)
{
	a = a + 1
	return a;
}`,
    fix: `static int f(int a)
{
	a = a + 1;
	return a;
}`,
  },
  {
    code: 'PFN1003',
    title: 'Nested too deeply',
    explanation:
      'Brackets, statements or operators nest deeper than any driver does. The limit keeps hostile ' +
      'input from exhausting the tool.',
    example: `static int x = ${'('.repeat(201)}1${')'.repeat(201)};`,
    fix: `static int x = 1;`,
  },
  {
    code: 'PFN1004',
    title: 'Unbalanced bracket',
    explanation: 'A bracket is never closed, closed twice, or closed by another kind.',
    example: `static int f(void)
{
	return (1 + 2;
}`,
    fix: `static int f(void)
{
	return (1 + 2);
}`,
  },
  {
    code: 'PFN1005',
    title: 'Comment, string or character without an end',
    explanation: 'A comment ends with `*/`, a string or character constant on its own line.',
    example: `static int x; /* counts calls`,
    fix: `static int x; /* counts calls */`,
  },
  {
    code: 'PFN1006',
    title: 'Function-like macro',
    explanation:
      'Macros with parameters are not expanded. A static inline function does the same and can be ' +
      'checked.',
    example: `#define DOUBLE(x) ((x) * 2)`,
    fix: `static inline int DOUBLE(int x)
{
	return x * 2;
}`,
  },
  {
    code: 'PFN1007',
    title: 'Unsupported preprocessor line',
    explanation:
      '`#include` is ignored and `#define NAME expression` is understood, in the driver part. ' +
      'Everything else would make the test mean different things in different places; `Only:` and ' +
      '`Result(SEL):` in the header are there for that.',
    example: `#ifdef CONFIG_MMU
static int x;
#endif`,
    fix: `static int x;`,
  },
  {
    code: 'PFN1008',
    title: 'Macro without a value',
    explanation: 'The value of a macro must be an expression: it stands for a constant.',
    example: `#define LOOP for (;;)`,
    fix: `#define LIMIT (4 * 2)`,
  },
  {
    code: 'PFN1009',
    title: 'Too much text',
    explanation:
      'A test has at most 64 KiB of C, macros may expand to 20000 nodes, and the parser may go astray only ' +
      'so far: whoever writes more made a slip or an attack.',
    example: `#define A0 (buf + buf)
#define A1 (A0 + A0)
#define A2 (A1 + A1)
#define A3 (A2 + A2)
#define A4 (A3 + A3)
#define A5 (A4 + A4)
#define A6 (A5 + A5)
#define A7 (A6 + A6)
#define A8 (A7 + A7)
#define A9 (A8 + A8)
#define A10 (A9 + A9)
#define A11 (A10 + A10)
#define A12 (A11 + A11)
#define A13 (A12 + A12)
#define A14 (A13 + A13)
#define A15 (A14 + A14)
static unsigned long f(void)
{
	return A15;
}`,
    fix: `#define A0 (buf + buf)
static unsigned long f(void)
{
	return A0;
}`,
  },
];
