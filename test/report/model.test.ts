import { expect, test } from 'vitest';
import { formatModel, modelLines } from '../../src/report/model.js';

const FAULT = 'src/kernel/mm/memory/fault.ts';
const MODEL = {
  functions: 10,
  reached: 9,
  unreached: [{ file: 'src/kernel/mm/gup.ts', line: 7, name: 'gupFast' }],
  branches: [
    { file: FAULT, line: 3, name: 'doFault' },
    { file: FAULT, line: 9, name: 'doFault' },
  ],
};

test('counts by file, in a few lines', () => {
  expect(modelLines(MODEL, false)).toEqual([
    'Model: 9 of 10 functions of src/kernel ran, and in them 2 branches did not. Never,',
    '  functions + branches by file (--details has each): mm/gup.ts 1+0,',
    '  mm/memory/fault.ts 0+2.',
  ]);
});

test('each place on demand', () => {
  expect(modelLines(MODEL, true).slice(1)).toEqual([
    '  src/kernel/mm/gup.ts:7 gupFast()',
    `  ${FAULT}:3 a branch of doFault()`,
    `  ${FAULT}:9 a branch of doFault()`,
  ]);
});

test('nothing where all ran, nor where nobody asked', () => {
  expect(modelLines({ functions: 1, reached: 1, unreached: [], branches: [] }, true)).toHaveLength(1);
  expect(formatModel(undefined, true)).toBe('');
  expect(formatModel(MODEL, false)).toMatch(/^(# .*\n){3}$/);
});
