import { expect, it } from 'vitest';
import { EFAULT, EINVAL } from '../../../src/kernel/errno.js';
import { VM_DONTEXPAND, VM_MIXEDMAP } from '../../../src/kernel/flags.js';
import { handle, HandleKind } from '../../../src/kernel/handle.js';
import {
  remapVmallocRange,
  remapVmallocRangePartial,
  vfree,
  vmalloc,
  vmallocUser,
} from '../../../src/kernel/mm/vmalloc.js';
import { Undefined } from '../../../src/kernel/routine.js';
import { PROT_READ } from '../../../src/kernel/uapi.js';
import { Machine, PAGE, type Handler } from './machine.js';

/** What ->mmap of a VMA of `pages` pages makes of an area of two; the error is thrown away. */
function mapped(
  pages: number,
  body: (m: Machine, vma: number, area: number) => number,
): Machine & { answer: number } {
  let answer = 0;
  const mmap: Handler = (m, [, v]) => {
    answer = body(m, v!, vmallocUser(m.k, 2 * PAGE));
    return 0;
  };
  const m = new Machine({ handlers: { mmap } });
  m.mmap(pages, PROT_READ, 'shared');
  return Object.assign(m, { answer });
}

const partial = (off: number, pgoff: number, size: number, pages = 2): Machine & { answer: number } =>
  mapped(pages, (m, v, area) =>
    remapVmallocRangePartial(m.k, m.vmaOf(v), m.k.arenaBase + off, area, pgoff, size),
  );

it('maps the whole VMA, counted (B.1)', () => {
  const m = mapped(2, (m, v, area) => remapVmallocRange(m.k, m.vmaOf(v), area, 0));
  expect([m.answer, m.rss, m.k.vmas[0]!.flags & (VM_MIXEDMAP | VM_DONTEXPAND)]).toEqual([
    0,
    [0, 2],
    VM_MIXEDMAP | VM_DONTEXPAND,
  ]);
});

it.each([
  ['an address inside a page', 8, 0, PAGE, -EINVAL, 0],
  ['a range behind the area', 0, 2, PAGE, -EINVAL, 0],
  ['a range that leaves the area', 0, 1, PAGE + 1, -EINVAL, 0],
  ['a part', PAGE, 1, 1, 0, 1],
  ['a range behind the VMA, after what fits', PAGE, 0, 2 * PAGE, -EFAULT, 1],
  ['nothing, which is everything up to the end of the VMA', 0, 0, 0, -EFAULT, 2],
])('of %s', (_name, off, pgoff, size, answer, pages) => {
  const m = partial(off, pgoff, size);
  expect([m.answer, m.rss[1]]).toEqual([answer, pages]);
});

it('asked for nothing runs behind the area where the VMA is longer', () => {
  expect(partial(0, 0, 0, 3).undefined).toBe(Undefined.BadPointer);
});

it('wants an area that is for users', () => {
  const kernel = mapped(1, (m, v) => remapVmallocRange(m.k, m.vmaOf(v), vmalloc(m.k, PAGE, false), 0));
  const none = mapped(1, (m, v) => remapVmallocRange(m.k, m.vmaOf(v), handle(HandleKind.Data, 40), 0));
  expect([kernel.answer, none.answer]).toEqual([-EINVAL, -EINVAL]);
});

it('vfree gives all pages of any area back', () => {
  const m = new Machine();
  const { k } = m;
  for (const area of [vmallocUser(k, 2 * PAGE), vmalloc(k, PAGE, true)]) vfree(k, area);
  expect(Array.from({ length: 8 }, (_, i) => m.refcount('pool', i))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});
