import { expect, test } from 'vitest';
import { formatDiagnostic, lineColumn } from '../../src/c/diagnostics.js';

test('a code frame shows no control character of the text: it could command the terminal', () => {
  const source = { file: 'x', text: 'a\n\tb \u001b[2J\u0007\u009bc d\n' };
  const span = { start: source.text.indexOf('d'), end: source.text.indexOf('d') + 1 };
  const text = formatDiagnostic(source, { code: 'PFN1001', severity: 'error', message: 'm', span }, false);
  expect(text.split('\n')).toEqual([
    'x:2:12: error: m [PFN1001]',
    '    2 |  b  [2J  c d',
    '      |            ^',
  ]);
});

test('lines and columns are counted from 1', () => {
  const at = (offset: number) => Object.values(lineColumn('ab\nc', offset));
  expect([0, 2, 3, 4, 99].map(at)).toEqual([
    [1, 1],
    [1, 3],
    [2, 1],
    [2, 2],
    [2, 2],
  ]);
});
