import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handle, HandleKind, handleIndex } from '../../src/kernel/handle.js';
import { CapacityError } from '../../src/kernel/layout.js';
import { Undefined } from '../../src/kernel/routine.js';
import { blockOf, blockType, blockWords, isFreed, kfree, kzalloc } from '../../src/kernel/slab.js';
import { Machine } from './mm/machine.js';

describe('kzalloc', () => {
  it('gives zeroed objects that do not overlap', () => {
    const { k } = new Machine();
    const [a, b] = [handleIndex(kzalloc(k, 2)), handleIndex(kzalloc(k, 3))];
    expect([b >= a + 2, k.w[a], k.w[a + 1]]).toEqual([true, 0, 0]);
    k.w.fill(9, a, a + 2);
    kfree(k, handle(HandleKind.Data, a));
    const again = handleIndex(kzalloc(k, 2));
    expect([again, k.w[again], k.w[again + 1]]).toEqual([a, 0, 0]);
  });

  it('of nothing is an object all the same', () => {
    const { k } = new Machine();
    const [a, b] = [kzalloc(k, 0), kzalloc(k, 0)];
    expect(a).not.toBe(b);
    kfree(k, a);
    expect([k.frozen, kzalloc(k, 1)]).toEqual([false, a]);
  });

  it('beyond the heap asks for more', () => {
    const { k } = new Machine();
    expect(() => kzalloc(k, 8)).toThrow(CapacityError);
    kzalloc(k, 3);
    kzalloc(k, 3);
    expect(() => kzalloc(k, 1)).toThrow(CapacityError);
  });

  it('may fail where the test lets allocations fail', () => {
    const m = new Machine({ options: { faultsAlloc: true } });
    m.pick = () => 1;
    expect(kzalloc(m.k, 1)).toBe(0);
  });
});

describe('kfree', () => {
  it('of NULL is nothing', () => {
    const { k } = new Machine();
    kfree(k, 0);
    expect(k.frozen).toBe(false);
  });

  it.each([
    ['twice', (a: number): number => a],
    ['inside an object', (a: number): number => a + 1],
    ['of what is no object', (): number => handle(HandleKind.Page, 1)],
    ['behind the last object', (a: number): number => a + 3],
  ])('%s is undefined', (name, what) => {
    const m = new Machine();
    const a = kzalloc(m.k, 2);
    m.k.w[handleIndex(a)] = 3;
    if (name === 'twice') kfree(m.k, a);
    kfree(m.k, what(a));
    expect(m.undefined).toBe(Undefined.DoubleFree);
  });
});

describe('whose a word of the heap is', () => {
  it('is told of live objects, with the words and the type they were asked for', () => {
    const { k } = new Machine();
    const a = handleIndex(kzalloc(k, 2, 5));
    const b = handleIndex(kzalloc(k, 0, 1));
    const block = blockOf(k, a);
    expect([blockOf(k, a + 1), blockWords(k, block), blockType(k, block), isFreed(k, a)]).toEqual([
      block,
      2,
      5,
      false,
    ]);
    expect([blockWords(k, blockOf(k, b)), blockType(k, blockOf(k, b))]).toEqual([0, 1]);
  });

  it('a header, what lies behind all objects, and what is no heap are nobody’s', () => {
    const { k } = new Machine();
    const a = handleIndex(kzalloc(k, 2));
    kzalloc(k, 1);
    expect([blockOf(k, a + 2), blockOf(k, a + 4), blockOf(k, 0), isFreed(k, a + 4), isFreed(k, 0)]).toEqual([
      -1,
      -1,
      -1,
      false,
      false,
    ]);
  });

  it('after kfree it is freed, until it is handed out again', () => {
    const { k } = new Machine();
    const h = kzalloc(k, 2);
    kfree(k, h);
    expect([blockOf(k, handleIndex(h)), isFreed(k, handleIndex(h) + 1)]).toEqual([-1, true]);
    expect([kzalloc(k, 1), isFreed(k, handleIndex(h))]).toEqual([h, false]);
  });

  it('objects of any order of kzalloc and kfree keep their words (against a map)', () => {
    const { k } = new Machine();
    const pristine = k.w.slice();
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 20 }), (steps) => {
        k.w.set(pristine);
        const live = new Map<number, number>();
        let stamp = 1;
        for (const [what, n] of steps) {
          const handles = [...live.keys()];
          if (what > 0) {
            let h: number;
            try {
              h = kzalloc(k, n);
            } catch {
              continue;
            }
            expect([live.has(h), k.w[handleIndex(h)]]).toEqual([false, 0]);
            k.w.fill(stamp, handleIndex(h), handleIndex(h) + Math.max(1, n));
            live.set(h, stamp++);
          } else if (handles.length > 0) {
            kfree(k, handles[n % handles.length]!);
            live.delete(handles[n % handles.length]!);
          }
          for (const [h, value] of live) {
            expect([k.w[handleIndex(h)], blockOf(k, handleIndex(h))]).toEqual([value, handleIndex(h) - 1]);
          }
        }
        expect(k.frozen).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});
