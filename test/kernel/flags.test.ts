import { describe, expect, it } from 'vitest';
import { errnoName, ERRNO } from '../../src/kernel/errno.js';
import {
  sameFlags,
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_IO,
  VM_MERGEABLE,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_REMAP_FLAGS,
  VM_SPECIAL,
  vmFlagNames,
} from '../../src/kernel/flags.js';
import { Level } from '../../src/kernel/pte.js';
import { signalName } from '../../src/kernel/uapi.js';

describe('VM flags', () => {
  it('VM_SPECIAL and the remap flags are what the kernel tests say', () => {
    expect(vmFlagNames(VM_SPECIAL)).toEqual(['VM_PFNMAP', 'VM_IO', 'VM_DONTEXPAND', 'VM_MIXEDMAP']);
    expect(VM_REMAP_FLAGS).toBe(VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
    expect(VM_SPECIAL & VM_DONTDUMP).toBe(0);
  });

  it('have the numbers that /proc and dumps show', () => {
    expect([VM_PFNMAP, VM_IO, VM_MIXEDMAP]).toEqual([1 << 10, 1 << 14, 1 << 28]);
  });

  it('are named with bit 31 and unknown bits, signed or unsigned', () => {
    expect(vmFlagNames(VM_MERGEABLE | 0)).toEqual(['VM_MERGEABLE']);
    expect(vmFlagNames(0)).toEqual([]);
    expect(sameFlags(VM_MERGEABLE, VM_MERGEABLE | 0)).toBe(true);
    expect(sameFlags(VM_MERGEABLE, 0)).toBe(false);
  });
});

describe('errors', () => {
  it('are named either way round', () => {
    expect(errnoName(-22)).toBe('EINVAL');
    expect(errnoName(ERRNO.EOPNOTSUPP)).toBe('EOPNOTSUPP');
    expect(errnoName(0)).toBeUndefined();
  });

  it('signals have names', () => {
    expect([7, 11, 5].map(signalName)).toEqual(['SIGBUS', 'SIGSEGV', '5']);
  });
});

describe('canonical entries', () => {
  it('levels are numbered as x86 does', () => {
    expect(Level).toEqual({ Pte: 1, Pmd: 2, Pud: 3 });
  });
});
