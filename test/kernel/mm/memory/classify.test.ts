import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { handle, HandleKind } from '../../../../src/kernel/handle.js';
import { VM_MAYWRITE, VM_MIXEDMAP, VM_PFNMAP, VM_SHARED } from '../../../../src/kernel/flags.js';
import {
  isLinear,
  NO_MEMMAP,
  SPECIAL,
  vmNormalPage,
  vmNormalPageLeaf,
} from '../../../../src/kernel/mm/memory/classify.js';
import { pmdAt, pudAt, setEntry } from '../../../../src/kernel/mm/pgtable.js';
import { Level, PTE_DEVMAP, PTE_PRESENT, PTE_SPECIAL } from '../../../../src/kernel/pte.js';
import { RELEASES, type Release } from '../../../../src/kernel/release.js';
import { Undefined } from '../../../../src/kernel/routine.js';
import { Machine, PAGE, type Handler } from '../machine.js';

/** Four kinds of frame (A.7) and the zero page. `hole` lies below highest_memmap_pfn without a struct page. */
const REGIONS = [
  { name: 'hole', kind: 'mmio', pages: 4, where: 'low' },
  { name: 'ram', kind: 'ram', pages: 8 },
  { name: 'buf', kind: 'reserved', pages: 4 },
  { name: 'high', kind: 'mmio', pages: 4, where: 'high' },
] as const;

type Frame = 'ram' | 'buf' | 'high' | 'hole' | 'zero';

/** What a classification comes to: the page, NULL, NULL with a bad-map report, or a pointer into no memmap. */
type Answer = 'page' | 'NULL' | 'report' | 'undefined';

const SPL = ['x86_64', 'arm64', 'arm_lpae'] as const;
const NOSPL = ['arm', 'um'] as const;

/** Kinds of VMA: flags beside those of mmap(), and whether it is copy-on-write. */
const VMAS = {
  plain: { flags: 0, cow: false },
  'plain cow': { flags: 0, cow: true },
  pfnmap: { flags: VM_PFNMAP, cow: false },
  'pfnmap cow': { flags: VM_PFNMAP, cow: true },
  mixedmap: { flags: VM_MIXEDMAP, cow: false },
  'mixedmap cow': { flags: VM_MIXEDMAP, cow: true },
  both: { flags: VM_PFNMAP | VM_MIXEDMAP, cow: false },
  'both cow': { flags: VM_PFNMAP | VM_MIXEDMAP, cow: true },
} as const;

type VmaKind = keyof typeof VMAS;

const KINDS = Object.keys(VMAS) as VmaKind[];

interface Case {
  readonly arch: string;
  readonly release: Release;
  readonly vma: VmaKind;
  readonly frame: Frame;
  /** Flag bits of the entry beside present. */
  readonly bits?: number;
  /** vm_pgoff makes the linear rule say "raw". */
  readonly linear?: boolean;
  readonly level?: number;
  readonly hook?: Handler;
}

const PG = 4;

const machines = new Map<string, { readonly m: Machine; readonly words: Int32Array }>();

/** A machine without VMAs; made once for each kernel, and put back. */
function machineFor(c: Case): Machine {
  const { arch, release, hook } = c;
  const make = (): Machine => {
    const handlers = { mmap: () => 0, ...(hook !== undefined && { findNormalPage: hook }) };
    const made = new Machine({ arch, release, regions: REGIONS, handlers });
    made.k.fuel = 1000;
    return made;
  };
  if (hook !== undefined) return make();
  const key = `${arch} ${release}`;
  let kept = machines.get(key);
  if (kept === undefined) {
    const m = make();
    kept = { m, words: m.k.w.slice() };
    machines.set(key, kept);
  }
  kept.m.k.w.set(kept.words);
  return kept.m;
}

/** A VMA of one leaf that begins where its page tables do, made by hand. */
function setUp(c: Case): Machine {
  const m = machineFor(c);
  const v = m.k.allocVma();
  const { flags, cow } = VMAS[c.vma];
  v.mm = 0;
  v.start = PG;
  v.end = PG + 4;
  v.flags = flags | VM_MAYWRITE | (cow ? 0 : VM_SHARED);
  v.ops = 2;
  v.setPgoff(c.linear === true ? m.pfn(c.frame) : 0x7777, 0);
  return m;
}

