import { describe, expect, it } from 'vitest';
import {
  allocPages,
  clearPage,
  compoundHead,
  copyPage,
  freePages,
  getPage,
  putPage,
  splitPage,
} from '../../../src/kernel/mm/page_alloc.js';
import { UnknownError } from '../../../src/kernel/routine.js';
import { PG_ANON, PG_FREE, PG_RESERVED } from '../../../src/kernel/world.js';
import { Machine, type Setup } from './machine.js';

const machine = (setup: Setup = {}): Machine => new Machine({ handlers: { mmap: () => 0 }, ...setup });

/** Places in `pool` that an allocation could take. */
function offers(m: Machine, order: number): number[] {
  const taken: number[] = [];
  const words = m.k.w.slice();
  let n = 1;
  for (let i = 0; i < n; i++) {
    m.pick = (count) => ((n = count), i);
    taken.push(allocPages(m.k, order, false) - m.frame('pool'));
    m.k.w.set(words);
  }
  return taken;
}

describe('alloc_pages', () => {
  it('may hand out any free frame of `ram`, and no other', () => {
    const m = machine();
    expect(offers(m, 0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    m.pick = () => 2;
    allocPages(m.k, 0, false);
    expect(offers(m, 0)).toEqual([0, 1, 3, 4, 5, 6, 7]);
  });

  it('hands out aligned blocks whose frames are all free', () => {
    const m = machine();
    m.k.pages[m.frame('pool', 5)]!.flags = 0;
    expect([offers(m, 1), offers(m, 2)]).toEqual([[0, 2, 6], [0]]);
  });

  it('aligns by frame number, not by place in the region', () => {
    const m = machine({ regions: [{ name: 'pool', kind: 'ram', pages: 8, pfn: 0x201 }] });
    expect([offers(m, 1), offers(m, 2)]).toEqual([[1, 3, 5], [3]]);
  });

  it('gives the first frame of a block the only reference', () => {
    const m = machine();
    allocPages(m.k, 1, false);
    expect([m.counts('pool'), m.counts('pool', 1)]).toEqual([
      [1, 0],
      [0, 0],
    ]);
    expect([0, 1].map((i) => m.k.pages[m.frame('pool', i)]!.flags)).toEqual([0, 0]);
  });

  it('clears all frames if asked, and keeps what they held if not', () => {
    for (const zero of [false, true]) {
      const m = machine();
      for (const i of [0, 1]) m.setByte('pool', i, 7 + i);
      allocPages(m.k, 1, zero);
      expect([0, 1].map((i) => m.byteOf(m.frame('pool', i)))).toEqual(zero ? [0, 0] : [7, 8]);
    }
  });

  it('out of frames is a bound of the test, not -ENOMEM', () => {
    const m = machine();
    for (let i = 0; i < 8; i++) allocPages(m.k, 0, false);
    expect(() => allocPages(m.k, 0, false)).toThrow(UnknownError);
  });

  it('fails, if at all, where the test lets allocations fail', () => {
    const m = machine({ options: { faultsAlloc: true } });
    m.pick = () => 1;
    expect([allocPages(m.k, 0, false), m.k.pages[m.frame('pool')]!.flags]).toEqual([-1, PG_FREE]);
  });
});

describe('references', () => {
  it('the last one frees the page', () => {
    const m = machine();
    const frame = allocPages(m.k, 0, false);
    getPage(m.k, frame);
    putPage(m.k, frame);
    expect([m.counts('pool'), m.k.pages[frame]!.flags]).toEqual([[1, 0], 0]);
    m.k.pages[frame]!.flags = PG_ANON;
    putPage(m.k, frame);
    expect([m.counts('pool'), m.k.pages[frame]!.flags]).toEqual([[0, 0], PG_FREE]);
  });

  it('of a compound page are its head’s, and free it whole', () => {
    const m = machine();
    const head = allocPages(m.k, 2, false, true);
    expect([0, 1, 2, 3].map((i) => compoundHead(m.k, head + i))).toEqual([head, head, head, head]);
    getPage(m.k, head + 3);
    expect(m.counts('pool')).toEqual([2, 0]);
    putPage(m.k, head + 1);
    putPage(m.k, head);
    expect([0, 1, 2, 3].map((i) => m.k.pages[head + i]!.flags)).toEqual([PG_FREE, PG_FREE, PG_FREE, PG_FREE]);
  });

  it('dropped below zero free nothing', () => {
    const m = machine();
    putPage(m.k, m.frame('pool'));
    expect([m.counts('pool'), m.badPages]).toEqual([[-1, 0], 0]);
  });
});

describe('__free_pages', () => {
  it('of a block frees all of it with the last reference', () => {
    const m = machine();
    freePages(m.k, allocPages(m.k, 1, false), 1);
    expect(offers(m, 1)).toEqual([0, 2, 4, 6]);
  });

  it('of a block that somebody refers to frees the frames behind the first; put_page the first', () => {
    const m = machine();
    const frame = allocPages(m.k, 1, false);
    getPage(m.k, frame);
    freePages(m.k, frame, 1);
    expect([0, 1].map((i) => m.k.pages[frame + i]!.flags)).toEqual([0, PG_FREE]);
    putPage(m.k, frame);
    expect(m.k.pages[frame]!.flags).toBe(PG_FREE);
  });

  it('of a compound page that somebody refers to frees nothing', () => {
    const m = machine();
    const head = allocPages(m.k, 1, false, true);
    getPage(m.k, head);
    freePages(m.k, head, 1);
    expect([m.counts('pool')[0], m.k.pages[head + 1]!.flags & PG_FREE]).toEqual([1, 0]);
  });

  it('after split_page frees single frames', () => {
    const m = machine();
    const frame = allocPages(m.k, 1, false);
    splitPage(m.k, frame, 1);
    expect([m.counts('pool'), m.counts('pool', 1)]).toEqual([
      [1, 0],
      [1, 0],
    ]);
    freePages(m.k, frame, 0);
    expect([0, 1].map((i) => m.k.pages[frame + i]!.flags)).toEqual([PG_FREE, 0]);
  });
});

describe('"Bad page state": a page that is freed but should not be stays out of the allocator', () => {
  it('when it is still mapped', () => {
    for (const maps of [1, -1]) {
      const m = machine();
      const frame = allocPages(m.k, 0, false);
      m.k.pages[frame]!.mapcount = maps;
      putPage(m.k, frame);
      expect([m.badPages, m.k.pages[frame]!.flags, offers(m, 0)]).toEqual([1, 0, [1, 2, 3, 4, 5, 6, 7]]);
    }
  });

  it('when it is reserved', () => {
    const m = machine();
    putPage(m.k, m.frame('buf'));
    expect([m.badPages, m.counts('buf'), m.k.pages[m.frame('buf')]!.flags]).toEqual([1, [0, 0], PG_RESERVED]);
  });

  it('counts reports up to 60', () => {
    const m = machine();
    for (let i = 0; i < 70; i++) {
      m.k.pages[m.frame('buf')]!.refcount = 1;
      putPage(m.k, m.frame('buf'));
    }
    expect(m.badPages).toBe(60);
  });
});

describe('page contents', () => {
  it('are cleared and copied cell by cell', () => {
    const m = machine();
    m.setByte('buf', 0, 3);
    copyPage(m.k, m.frame('buf', 1), m.frame('buf'));
    expect(m.byteOf(m.frame('buf', 1))).toBe(3);
    clearPage(m.k, m.frame('buf'));
    expect([m.byteOf(m.frame('buf')), m.byteOf(m.frame('buf', 1))]).toEqual([0, 3]);
  });
});
