import { expect, it } from 'vitest';
import { EINVAL } from '../../../src/kernel/errno.js';
import { VM_DONTCOPY, VM_DONTEXPAND, VM_IO, VM_MIXEDMAP, VM_PFNMAP } from '../../../src/kernel/flags.js';
import { sysMigrateVmaSetup } from '../../../src/kernel/mm/migrate_device.js';
import { PROT_READ } from '../../../src/kernel/uapi.js';
import { Machine, PAGE } from './machine.js';

it.each([
  ['a special flag', VM_IO, -EINVAL],
  ['a special flag', VM_PFNMAP, -EINVAL],
  ['a special flag', VM_MIXEDMAP, -EINVAL],
  ['a special flag', VM_DONTEXPAND, -EINVAL],
  ['another flag', VM_DONTCOPY, 0],
  ['no flag', 0, 0],
])('migrate_vma_setup() of a VMA with %s (0x%x; D.8)', (_name, flags, wanted) => {
  const m = new Machine({ handlers: { mmap: () => 0 } });
  const p = m.mmap(1, PROT_READ, 'shared');
  m.vma(p)!.flags |= flags;
  expect([m.call(sysMigrateVmaSetup, p + 1), m.call(sysMigrateVmaSetup, p + PAGE)]).toEqual([
    wanted,
    -EINVAL,
  ]);
  expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
});

it('migrate_vma_setup() waits for mmap_lock', () => {
  const m = new Machine({ handlers: { mmap: () => 0 } });
  const p = m.mmap(1, PROT_READ, 'shared');
  const lock = m.k.mmapLock(0);
  m.k.tryWrite(lock);
  m.begin(sysMigrateVmaSetup, p);
  m.step();
  expect(m.blocked).toBe(true);
  m.k.upWrite(lock);
  m.stepUntil(() => m.finished);
  expect(m.result()).toBe(0);
});