function classify(c: Case): Answer {
  const m = setUp(c);
  const { k } = m;
  const level = c.level ?? Level.Pte;
  const e =
    level === Level.Pte ? m.entry(k.arenaBase + PG * PAGE) : (level === Level.Pmd ? pmdAt : pudAt)(k, 0, PG);
  setEntry(k, e, m.pfn(c.frame), PTE_PRESENT | (c.bits ?? 0));
  const v = k.vmas[0]!;
  const found = level === Level.Pte ? vmNormalPage(k, v, PG, e) : vmNormalPageLeaf(k, v, PG, e, level);
  if (found === NO_MEMMAP) {
    expect(m.undefined).toBe(Undefined.NoMemmap);
    return 'undefined';
  }
  if (found >= 0) {
    expect(m.badMaps).toBe(0);
    return found === m.frame(c.frame) ? 'page' : ('another page' as Answer);
  }
  expect(found).toBe(SPECIAL);
  return m.badMaps === 0 ? 'NULL' : 'report';
}

type PerRelease = Answer | readonly [Answer, Answer, Answer];

const inRelease = (a: PerRelease, i: number): Answer => (typeof a === 'string' ? a : a[i]!);

/** What non-special entries of each frame are with a special bit: rows 1, 8 and 9 of A.2. */
const TRUSTED: Readonly<Record<Frame, Answer>> = {
  ram: 'page',
  buf: 'page',
  zero: 'page',
  high: 'report',
  hole: 'undefined',
};

describe('vm_normal_page with a special bit (A.2)', () => {
  const everywhere = SPL.flatMap((arch) => RELEASES.map((release) => ({ arch, release })));

  it.each(everywhere)('trusts an entry without the bit, whatever the VMA says: $arch $release', (at) => {
    for (const vma of KINDS)
      for (const frame of Object.keys(TRUSTED) as Frame[])
        for (const linear of [false, true])
          expect([vma, frame, linear, classify({ ...at, vma, frame, linear })]).toEqual([
            vma,
            frame,
            linear,
            TRUSTED[frame],
          ]);
  });

  it.each(everywhere)('never looks behind an entry with the bit: $arch $release', (at) => {
    for (const vma of KINDS) {
      const raw = VMAS[vma].flags !== 0;
      for (const frame of Object.keys(TRUSTED) as Frame[])
        for (const linear of [false, true])
          expect([vma, frame, linear, classify({ ...at, vma, frame, linear, bits: PTE_SPECIAL })]).toEqual([
            vma,
            frame,
            linear,
            raw || frame === 'zero' ? 'NULL' : 'report',
          ]);
    }
  });

  it.each(['6.1', '6.12'] as const)('knows devmap entries, which are special, too: %s', (release) => {
    const c = {
      arch: 'x86_64',
      release,
      vma: 'plain',
      frame: 'buf',
      bits: PTE_SPECIAL | PTE_DEVMAP,
    } as const;
    expect(classify(c)).toBe('NULL');
  });

  it.each(RELEASES)('asks find_special_page for special entries only, and takes its word: %s', (release) => {
    const hook: Handler = (m) => handle(HandleKind.Page, m.frame('ram'));
    for (const vma of KINDS) {
      const c = { arch: 'x86_64', release, vma, frame: 'ram', hook } as const;
      expect(classify({ ...c, bits: PTE_SPECIAL })).toBe('page');
      expect(classify({ ...c, frame: 'high', bits: PTE_SPECIAL })).toBe('another page');
      expect(classify({ ...c, frame: 'high' })).toBe('report');
      expect(classify({ ...c, frame: 'high', bits: PTE_SPECIAL, hook: () => 0 })).toBe('NULL');
    }
  });

  it('gives the hook the VMA and the address', () => {
    let seen: readonly number[] = [];
    const hook: Handler = (_m, args) => ((seen = args), 0);
    const c = {
      arch: 'x86_64',
      release: '7.2',
      vma: 'mixedmap',
      frame: 'ram',
      bits: PTE_SPECIAL,
      hook,
    } as const;
    classify(c);
    expect(seen.slice(0, 2)).toEqual([handle(HandleKind.Vma, 0), setUp(c).k.arenaBase + PG * PAGE]);
  });

  it.each([
    ['6.1', false],
    ['6.12', true],
    ['7.2', true],
  ] as const)('warns of a zero page without the bit if DEBUG_VM is on: %s %s', (release, warns) => {
    for (const debugVm of [false, true]) {
      const m = new Machine({ release, facts: { debugVm }, handlers: { mmap: () => 0 } });
      const p = m.mmap(1, 1, 'private');
      setEntry(m.k, m.entry(p), m.pfn('zero'), PTE_PRESENT);
      expect(m.normal(p)).toBe(m.frame('zero'));
      expect(m.warned).toBe(warns && debugVm);
    }
  });
});

