import { describe, expect, test } from 'vitest';
import { parse } from './diagnose.js';

const TEXT = `C one
(*
 * Result: Never
 *)
{
  ram pool = 4 pages;
}
#define LIMIT 4
static int state;
P0()
{
	int x = 1 + +LIMIT;
	char *s = "a  b";
}
exists (0:x = 1 /\\ state = 0)
`;

const hash = (text: string): string => parse(text).hash;

describe('the hash of a test', () => {
  test('is 32 hexadecimal digits', () => {
    expect(hash(TEXT)).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each<[string, (text: string) => string]>([
    ['its name', (t) => t.replace('C one', 'C two')],
    ['what it expects', (t) => t.replace('Never', 'Always')],
    ['comments in the memory block', (t) => t.replace('{', '{ /* here */ // there\n (* and *) ')],
    ['comments in C', (t) => t.replace('static', '/* state */ static // of\n')],
    ['comments in preprocessor lines', (t) => t.replace('LIMIT 4', 'LIMIT /* of */ 4 // pages')],
    ['comments in the condition', (t) => t.replace('exists', 'exists (* why *)')],
    ['white space', (t) => t.replaceAll('\n\t', '\n \t\r\n  ').replace('0:x = 1', '0:x=1')],
  ])('does not depend on %s', (_, change) => {
    const changed = change(TEXT);
    expect(changed).not.toBe(TEXT);
    expect(hash(changed)).toBe(hash(TEXT));
  });

  test.each<[string, (text: string) => string]>([
    ['the memory block', (t) => t.replace('4 pages', '5 pages')],
    ['the driver', (t) => t.replace('static int', 'static long')],
    ['a macro', (t) => t.replace('LIMIT 4', 'LIMIT 5')],
    ['a thread', (t) => t.replace('x = 1', 'x = 2')],
    ['where tokens end', (t) => t.replace('1 + +LIMIT', '1 ++ LIMIT').replace('1 ++', 'state ++ +')],
    ['the inside of a string', (t) => t.replace('a  b', 'a b')],
    ['the condition', (t) => t.replace('exists', 'forall')],
  ])('depends on %s', (_, change) => {
    const changed = change(TEXT);
    expect(changed).not.toBe(TEXT);
    expect(hash(changed)).not.toBe(hash(TEXT));
  });
});
