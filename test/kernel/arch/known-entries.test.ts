/** Entries written out by hand from the catalogue (E.4, E.5, E.7), not by the encoders. */
import { describe, expect, it } from 'vitest';
import { archNamed } from '../../../src/kernel/arch/index.js';
import {
  CacheMode,
  Level,
  PTE_CACHE_SHIFT,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
  PTE_YOUNG,
} from '../../../src/kernel/pte.js';
import type { Release } from '../../../src/kernel/release.js';

const PFN = 0x12345;
const RAW = PTE_PRESENT | PTE_YOUNG | PTE_SPECIAL;
const cache = (mode: number) => mode << PTE_CACHE_SHIFT;

type Row = [string, Release, Level, string, flags: number, hi: number, lo: number];

const { Pte, Pmd, Pud } = Level;
const ROWS: Row[] = [
  // riscv64: V R W X U A D special at 0 1 2 3 4 6 7 8, frame from bit 10: 0x12345 << 10 = 0x48d1400.
  ['riscv64', '7.2', Pte, 'raw, readable', RAW, 0, 0x48d1400 | 0x153],
  ['riscv64', '7.2', Pte, 'writable and dirty', RAW | PTE_WRITE | PTE_DIRTY, 0, 0x48d1400 | 0x1d7],
  ['riscv64', '6.1', Pte, 'executable, old', PTE_PRESENT | PTE_EXEC, 0, 0x48d1400 | 0x1b],
  ['riscv64', '7.2', Pte, 'PROT_NONE: bits 1 and 5', PTE_PRESENT | PTE_PROTNONE, 0, 0x48d1400 | 0x22],
  ['riscv64', '7.2', Pte, 'I/O: bit 62', PTE_PRESENT | cache(CacheMode.Device), 0x40000000, 0x48d1400 | 0x13],
  // s390x: present 1, young 4, dirty 8, read 0x10, write 0x20, special 0x40, noexec 0x100, protect 0x200, invalid 0x400.
  ['s390x', '7.2', Pte, 'raw, read-only', RAW, 0, 0x12345000 | 0x355],
  ['s390x', '7.2', Pte, 'old: invalid', PTE_PRESENT | PTE_SPECIAL, 0, 0x12345000 | 0x751],
  ['s390x', '6.1', Pte, 'writable, clean', RAW | PTE_WRITE, 0, 0x12345000 | 0x375],
  ['s390x', '6.1', Pte, 'writable, dirty', RAW | PTE_WRITE | PTE_DIRTY | PTE_EXEC, 0, 0x12345000 | 0x7d],
  ['s390x', '6.1', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE | PTE_YOUNG, 0, 0x12345000 | 0x605],
  // ppc64: X W R 1 2 4, dirty 0x80, accessed 0x100, special 0x400, leaf bit 62, present bit 63; stored big-endian:
  // 0xc000000012345504 read by a little-endian CPU.
  ['ppc64', '7.2', Pte, 'raw, readable', RAW, 0x04553412, 0x000000c0],
  // 0xc000000012345587
  ['ppc64', '6.1', Pte, 'all', RAW | PTE_WRITE | PTE_EXEC | PTE_DIRTY, 0x87553412, 0x000000c0],
  // 0xc000000012345108 with 6.1 (privileged), 0xc000000012345100 later
  ['ppc64', '6.1', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE | PTE_YOUNG, 0x08513412, 0x000000c0],
  ['ppc64', '6.12', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE | PTE_YOUNG, 0x00513412, 0x000000c0],
  // 0xc000000012345124: non-idempotent
  [
    'ppc64',
    '7.2',
    Pte,
    'uncached',
    PTE_PRESENT | PTE_YOUNG | cache(CacheMode.Uncached),
    0x24513412,
    0x000000c0,
  ],
  // loongarch64: valid 0, dirty 1, PLV 3 at 2, cached 1 at 4, present 7, write 8, modified 9, protnone 10, special 11,
  // no-read 61, no-exec 62.
  ['loongarch64', '7.2', Pte, 'raw, readable', RAW, 0x40000000, 0x12345000 | 0x89d],
  [
    'loongarch64',
    '6.1',
    Pte,
    'writable, dirty, executable',
    RAW | PTE_WRITE | PTE_DIRTY | PTE_EXEC,
    0,
    0x12345000 | 0xb9f,
  ],
  ['loongarch64', '7.2', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE, 0x60000000, 0x12345000 | 0x41c],
  // mips64 R2: present 0, write 1, accessed 2, modified 3, special 5, no-exec 6, no-read 7, valid 9, dirty 10, cache 3 at 11,
  // frame from bit 14: 0x12345 << 14 = 0x48d14000.
  ['mips64', '7.2', Pte, 'raw, readable', RAW, 0, 0x48d14000 | 0x1a65],
  [
    'mips64',
    '6.1',
    Pte,
    'writable, dirty, executable',
    RAW | PTE_WRITE | PTE_DIRTY | PTE_EXEC,
    0,
    0x48d14000 | 0x1e2f,
  ],
  ['mips64', '6.1', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE, 0, 0x48d14000 | 0x18c1],
  // m68k: present 1, read-only 4 (PROT_NONE if not present), accessed 8, dirty 0x10, copy-back 0x20, uncached 0x40.
  ['m68k', '7.2', Pte, 'read-only', PTE_PRESENT | PTE_EXEC | PTE_YOUNG, 0, 0x12345000 | 0x2d],
  [
    'm68k',
    '6.1',
    Pte,
    'writable, dirty',
    PTE_PRESENT | PTE_EXEC | PTE_YOUNG | PTE_WRITE | PTE_DIRTY,
    0,
    0x12345000 | 0x39,
  ],
  ['m68k', '7.2', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE | PTE_YOUNG, 0, 0x12345000 | 0x2c],
  // xtensa: exec 1, write 2, write-back 4, user 0x10, writable 0x40, dirty 0x80, accessed 0x100.
  ['xtensa', '7.2', Pte, 'read-only', PTE_PRESENT | PTE_YOUNG, 0, 0x12345000 | 0x114],
  ['xtensa', '7.2', Pte, 'writable, clean', PTE_PRESENT | PTE_YOUNG | PTE_WRITE, 0, 0x12345000 | 0x154],
  [
    'xtensa',
    '6.1',
    Pte,
    'writable, dirty, executable',
    PTE_PRESENT | PTE_YOUNG | PTE_WRITE | PTE_DIRTY | PTE_EXEC,
    0,
    0x12345000 | 0x1d7,
  ],
  ['xtensa', '7.2', Pte, 'PROT_NONE', PTE_PRESENT | PTE_PROTNONE, 0, 0x12345000 | 0x1f],
];

