import { expect, it } from 'vitest';
import { EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import { VM_IO, VM_MIXEDMAP, VM_PFNMAP } from '../../../src/kernel/flags.js';
import { sysMincore } from '../../../src/kernel/mm/mincore.js';
import { setEntry } from '../../../src/kernel/mm/pgtable.js';
import { PTE_PRESENT, PTE_PROTNONE, PTE_SPECIAL } from '../../../src/kernel/pte.js';
import { PROT_READ } from '../../../src/kernel/uapi.js';
import { Machine, PAGE } from './machine.js';

it.each([
  ['VM_PFNMAP is not walked', VM_PFNMAP, PTE_PRESENT | PTE_SPECIAL, 0],
  ['VM_MIXEDMAP', VM_MIXEDMAP, PTE_PRESENT | PTE_SPECIAL, 1],
  ['VM_IO', VM_IO, PTE_PRESENT | PTE_SPECIAL, 1],
  ['PROT_NONE is there all the same', 0, PTE_PRESENT | PTE_PROTNONE, 1],
])('mincore() of an entry (C.12): %s', (_name, flags, entry, wanted) => {
  const m = new Machine({ handlers: { mmap: () => 0 } });
  const p = m.mmap(1, PROT_READ, 'shared');
  m.vma(p)!.flags |= flags;
  expect(m.call(sysMincore, p)).toBe(0);
  setEntry(m.k, m.entry(p), m.pfn('bar'), entry);
  expect([m.call(sysMincore, p), m.call(sysMincore, p + 1), m.call(sysMincore, p + PAGE)]).toEqual([
    wanted,
    -EINVAL,
    -ENOMEM,
  ]);
  expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
});
