import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARCHS } from '../../../src/kernel/arch/index.js';
import { x86_64 } from '../../../src/kernel/arch/x86_64.js';
import type { Arch } from '../../../src/kernel/arch/types.js';
import {
  Level,
  PTE_CACHE_MASK,
  PTE_CACHE_SHIFT,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
} from '../../../src/kernel/pte.js';
import { RELEASES, type Release } from '../../../src/kernel/release.js';

const LEVELS = [Level.Pte, Level.Pmd, Level.Pud] as const;
const LEAF_PAGES = { [Level.Pte]: 1, [Level.Pmd]: 512, [Level.Pud]: 512 * 512 };

/** An empty entry of those that do not have all bits clear. */
const EMPTY: Partial<Record<string, Record<number, number>>> = {
  s390x: { [Level.Pte]: 0x400, [Level.Pmd]: 0x20 },
  xtensa: { [Level.Pte]: 0x1c },
};

/** A canonical entry that the architecture can hold: its flags, an aligned frame in its width, one of its memory types. */
function entries(arch: Arch, level: Level, release: Release) {
  const supported = arch.supportedFlags(level, release);
  const leaf = LEAF_PAGES[level];
  const limit = Math.min(2 ** (arch.physAddrBits - arch.pageShift), 2 ** 44) / leaf;
  return fc
    .record({
      n: fc.oneof(
        fc.constantFrom(0, 1, limit - 1),
        fc.maxSafeNat().map((n) => n % limit),
      ),
      bits: fc.nat({ max: 0xffff }),
      cache: fc.constantFrom(...arch.cacheModes),
    })
    .map(({ n, bits, cache }) => {
      let flags = (bits & supported & ~PTE_CACHE_MASK) | PTE_PRESENT;
      if ((supported & PTE_CACHE_MASK) !== 0) flags |= cache << PTE_CACHE_SHIFT;
      if ((flags & PTE_PROTNONE) !== 0) {
        flags &= ~(PTE_WRITE | PTE_EXEC);
        // The field of the memory type says "none".
        if (arch.name === 'xtensa') flags &= ~PTE_CACHE_MASK;
      } else if (!arch.traits.noExec) flags |= PTE_EXEC;
      return { pfn: n * leaf, flags };
    });
}

const cases = ARCHS.flatMap((arch) =>
  RELEASES.flatMap((release) =>
    LEVELS.filter((level) => arch.supportedFlags(level, release) !== 0).map(
      (level) => [arch.name, release, level, arch] as const,
    ),
  ),
);

