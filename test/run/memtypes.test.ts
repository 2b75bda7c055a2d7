import { describe, expect, it } from 'vitest';
import { vmInsertPage } from '../../src/kernel/mm/memory/insert.js';
import { remapPfnRange, vmStart } from '../../src/kernel/mm/memory/remap.js';
import { CacheMode, withCacheMode } from '../../src/kernel/pte.js';
import { PROT_READ, PROT_WRITE } from '../../src/kernel/uapi.js';
import { mixedTypes } from '../../src/run/memtypes.js';
import { Machine, PAGE } from '../kernel/mm/machine.js';

/** Maps a frame with each of the types, on an architecture that takes what the driver passes. */
function mixed(region: string, modes: readonly number[], page = false): boolean {
  let turn = 0;
  const m = new Machine({
    arch: 'arm64',
    handlers: {
      mmap: (machine, [, slot]) => {
        const v = machine.vmaOf(slot!);
        v.prot = withCacheMode(v.prot, modes[turn++]!);
        const at = vmStart(machine.k, v);
        return page
          ? vmInsertPage(machine.k, v, at, machine.k.mem.frame(machine.pfn(region)))
          : remapPfnRange(machine.k, v, at, machine.pfn(region), PAGE, v.prot);
      },
    },
  });
  for (const _ of modes) m.mmap(1, PROT_READ | PROT_WRITE, 'shared');
  return mixedTypes(m.k);
}

describe('mixed_types()', () => {
  it('tells two types of one frame, not one type twice', () => {
    expect(mixed('bar', [CacheMode.WriteCombine, CacheMode.Uncached])).toBe(true);
    expect(mixed('bar', [CacheMode.Uncached, CacheMode.Uncached])).toBe(false);
    expect(mixed('bar', [CacheMode.Uncached])).toBe(false);
  });

  it("counts the kernel's own mapping of what has a struct page as wb", () => {
    expect(mixed('buf', [CacheMode.Uncached])).toBe(true);
    expect(mixed('buf', [CacheMode.Uncached], true)).toBe(true);
    expect(mixed('buf', [CacheMode.WriteBack])).toBe(false);
  });
});
