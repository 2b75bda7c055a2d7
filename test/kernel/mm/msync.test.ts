import { expect, it } from 'vitest';
import { EBUSY, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import { VM_LOCKED } from '../../../src/kernel/flags.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { sysMsync } from '../../../src/kernel/mm/msync.js';
import {
  MAP_FIXED,
  MAP_PRIVATE,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_READ,
} from '../../../src/kernel/uapi.js';
import { Machine, PAGE } from './machine.js';

/** A shared page, a hole, a private page; of the first `locked`. */
function world(locked = false): (page: number, pages: number, flags: number) => number {
  const m = new Machine({ handlers: { mmap: () => 0 } });
  const p = m.mmap(1, PROT_READ, 'shared');
  m.call(sysMmap, p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 3, 0);
  if (locked) m.vma(p)!.flags |= VM_LOCKED;
  return (page, pages, flags) => m.call(sysMsync, p + page * PAGE, pages * PAGE, flags);
}

it.each([
  ['an unknown flag', 0, 1, 8, -EINVAL],
  ['an address inside a page', 0.5, 1, MS_ASYNC, -EINVAL],
  ['both kinds', 0, 1, MS_SYNC | MS_ASYNC, -EINVAL],
  ['nothing', 0, 0, MS_SYNC, 0],
  ['a shared device that cannot be synced', 0, 1, MS_SYNC, -EINVAL],
  ['a shared device later', 0, 1, MS_ASYNC, 0],
  ['a private mapping', 2, 1, MS_SYNC, 0],
  ['a hole in front', 1, 2, MS_SYNC, -ENOMEM],
  ['a hole behind', 2, 2, MS_SYNC, -ENOMEM],
  ['a hole between', 0, 3, MS_ASYNC, -ENOMEM],
  ['only a hole', 1, 1, MS_SYNC, -ENOMEM],
])('msync() of %s (C.12)', (_name, page, pages, flags, wanted) => {
  expect(world()(page, pages, flags)).toBe(wanted);
});

it('cannot invalidate what is locked', () => {
  expect([world(true)(0, 1, MS_INVALIDATE), world()(0, 1, MS_INVALIDATE)]).toEqual([-EBUSY, 0]);
});
