import { expect, it } from 'vitest';
import { FOLL_LONGTERM, FOLL_WRITE } from '../../src/kernel/flags.js';
import { sysClearSoftDirty, sysSoftDirty } from '../../src/kernel/fs/proc/clear_refs.js';
import { sysGup } from '../../src/kernel/mm/gup_users.js';
import { sysMmap } from '../../src/kernel/mm/mmap.js';
import { PTE_WRITE } from '../../src/kernel/pte.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/uapi.js';
import { insertPages } from './mm/drivers.js';
import { Machine, PAGE } from './mm/machine.js';

const RW = PROT_READ | PROT_WRITE;

function anon(m: Machine): number {
  const p = m.call(sysMmap, 0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  m.touch(p, true);
  return p;
}

it('write-protects what was written, and the next write shows', () => {
  const m = new Machine();
  const p = anon(m);
  expect(m.call(sysSoftDirty, p)).toBe(1);
  expect(m.call(sysClearSoftDirty)).toBe(0);
  expect([m.call(sysSoftDirty, p), m.flags(p) & PTE_WRITE]).toEqual([0, 0]);
  m.touch(p, false);
  expect(m.call(sysSoftDirty, p)).toBe(0);
  m.touch(p, true);
  expect([m.call(sysSoftDirty, p), m.flags(p) & PTE_WRITE]).toEqual([1, PTE_WRITE]);
});

it('leaves pinned pages as they are', () => {
  const m = new Machine();
  const p = anon(m);
  expect(m.call(sysGup, p, FOLL_WRITE | FOLL_LONGTERM)).toBe(0);
  m.call(sysClearSoftDirty);
  expect([m.call(sysSoftDirty, p), m.flags(p) & PTE_WRITE]).toEqual([1, PTE_WRITE]);
});

it('lets the first write to a page of a shared mapping fault', () => {
  const m = new Machine({ handlers: { mmap: insertPages('buf') } });
  const p = m.mmap(1, RW, 'shared');
  m.call(sysClearSoftDirty);
  expect([m.call(sysSoftDirty, p), m.flags(p) & PTE_WRITE]).toEqual([0, 0]);
  m.touch(p, true);
  expect(m.call(sysSoftDirty, p)).toBe(1);
});

it('does nothing where the architecture has no soft-dirty bit', () => {
  const m = new Machine({ arch: 'arm64' });
  const p = anon(m);
  expect([m.call(sysSoftDirty, p), m.call(sysClearSoftDirty)]).toEqual([0, 0]);
  expect(m.flags(p) & PTE_WRITE).toBe(PTE_WRITE);
});
