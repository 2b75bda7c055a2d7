import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { md5 } from '../../src/litmus/md5.js';

test('md5 is that of RFC 1321, A.5', () => {
  expect(md5('')).toBe('d41d8cd98f00b204e9800998ecf8427e');
  expect(md5('message digest')).toBe('f96b697d7cb7938d525a2f31aaf161d0');
});

test('md5 agrees with another implementation, at every length of the last block', () => {
  for (let length = 0; length < 200; length++) {
    const text = 'x'.repeat(length);
    expect(md5(text)).toBe(createHash('md5').update(text).digest('hex'));
  }
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(md5(text)).toBe(createHash('md5').update(text, 'utf8').digest('hex'));
    }),
  );
});