/** Rows of A.3: VMAs, frame, whether linear; answers of 6.1, 6.12 and 7.2. */
const RULES: readonly (readonly [row: string, VmaKind[], Frame, boolean, PerRelease])[] = [
  ['1', ['mixedmap', 'mixedmap cow', 'both', 'both cow'], 'high', false, 'NULL'],
  ['1', ['mixedmap', 'mixedmap cow', 'both', 'both cow'], 'hole', false, 'NULL'],
  ['1', ['mixedmap', 'both cow'], 'high', true, 'NULL'],
  ['2', ['mixedmap', 'mixedmap cow', 'both', 'both cow'], 'ram', false, 'page'],
  ['2', ['mixedmap', 'mixedmap cow', 'both', 'both cow'], 'buf', true, 'page'],
  ['2', ['mixedmap', 'mixedmap cow', 'both', 'both cow'], 'zero', false, ['page', 'NULL', 'NULL']],
  ['3', ['pfnmap', 'pfnmap cow'], 'ram', true, 'NULL'],
  ['3', ['pfnmap', 'pfnmap cow'], 'buf', true, 'NULL'],
  ['3', ['pfnmap', 'pfnmap cow'], 'high', true, 'NULL'],
  ['3', ['pfnmap', 'pfnmap cow'], 'hole', true, 'NULL'],
  ['3', ['pfnmap', 'pfnmap cow'], 'zero', true, 'NULL'],
  ['4', ['pfnmap'], 'ram', false, 'NULL'],
  ['4', ['pfnmap'], 'high', false, 'NULL'],
  ['4', ['pfnmap'], 'hole', false, 'NULL'],
  ['5', ['plain', 'plain cow', 'pfnmap cow'], 'zero', false, 'NULL'],
  ['6', ['plain', 'plain cow', 'pfnmap cow'], 'high', false, 'report'],
  ['6', ['plain', 'plain cow'], 'high', true, 'report'],
  ['7', ['plain', 'plain cow', 'pfnmap cow'], 'ram', false, 'page'],
  ['7', ['plain', 'plain cow', 'pfnmap cow'], 'buf', false, 'page'],
  ['7', ['plain', 'plain cow'], 'ram', true, 'page'],
  ['7, F2', ['plain', 'plain cow', 'pfnmap cow'], 'hole', false, 'undefined'],
];

describe('vm_normal_page without a special bit (A.3)', () => {
  it.each(RULES)('row %s: %j, %s, linear %s: %j', (_row, vmas, frame, linear, answers) => {
    for (const arch of NOSPL)
      for (const vma of vmas)
        RELEASES.forEach((release, i) => {
          const c = { arch, release, vma, frame, linear };
          expect([arch, release, vma, classify(c)]).toEqual([arch, release, vma, inRelease(answers, i)]);
        });
  });

  it('never looks at a bit that the entry cannot have', () => {
    const c = { arch: 'arm', release: '7.2', vma: 'plain', frame: 'ram', bits: PTE_SPECIAL } as const;
    expect(classify(c)).toBe('page');
  });

  it('compares a valid frame of a VM_MIXEDMAP VMA with highest_memmap_pfn in 7.2 only', () => {
    for (const mixedmapChecksHmp of [false, true]) {
      const m = new Machine({ arch: 'arm', facts: { mixedmapChecksHmp }, handlers: { mmap: () => 0 } });
      const p = m.mmap(1, 1, 'shared');
      m.vma(p)!.flags |= VM_MIXEDMAP;
      setEntry(m.k, m.entry(p), m.pfn('buf', 3), PTE_PRESENT);
      Object.assign(m.k.mem, { highestMemmapPfn: m.pfn('buf', 2) });
      expect(m.normal(p)).toBe(mixedmapChecksHmp ? SPECIAL : m.frame('buf', 3));
      expect(m.badMaps).toBe(mixedmapChecksHmp ? 1 : 0);
    }
  });
});