describe.each(cases)('%s %s level %i', (_name, release, level, arch) => {
  it('decodes what it encoded', () => {
    fc.assert(
      fc.property(entries(arch, level, release), (entry) => {
        expect(arch.decode(arch.encode(entry, level, release), level, release)).toEqual(entry);
      }),
      { numRuns: 500 },
    );
  });

  it('gives different entries different bits', () => {
    const some = entries(arch, level, release);
    fc.assert(
      fc.property(some, some, (a, b) => {
        const [x, y] = [arch.encode(a, level, release), arch.encode(b, level, release)];
        expect(x.lo === y.lo && x.hi === y.hi).toBe(a.pfn === b.pfn && a.flags === b.flags);
      }),
    );
  });

  it('stays in its words', () => {
    fc.assert(
      fc.property(entries(arch, level, release), (entry) => {
        const { lo, hi } = arch.encode(entry, level, release);
        expect([lo >>> 0, hi >>> 0]).toEqual([lo, hi]);
        if (arch.physAddrT === 32) expect(hi).toBe(0);
      }),
    );
  });

  it('keeps the special bit exactly where the release supports it', () => {
    const { pteSpecial, pmdPfnmap, pudPfnmap } = arch.traits;
    const has = (t: typeof pteSpecial): boolean => (typeof t === 'object' ? t[release] : t);
    const trait = has(level === Level.Pte ? pteSpecial : level === Level.Pmd ? pmdPfnmap : pudPfnmap);
    const raw = arch.encode({ pfn: 0, flags: PTE_PRESENT | PTE_SPECIAL }, level, release);
    const kept = (arch.decode(raw, level, release)!.flags & PTE_SPECIAL) !== 0;
    // arm64 names a bit in PUD leaves although nothing supports such leaves.
    if (arch.name === 'arm64' && level === Level.Pud) expect(trait).toBe(false);
    else expect(kept).toBe(trait);
  });

  it('reads the empty entry as empty', () => {
    const lo = EMPTY[arch.name]?.[level] ?? 0;
    expect(arch.decode({ lo, hi: 0 }, level, release)).toEqual({ pfn: 0, flags: 0 });
    expect(arch.encode({ pfn: 0, flags: 0 }, level, release)).toMatchObject({ lo, hi: 0 });
  });

  it('makes of any words a well-formed entry or none', () => {
    const word = fc.nat({ max: 0xffffffff });
    fc.assert(
      fc.property(word, word, (lo, hi) => {
        const entry = arch.decode({ lo, hi }, level, release);
        if (entry === undefined || entry.flags === 0) return;
        expect(entry.flags & ~arch.supportedFlags(level, release)).toBe(
          entry.flags & PTE_EXEC & ~arch.supportedFlags(level, release),
        );
        expect(entry.pfn % (level === Level.Pmd && arch.name === 's390x' ? 256 : LEAF_PAGES[level])).toBe(0);
        // Writing it down may drop a permission that PROT_NONE has no use for, but nothing more the second time.
        const again = arch.decode(arch.encode(entry, level, release), level, release)!;
        expect([again.pfn, again.flags & ~entry.flags]).toEqual([entry.pfn, 0]);
        expect(arch.decode(arch.encode(again, level, release), level, release)).toEqual(again);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps frame and flags apart', () => {
    const limit = Math.min(2 ** (arch.physAddrBits - arch.pageShift), 2 ** 44) / LEAF_PAGES[level];
    const top = { pfn: (limit - 1) * LEAF_PAGES[level], flags: PTE_PRESENT };
    fc.assert(
      fc.property(entries(arch, level, release), ({ flags }) => {
        const a = arch.encode({ pfn: 0, flags }, level, release);
        const b = arch.encode({ ...top, flags }, level, release);
        expect(arch.decode(a, level, release)).toEqual({ pfn: 0, flags });
        expect(arch.decode(b, level, release)).toEqual({ pfn: top.pfn, flags });
      }),
    );
  });
});

/** A pointer to a page table: present, and not marked as a leaf. */
const TABLE: Partial<Record<string, { lo: number; hi: number }>> = {
  x86_64: { lo: 0x1067, hi: 0 },
  arm64: { lo: 0x1003, hi: 0 },
  arm_lpae: { lo: 0x1003, hi: 0 },
  riscv64: { lo: 0x401, hi: 0 },
  s390x: { lo: 0x1001, hi: 0 },
  // 0x8000000000001000, big-endian: valid, no leaf.
  ppc64: { lo: 0x80, hi: 0x00100000 },
  // Addresses of the kernel.
  loongarch64: { lo: 0x1000, hi: 0x90000000 },
  mips64: { lo: 0x1000, hi: 0x98000000 },
};

describe('levels', () => {
  it('a folded level has no leaves', () => {
    const without = ARCHS.filter((a) => a.supportedFlags(Level.Pmd, '7.2') === 0).map((a) => a.name);
    expect(without).toEqual(['arm', 'um', 'm68k', 'xtensa']);
    const noPud = ARCHS.filter((a) => a.supportedFlags(Level.Pud, '7.2') === 0).map((a) => a.name);
    expect(noPud).toEqual(['arm', 'um', 's390x', 'loongarch64', 'mips64', 'm68k', 'xtensa']);
  });

  it.each(ARCHS.filter((a) => a.supportedFlags(Level.Pmd, '7.2') !== 0))(
    '$name tells leaf from table',
    (arch) => {
      expect(arch.decode(TABLE[arch.name]!, Level.Pmd, '7.2')).toBeUndefined();
    },
  );
});

describe('a swap entry', () => {
  // xtensa marks it with an invalid memory type; the others have neither a present nor a PROT_NONE bit in it.
  it.each(ARCHS)('$name is not present', (arch) => {
    const lo = arch.name === 'xtensa' ? 0x2001c : 0x20000;
    expect(arch.decode({ lo, hi: 0x40 }, Level.Pte, '7.2')).toBeUndefined();
  });
});

describe('entries seen on real kernels', () => {
  it('x86 7.2: a clean raw entry of a forked child, and the huge raw leaf', () => {
    const child = x86_64.decode({ lo: 0x00000225, hi: 0x80000000 }, Level.Pte, '7.2')!;
    expect(child.flags & PTE_SPECIAL).not.toBe(0);
    expect(child.flags & PTE_WRITE).toBe(0);
    const huge = x86_64.decode({ lo: 0xfd0002a7, hi: 0x80000000 }, Level.Pmd, '7.2')!;
    expect(huge.pfn).toBe(0xfd000);
    expect(huge.flags & (PTE_SPECIAL | PTE_WRITE)).toBe(PTE_SPECIAL | PTE_WRITE);
  });

  it('x86: PROT_NONE inverts the frame and keeps the special bit', () => {
    const raw = x86_64.encode(
      { pfn: 0xfd000, flags: PTE_PRESENT | PTE_PROTNONE | PTE_SPECIAL },
      Level.Pte,
      '7.2',
    );
    expect(raw.lo & 1).toBe(0);
    expect(raw.lo >>> 12).toBe(~0xfd000 & 0xfffff);
    expect(raw.hi).toBe(0xfffff);
    expect((raw.lo >>> 9) & 1).toBe(1);
  });

  it('x86 6.12 on: a read-only dirty entry keeps its dirt in bit 58, 6.1 in bit 6', () => {
    const dirty = { pfn: 1, flags: PTE_PRESENT | 16 };
    expect(x86_64.encode(dirty, Level.Pte, '6.1').lo & 0x40).toBe(0x40);
    const later = x86_64.encode(dirty, Level.Pte, '6.12');
    expect(later.lo & 0x40).toBe(0);
    expect((later.hi >>> 26) & 1).toBe(1);
  });
});
