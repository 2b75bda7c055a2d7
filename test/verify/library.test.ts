/** What a user of the library has of verify. */
import { expect, test } from 'vitest';
import * as pfnmap from '../../src/index.js';
import { grammar } from '../litmus/grammar.js';
import { driverText, FREES } from './support.js';

test('a driver is verified, told and drawn', async () => {
  const source = { file: 'driver.litmus', text: driverText(FREES('')) };
  const driver = pfnmap.parseLitmus(source, grammar, { threadless: true });
  const result: pfnmap.VerifyResult = await pfnmap.verifyTest(driver, {
    ...{ arch: 'arm', release: '7.2', processes: 1, pages: 1 },
  });
  expect(pfnmap.foundOf(result)).toBe('not-freed F-1a');
  expect(pfnmap.formatVerify(result)).toContain('violated: not-freed');
  expect(pfnmap.verifyPage([{ result, confirmed: undefined, likely: undefined }])).toContain(
    '<!doctype html>',
  );
  const picture: pfnmap.Picture = result.violation!.steps.at(-1)!.picture;
  expect(picture.frames.length).toBeGreaterThan(0);
  expect(pfnmap.counterexampleText(result, 'found', 'Always')).toMatch(/^C found$/m);
});