/** A.4, of PMD leaves on x86_64: bits, VMA, frame, linear; answers of 6.1, 6.12 and 7.2. */
const LEAVES: readonly (readonly [string, number, VmaKind, Frame, boolean, PerRelease])[] = [
  ['special', PTE_SPECIAL, 'pfnmap', 'high', false, 'NULL'],
  ['special: 6.1 has no such bit', PTE_SPECIAL, 'mixedmap', 'buf', false, ['page', 'NULL', 'NULL']],
  ['special in a plain VMA', PTE_SPECIAL, 'plain', 'buf', false, ['page', 'NULL', 'report']],
  ['the VMA rules up to 6.12', 0, 'pfnmap', 'buf', false, ['NULL', 'NULL', 'page']],
  ['linear', 0, 'pfnmap cow', 'buf', true, ['NULL', 'NULL', 'page']],
  ['not linear, cow', 0, 'pfnmap cow', 'buf', false, 'page'],
  ['MIXEDMAP, valid', 0, 'mixedmap', 'buf', false, 'page'],
  ['MIXEDMAP, not valid', 0, 'mixedmap', 'high', false, ['NULL', 'NULL', 'report']],
  ['above highest_memmap_pfn: silent before', 0, 'plain', 'high', false, ['NULL', 'NULL', 'report']],
  ['devmap in a plain VMA', PTE_DEVMAP, 'plain', 'buf', false, ['NULL', 'NULL', 'page']],
  ['devmap, but MIXEDMAP decides first', PTE_DEVMAP, 'mixedmap', 'buf', false, 'page'],
];

describe('vm_normal_page_pmd and _pud (A.4)', () => {
  it.each(LEAVES)('%s', (_name, bits, vma, frame, linear, answers) => {
    RELEASES.forEach((release, i) => {
      const c = { arch: 'x86_64', release, vma, frame, linear, bits, level: Level.Pmd } as const;
      expect([release, classify(c)]).toEqual([release, inRelease(answers, i)]);
    });
  });

  it('follows the VMA rules where leaves have no special bit: arm_lpae', () => {
    const c = { arch: 'arm_lpae', vma: 'pfnmap', frame: 'buf', bits: 0, level: Level.Pmd } as const;
    for (const release of RELEASES) expect(classify({ ...c, release })).toBe('NULL');
    const high = { ...c, vma: 'plain', frame: 'high' } as const;
    expect(RELEASES.map((release) => classify({ ...high, release }))).toEqual(['NULL', 'NULL', 'report']);
  });

  it('takes PUD leaves of arm64, which have no bit at that level, by the rules in 7.2', () => {
    const c = { arch: 'arm64', release: '7.2', vma: 'pfnmap', frame: 'buf', level: Level.Pud } as const;
    expect(classify(c)).toBe('NULL');
    expect(classify({ ...c, arch: 'x86_64' })).toBe('page');
  });
});

describe('the linear rule', () => {
  const pgoffs = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

  it('is pfn == vm_pgoff + pages, in unsigned long', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('x86_64', 'arm'),
        fc.oneof(pgoffs, fc.bigInt({ min: 2n ** 32n - 8n, max: 2n ** 32n + 8n })),
        fc.nat(40),
        fc.oneof(fc.constant(undefined), fc.bigInt({ min: 0n, max: 2n ** 48n - 1n })),
        (arch, offset, pages, other) => {
          const m = machineFor({ arch, release: '7.2', vma: 'plain', frame: 'ram' });
          const bits = arch === 'arm' ? 32n : 64n;
          const pgoff = BigInt.asUintN(Number(bits), offset);
          const v = m.k.allocVma();
          v.mm = 0;
          v.start = 3;
          v.end = 60;
          v.setPgoff(Number(BigInt.asIntN(32, pgoff)), Number(BigInt.asIntN(32, pgoff >> 32n)));
          const raw = BigInt.asUintN(Number(bits), pgoff + BigInt(pages));
          const pfn = other ?? raw;
          if (pfn >= 2n ** 48n) return;
          expect(isLinear(m.k, v, 3 + pages, Number(pfn))).toBe(pfn === raw);
        },
      ),
      { numRuns: 300 },
    );
  });
});
