import { expect, test } from 'vitest';
import { formatWitness } from '../../src/report/witness.js';
import { result } from './results.js';

test('numbers the steps and says who, where, by which function and what changed', () => {
  const steps = [
    {
      thread: 'P0',
      line: 31,
      source: '    p[0] = 1;',
      kernel: 'do_wp_page',
      changes: ['pte[0]: buf -> ram', 'rss'],
    },
    { thread: 'P0:c1', line: 32, source: 'q = p;', changes: ['q: 0 -> addr'] },
    { thread: 'P1', kernel: 'exit_mmap', changes: [] },
  ];
  expect(formatWitness(result({ witness: { outcome: '0:r=1;', steps } }))).toBe(
    [
      'Witness of demo+arm+7.2',
      '  0:r=1;',
      '  1. P0  line 31: p[0] = 1;',
      '       do_wp_page(): pte[0]: buf -> ram',
      '         rss',
      '  2. P0:c1  line 32: q = p;',
      '       q: 0 -> addr',
      '  3. P1',
      '       exit_mmap()',
      '',
      '',
    ].join('\n'),
  );
});

test('numbers of ten and more stay in line', () => {
  const steps = Array.from({ length: 10 }, (_, i) => ({ thread: 'P0', line: i + 1, changes: [] }));
  const lines = formatWitness(result({ witness: { outcome: 'x=1;', steps } })).split('\n');
  expect(lines[2]).toBe('   1. P0  line 1');
  expect(lines[11]).toBe('  10. P0  line 10');
});

test('is empty without a witness', () => {
  expect(formatWitness(result())).toBe('');
});