describe('known entries', () => {
  it.each(ROWS)('%s %s level %i: %s', (name, release, level, _what, flags, hi, lo) => {
    const arch = archNamed(name)!;
    expect(arch.encode({ pfn: PFN, flags }, level, release)).toMatchObject({ hi, lo });
    expect(arch.decode({ hi, lo }, level, release)).toEqual({ pfn: PFN, flags });
  });

  it.each<[string, Release, Level, number, number, number, number]>([
    // riscv 7.2, a 1G leaf at 0x80000000: 0x80000 << 10, special.
    ['riscv64', '7.2', Pud, 0x80000, RAW, 0, 0x20000000 | 0x153],
    // loongarch: HUGE is bit 6; no special bit.
    ['loongarch64', '7.2', Pmd, 0x12200, PTE_PRESENT | PTE_YOUNG, 0x40000000, 0x12200000 | 0xdd],
    // mips: HUGE is bit 4, 0x12200 << 14.
    ['mips64', '7.2', Pmd, 0x12200, PTE_PRESENT | PTE_YOUNG, 0, 0x48800000 | 0x1a55],
    // s390: large 0x400, young 0x1000, protect 0x200, noexec 0x100; read 0x1 before 7.2, then 0x4000 and present 0x1.
    ['s390x', '6.12', Pmd, 0x12300, PTE_PRESENT | PTE_YOUNG, 0, 0x12301701],
    ['s390x', '7.2', Pmd, 0x12300, PTE_PRESENT | PTE_YOUNG, 0, 0x12305701],
    ['s390x', '7.2', Pmd, 0x12300, PTE_PRESENT | PTE_YOUNG | PTE_WRITE, 0, 0x1230d701],
    // ppc64 7.2: 0xc000000012200504
    ['ppc64', '7.2', Pmd, 0x12200, RAW, 0x04052012, 0x000000c0],
  ])('%s %s, a leaf of level %i', (name, release, level, pfn, flags, hi, lo) => {
    const arch = archNamed(name)!;
    expect(arch.encode({ pfn, flags }, level, release)).toMatchObject({ hi, lo });
    expect(arch.decode({ hi, lo }, level, release)).toEqual({ pfn, flags });
  });
});

describe('entries that Linux reads but the model does not write', () => {
  it('riscv: a NAPOT group of 64K keeps its size in the low bits of the frame; 6.1 does not know', () => {
    const riscv = archNamed('riscv64')!;
    // Frame 0x12340, a group of 16 pages: 0x12340 | 8.
    const raw = { lo: (0x12348 << 10) | 0x53, hi: 0x80000000 };
    expect(riscv.decode(raw, Pte, '6.12')!.pfn).toBe(0x12340);
    expect(riscv.decode(raw, Pte, '6.1')!.pfn).toBe(0x12348);
  });

  it('ppc64: an entry that is being changed is present (INVALID and PTE, bits 61 and 62)', () => {
    // 0x6000000012345504
    const entry = archNamed('ppc64')!.decode({ lo: 0x60, hi: 0x04553412 }, Pte, '7.2');
    expect(entry).toEqual({ pfn: PFN, flags: RAW });
  });

  it('loongarch, mips: a global bit alone is an empty entry', () => {
    const none = { pfn: 0, flags: 0 };
    expect(archNamed('loongarch64')!.decode({ lo: 0x40, hi: 0 }, Pte, '7.2')).toEqual(none);
    expect(archNamed('mips64')!.decode({ lo: 0x100, hi: 0 }, Pte, '7.2')).toEqual(none);
  });
});
