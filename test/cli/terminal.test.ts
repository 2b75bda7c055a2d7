import { expect, test } from 'vitest';
import { bold, useColor } from '../../src/cli/terminal.js';
import { table, wrap } from '../../src/cli/table.js';
import { FakeTerminal } from './fake-terminal.js';

test.each([
  [true, {}, true],
  [false, {}, false],
  [true, { TERM: 'dumb' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '', NO_COLOR: '1' }, true],
  [true, { FORCE_COLOR: '0' }, false],
])('terminal %j with %j: colour %j', (isTTY, env, expected) => {
  expect(useColor(new FakeTerminal(isTTY), env)).toBe(expected);
});

test('bold is plain without colour', () => {
  expect([bold('x', false), bold('x', true)]).toEqual(['x', '\u001b[1mx\u001b[0m']);
});

test('a table has even columns and no blanks at line ends', () => {
  expect(
    table([
      ['A', 'LONG', 'C'],
      ['aaa', 'b', ''],
      ['a', 'b', 'ccc'],
    ]),
  ).toBe('A    LONG  C\naaa  b\na    b     ccc\n');
});

test('the last column of a table is wrapped to 80 columns, unless too little room is left', () => {
  const words = Array.from({ length: 20 }, () => 'words').join(' ');
  const wrapped = table([['a', words]])
    .trimEnd()
    .split('\n');
  expect(wrapped.map((line) => line.length <= 80 && /^(a| )  words/.test(line))).toEqual([true, true]);
  expect(table([['a'.repeat(60), words]]).split('\n')).toHaveLength(2);
});

test('wrap breaks at spaces, and only there', () => {
  expect(wrap('aa bb  cc\ndddddddd e', 5)).toEqual(['aa bb', 'cc', 'dddddddd', 'e']);
  expect(wrap('', 5)).toEqual([]);
});
