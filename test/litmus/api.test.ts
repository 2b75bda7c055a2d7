import { expect, test } from 'vitest';
import { HEAD } from '../../src/kernel/layout.js';
import { API_NAMES } from '../../src/litmus/api/index.js';

test('every name that warned() can be asked about has a bit in the world', () => {
  expect(API_NAMES.length).toBeLessThanOrEqual((HEAD.BAD_MAP - HEAD.WARNED) * 32);
});
