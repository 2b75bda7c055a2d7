import { describe, expect, test } from 'vitest';
import { grouped, Summary } from '../../src/report/summary.js';
import { result } from './results.js';

describe('Summary', () => {
  test('one line when all is as expected', () => {
    const summary = new Summary();
    summary.add(result());
    summary.add(result({ arch: 'x86_64' }));
    expect(summary.format(1.25, false)).toBe('1 test, 2 runs: 2 as expected (2,468 states, 1.3 s)\n');
  });

  test('names every surprise, with what was seen and what was expected', () => {
    const summary = new Summary();
    summary.add(result({ expected: 'Never', ok: false }));
    summary.add(result({ observation: 'Undef', undefined: ['pfn_to_page'], expected: 'Never', ok: false }));
    summary.add(
      result({
        observation: 'Unknown',
        exhaustive: false,
        ok: false,
        reason: 'bound: 5 s',
        expected: 'Never',
      }),
    );
    summary.add(result({ status: 'n/a', ok: false }));
    summary.addBad('x.litmus');
    summary.addBad('x.litmus');
    expect(summary.format(0, false)).toBe(
      [
        'differs  litmus/demo.litmus  arm 7.2: Sometimes, expected Never',
        'differs  litmus/demo.litmus  arm 7.2: Undef (pfn_to_page), expected Never',
        'unknown  litmus/demo.litmus  arm 7.2: Unknown, expected Never (bound: 5 s)',
        'bad      x.litmus',
        '1 test, 4 runs: 0 as expected, 2 differing, 1 unknown, 1 n/a, 1 bad file (4,936 states, 0.0 s)',
        '',
      ].join('\n'),
    );
    expect([summary.differing, summary.bounds, summary.bad]).toEqual([2, 1, 1]);
  });

  test('an answer that came before the bound counts as a bound, too', () => {
    const summary = new Summary();
    summary.add(result({ exhaustive: false }));
    expect(summary.bounds).toBe(1);
    expect(summary.format(0, false)).toContain('1 as expected');
  });

  test('colours only when asked, and says when it is not the whole', () => {
    const summary = new Summary();
    summary.add(result());
    expect(summary.format(0, true)).toContain('\u001b[32m1 as expected\u001b[0m');
    expect(summary.format(0, false, true)).toMatch(/^interrupted after 1 test/);
  });
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1234567, '1,234,567'],
])('grouped(%i) is %s', (number, text) => {
  expect(grouped(number)).toBe(text);
});
