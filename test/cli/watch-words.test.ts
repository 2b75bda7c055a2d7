import { runInThisContext } from 'node:vm';
import { expect, test } from 'vitest';
import { WatchedWords } from '../../src/explore/trace.js';
import { watchWords } from '../../scripts/watch-words.mjs';

const text = (code: string): string => watchWords(code).text;

test('reading and writing words become calls', () => {
  expect(text('x = k.w[a] + w[b + this.w[c]];')).toBe('x = k.w.get(a) + w.get(b + this.w.get(c));');
  expect(text('k.w[k.w[a]]=w[b]=(1,2);')).toBe('k.w.put(k.w.get(a), w.put(b, (1,2)));');
  expect(text('k.w[a+B.C]|=1<<k.w[x];')).toBe('k.w.put(a+B.C, k.w.get(a+B.C) | (1<<k.w.get(x)));');
  expect(text('if((k.w[a]=b)!==0)k.w[c]-=k.w[d];')).toBe(
    'if((k.w.put(a, b))!==0)k.w.put(c, k.w.get(c) - (k.w.get(d)));',
  );
});

test('what would come to something else is left as it is', () => {
  for (const code of [
    'k.w[f(a)] += 2;',
    'k.w[i++] += 2;',
    'k.w[i]++;',
    'for (k.w[0] of x);',
    '[k.w[0]] = [1];',
    '({ a: k.w[0] } = o);',
    'k.w[a]();',
    'k.words[a] = q[b];',
    'k.w.fill(0, a, b);',
    'k.w?.[a];',
  ])
    expect(text(code)).toBe(code);
});

test('they behave as before', () => {
  const code =
    '(w) => { w[0] = 5; w[1] = w[0]--; w[2] += w[1] * (w[0] + 1); w[w[3]] ^= 6; return [0, 1, 2, 3].map((i) => w[i]); }';
  const run = (body: string, words: unknown): unknown =>
    (runInThisContext(body) as (words: unknown) => unknown)(words);
  const plain = run(code, Int32Array.of(1, 2, 3, 1));
  const watched = new WatchedWords(4);
  watched.plain.set([1, 2, 3, 1]);
  watched.begin();
  expect(run(text(code), watched)).toEqual(plain);
  expect(watched.steps).toEqual([2, 3, 3, 1]);
});
