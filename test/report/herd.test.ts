import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatHerd, herdReport } from '../../src/report/herd.js';
import { lexHerd, lexState } from './herd-lexer.js';
import { outcome, result } from './results.js';

describe('formatHerd', () => {
  test('prints what herd7 prints, line by line', () => {
    expect(formatHerd(result())).toBe(
      [
        'Test demo+arm+7.2 Allowed',
        'States 2',
        '0:r=0;',
        '0:r=1;',
        'Ok',
        'Witnesses',
        'Positive: 1 Negative: 1',
        'Condition exists (0:r = 1)',
        'Observation demo+arm+7.2 Sometimes 1 1',
        'Time demo+arm+7.2 0.06',
        'Hash=0123456789abcdef',
        '',
        '',
      ].join('\n'),
    );
  });

  test.each([
    ['exists', [true, false], 'Allowed', 'Ok', [1, 1]],
    ['exists', [false], 'Allowed', 'No', [0, 1]],
    ['~exists', [false, false], 'Forbidden', 'Ok', [2, 0]],
    ['~exists', [true, false, false], 'Forbidden', 'No', [2, 1]],
    ['forall', [true], 'Required', 'Ok', [1, 0]],
    ['forall', [true, false], 'Required', 'No', [1, 1]],
  ] as const)('%s over %j is %s, %s, %j', (quantifier, found, kind, validation, witnesses) => {
    const outcomes = found.map((positive, i) => outcome(positive, { x: String(i) }));
    const [block] = lexHerd(formatHerd(result({ quantifier, outcomes })));
    expect(block).toMatchObject({ kind, validation, witnesses });
    expect(block?.observation.positive).toBe(found.filter(Boolean).length);
  });

  test('undefined behaviour takes the place of the answer', () => {
    const text = formatHerd(result({ observation: 'Undef', undefined: ['pfn_to_page'] }));
    expect(lexHerd(text)[0]?.validation).toBe('Undef');
  });

  test('a bound leaves the question open, unless it was settled before', () => {
    const open = result({
      outcomes: [outcome(false, { x: '0' })],
      observation: 'Unknown',
      exhaustive: false,
    });
    expect(lexHerd(formatHerd(open))[0]?.validation).toBe('??');
    expect(lexHerd(formatHerd({ ...open, quantifier: 'forall' }))[0]?.validation).toBe('No');
    expect(lexHerd(formatHerd(result({ exhaustive: false })))[0]?.validation).toBe('Ok');
  });

  test('a run that does not apply prints nothing', () => {
    expect(formatHerd(result({ status: 'n/a', ok: false, reason: 'Only: 7.2' }))).toBe('');
  });

  test('whatever the outcomes are, the block can be read back', () => {
    const value = fc.oneof(
      fc.integer().map(String),
      fc.constantFrom('NULL', 'none', 'dead', 'addr', 'ram', 'buf.3', '0xdeadbeef'),
    );
    const register = fc.stringMatching(/^\d:[a-z][a-z0-9_.]{0,8}$/);
    const outcomes = fc
      .uniqueArray(fc.dictionary(register, value, { minKeys: 1, maxKeys: 5 }), {
        selector: (o) => JSON.stringify(o),
      })
      .map((all) => all.map((values, i) => outcome(i % 2 === 0, { ...values, n: String(i) })));
    fc.assert(
      fc.property(outcomes, fc.constantFrom('exists', '~exists', 'forall'), (found, quantifier) => {
        const [block] = lexHerd(formatHerd(result({ outcomes: found, quantifier })));
        const read = block!.states.map(({ registers }) => JSON.stringify([...registers].toSorted()));
        const written = found.map(({ values }) => JSON.stringify(Object.entries(values).toSorted()));
        expect(read.toSorted()).toEqual(written.toSorted());
      }),
    );
  });
});

test('a witness follows its block', () => {
  const witness = { outcome: '0:r=1;', steps: [{ thread: 'P0', changes: ['a'] }] };
  const text = herdReport().result(result({ witness }));
  expect(text).toContain('\n\nWitness of demo+arm+7.2\n');
});

describe('the lexer', () => {
  test('reads names, numbers, hexadecimals and comments', () => {
    const state = lexState('0:c1.a=2; leaked=0; 0:p=-22; x=0xff; q=buf.1; # -EINVAL');
    expect(Object.fromEntries(state.registers)).toEqual({
      '0:c1.a': '2',
      leaked: '0',
      '0:p': '-22',
      x: '0xff',
      q: 'buf.1',
    });
    expect(state.comment).toBe('# -EINVAL');
  });

  test.each(['0:r=1', '0:vm_normal_page(p)=NULL;', '_x=1;', 'x=buf+1;', 'x==1;', 'x=1; x=2;', 'x=-;'])(
    'refuses %s',
    (line) => {
      expect(() => lexState(line)).toThrow(/state line|twice/);
    },
  );

  test.each([
    ['States 2', 'States 3', /announced/],
    ['0:r=0;\n0:r=1;', '0:r=1;\n0:r=0;', /sorted/],
    ['\nWitnesses', '', /Witnesses/],
    ['Time demo+arm', 'Time demo+arm64', /Time/],
    ['Allowed', 'Maybe', /Test/],
  ])('refuses a block with %j made %j', (from, to, error) => {
    expect(() => lexHerd(formatHerd(result()).replace(from, to))).toThrow(error);
  });
});
