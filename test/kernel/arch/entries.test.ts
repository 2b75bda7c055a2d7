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
      if ((flags & PTE_PROTNONE) !== 0) flags &= ~(PTE_WRITE | PTE_EXEC);
      else if (!arch.traits.noExec) flags |= PTE_EXEC;
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
        if (arch.name === 'arm') expect(hi).toBe(0);
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
    expect(arch.decode({ lo: 0, hi: 0 }, level, release)).toEqual({ pfn: 0, flags: 0 });
    expect(arch.encode({ pfn: 0, flags: 0 }, level, release)).toMatchObject({ lo: 0, hi: 0 });
  });
});

describe('levels', () => {
  it('a folded level has no leaves', () => {
    const without = ARCHS.filter((a) => a.supportedFlags(Level.Pmd, '7.2') === 0).map((a) => a.name);
    expect(without).toEqual(['arm', 'um']);
  });

  it.each(ARCHS.filter((a) => a.supportedFlags(Level.Pmd, '7.2') !== 0))(
    '$name tells leaf from table',
    (arch) => {
      // A page-table pointer: present, and not marked as a leaf.
      const table = arch.name === 'x86_64' ? { lo: 0x1067, hi: 0 } : { lo: 0x1003, hi: 0 };
      expect(arch.decode(table, Level.Pmd, '7.2')).toBeUndefined();
    },
  );
});

describe('a swap entry', () => {
  it.each(ARCHS)('$name is not present', (arch) => {
    expect(arch.decode({ lo: 0x20000, hi: 0x40 }, Level.Pte, '7.2')).toBeUndefined();
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
