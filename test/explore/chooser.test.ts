import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Enumerator, replaying } from '../../src/explore/chooser.js';

/** A tree of choices: how many answers, and what each leads to. */
interface Tree {
  readonly next: readonly Tree[];
}

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constant<Tree>({ next: [] }),
    fc.record({ next: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
  ),
}));

/** All paths through a tree, in the order of their answers. */
function paths(t: Tree): string[] {
  if (t.next.length === 0) return [''];
  return t.next.flatMap((child, i) => paths(child).map((rest) => `${i}${rest}`));
}

/** Walks down with a chooser. */
function walk(t: Tree, choose: (n: number) => number): string {
  let path = '';
  for (let at = t; at.next.length > 0;) {
    const i = choose(at.next.length);
    path += i;
    at = at.next[i]!;
  }
  return path;
}

describe('the enumeration of choices', () => {
  it('makes every answer once, in order, and starts again for another move', () => {
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), (trees) => {
        const e = new Enumerator();
        for (const t of trees) {
          const seen: string[] = [];
          e.start();
          do {
            const path = walk(t, e.choose);
            expect(e.answers.join('')).toBe(path);
            seen.push(path);
          } while (e.next());
          expect(seen).toEqual(paths(t));
        }
      }),
    );
  });

  it('a move without choices is made once', () => {
    const e = new Enumerator();
    e.start();
    expect(e.next()).toBe(false);
  });

  it('refuses a move that is not deterministic', () => {
    const e = new Enumerator();
    e.start();
    e.choose(2);
    e.next();
    expect(() => e.choose(3)).toThrow('not deterministic');
  });
});

describe('replaying', () => {
  it('gives the recorded answers', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (t, n) => {
        const all = paths(t);
        const path = all[n % all.length]!;
        expect(walk(t, replaying([...path].map(Number)))).toBe(path);
      }),
    );
  });

  it('gives 0 behind them, and no answer that there is not', () => {
    const choose = replaying([5]);
    expect([choose(3), choose(2), choose(9)]).toEqual([2, 0, 0]);
  });
});
