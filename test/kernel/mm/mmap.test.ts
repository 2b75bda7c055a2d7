import { describe, expect, it } from 'vitest';
import {
  EACCES,
  EBADF,
  EEXIST,
  EINVAL,
  ENODEV,
  ENOMEM,
  EOPNOTSUPP,
  EOVERFLOW,
} from '../../../src/kernel/errno.js';
import {
  VM_DONTCOPY,
  VM_EXEC,
  VM_LOCKED,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_SOFTDIRTY,
  VM_WRITE,
} from '../../../src/kernel/flags.js';
import { sysMmap, sysMunmap } from '../../../src/kernel/mm/mmap.js';
import { setEntry } from '../../../src/kernel/mm/pgtable.js';
import { vmaLookup } from '../../../src/kernel/mm/vma.js';
import {
  PTE_CACHE_MASK,
  PTE_CACHE_SHIFT,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
  CacheMode,
} from '../../../src/kernel/pte.js';
import { RELEASES } from '../../../src/kernel/release.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../../src/kernel/uapi.js';
import {
  FMODE_READ,
  FMODE_WRITE,
  OPS_DUMMY,
  OPS_NULL,
  VMA_IN_IMAP,
  VMA_LINKED,
} from '../../../src/kernel/world.js';
import { flagged, remap } from './drivers.js';
import { Machine, PAGE, type Handler, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;
const FD = 3;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
const plain: Setup = { handlers: { mmap: () => 0 } };

interface Args {
  readonly addr?: number;
  readonly len?: number;
  readonly prot?: number;
  readonly flags?: number;
  readonly fd?: number;
  readonly off?: number;
}

const mmap = (m: Machine, a: Args): number =>
  m.call(
    sysMmap,
    a.addr ?? 0,
    a.len ?? PAGE,
    a.prot ?? PROT_READ,
    a.flags ?? MAP_SHARED,
    a.fd ?? FD,
    a.off ?? 0,
  );

describe('mmap: errors of arguments (C.1)', () => {
  const base = new Machine(plain).k.arenaBase;
  const cases: readonly (readonly [string, Args, number, Setup?])[] = [
    ['an offset inside a page', { off: 1 }, -EINVAL],
    ['no such descriptor', { fd: 4 }, -EBADF],
    ['length 0', { len: 0 }, -EINVAL],
    ['a length beyond user space', { len: 2 ** 48 }, -ENOMEM],
    ['an offset that wraps', { off: 2 ** 44 - PAGE, len: 2 * PAGE }, -EOVERFLOW, { ...plain, arch: 'arm' }],
    [
      'that comes before the length',
      { off: 2 ** 44 - PAGE, len: 2 ** 33 },
      -EOVERFLOW,
      { ...plain, arch: 'arm' },
    ],
    ['MAP_FIXED beyond user space', { addr: 2 ** 47, flags: MAP_SHARED | MAP_FIXED }, -ENOMEM],
    ['MAP_FIXED inside a page', { addr: base + 8, flags: MAP_SHARED | MAP_FIXED }, -EINVAL],
    ['no type', { flags: 0 }, -EINVAL],
    ['an unknown type', { flags: 5 }, -EINVAL],
    ['an unknown anonymous type', { flags: MAP_ANONYMOUS }, -EINVAL],
    ['huge pages of a device', { flags: MAP_SHARED | MAP_HUGETLB }, -EINVAL],
    ['a stack of a device', { flags: MAP_PRIVATE | MAP_GROWSDOWN }, -EINVAL],
    ['a device without mmap', {}, -ENODEV, {}],
    ['which comes before that', { flags: MAP_PRIVATE | MAP_GROWSDOWN }, -ENODEV, {}],
    ['flags that MAP_SHARED_VALIDATE does not know', { flags: MAP_SHARED_VALIDATE | MAP_SYNC }, -EOPNOTSUPP],
    [
      'MAP_FIXED_NOREPLACE is one',
      { addr: base, flags: MAP_SHARED_VALIDATE | MAP_FIXED_NOREPLACE },
      -EOPNOTSUPP,
    ],
  ];
  it.each(cases.map(([name, args, error, setup]) => ({ name, args, error, setup: setup ?? plain })))(
    '$name',
    ({ args, error, setup }) => {
      const m = new Machine(setup);
      expect(mmap(m, args)).toBe(error);
      expect([m.log, m.k.files[0]!.refs, m.k.w[m.k.mmapLock(0)]]).toEqual([[], 1, 0]);
    },
  );

  it('MAP_SHARED ignores flags that it does not know', () => {
    expect(mmap(new Machine(plain), { flags: MAP_SHARED | MAP_SYNC })).toBeGreaterThan(0);
    expect(mmap(new Machine(plain), { flags: MAP_SHARED_VALIDATE })).toBeGreaterThan(0);
  });

  it('MAP_FIXED_NOREPLACE where something is: -EEXIST, and it stays', () => {
    const m = new Machine(plain);
    const p = m.mmap(2, RW, 'shared');
    const flags = MAP_SHARED | MAP_FIXED_NOREPLACE;
    expect([mmap(m, { addr: p + PAGE, flags }), m.vma(p)!.pages]).toEqual([-EEXIST, 2]);
    expect(mmap(m, { addr: p + 2 * PAGE, flags })).toBe(p + 2 * PAGE);
  });
});

describe('mmap: what the descriptor permits (C.1)', () => {
  const cases = [
    ['O_RDONLY', 'shared write', FMODE_READ, MAP_SHARED, RW, -EACCES],
    ['O_RDONLY', 'shared read', FMODE_READ, MAP_SHARED, PROT_READ, 0],
    ['O_RDONLY', 'private write', FMODE_READ, MAP_PRIVATE, RW, 0],
    ['O_WRONLY', 'shared write', FMODE_WRITE, MAP_SHARED, PROT_WRITE, -EACCES],
    ['O_WRONLY', 'private read', FMODE_WRITE, MAP_PRIVATE, PROT_READ, -EACCES],
    ['O_RDWR', 'shared write', FMODE_READ | FMODE_WRITE, MAP_SHARED, RW, 0],
    ['O_RDWR | O_APPEND', 'shared write', FMODE_READ | FMODE_WRITE | (1 << 10), MAP_SHARED, RW, 0],
  ] as const;
  it.each(cases)('%s, %s', (_open, _map, mode, flags, prot, error) => {
    const m = new Machine(plain);
    m.k.files[0]!.mode = mode;
    const r = mmap(m, { flags, prot });
    expect(r < 0 ? r : 0).toBe(error);
  });
});

describe('mmap: VMA flags before the driver (A.1)', () => {
  const MAY = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
  const rows = [
    ['MAP_PRIVATE', MAP_PRIVATE, PROT_READ, true, MAY, true],
    ['MAP_PRIVATE', MAP_PRIVATE, RW, false, MAY | VM_WRITE, true],
    ['MAP_PRIVATE, exec', MAP_PRIVATE, PROT_READ | PROT_EXEC, true, MAY | VM_EXEC, true],
    ['MAP_SHARED', MAP_SHARED, RW, true, MAY | VM_WRITE | VM_SHARED | VM_MAYSHARE, false],
    ['MAP_SHARED', MAP_SHARED, PROT_READ, false, VM_MAYREAD | VM_MAYEXEC | VM_MAYSHARE, false],
  ] as const;
  const relevant = VM_READ | VM_WRITE | VM_EXEC | VM_SHARED | VM_MAYSHARE | MAY;
  it.each(rows)('%s %#', (_name, flags, prot, writable, expected, cow) => {
    for (const release of RELEASES) {
      let seen = 0;
      const handler: Handler = (m, [, v]) => ((seen = m.vmaOf(v!).flags), 0);
      const m = new Machine({ release, writable, handlers: { mmap: handler } });
      const p = mmap(m, { flags, prot });
      expect(seen & relevant).toBe(expected | VM_READ);
      expect(m.vma(p)!.cow).toBe(cow);
    }
  });

  it('the protection of a private VMA has no write bit; PROT_NONE keeps none', () => {
    const prot = (how: 'private' | 'shared', p: number): number => {
      const m = new Machine(plain);
      return m.vma(m.mmap(1, p, how))!.prot;
    };
    expect([prot('private', RW), prot('shared', RW), prot('shared', PROT_READ)]).toEqual([
      PTE_PRESENT,
      PTE_PRESENT | PTE_WRITE,
      PTE_PRESENT,
    ]);
    expect(prot('private', PROT_READ | PROT_EXEC)).toBe(PTE_PRESENT | PTE_EXEC);
    expect(prot('shared', PROT_NONE)).toBe(PTE_PRESENT | PTE_PROTNONE);
  });
});

describe('mmap: the driver', () => {
  it('sees a VMA that nobody can find yet; afterwards it is linked', () => {
    const seen: boolean[] = [];
    const handler: Handler = (m, [, v]) => {
      const vma = m.vmaOf(v!);
      seen.push(
        vma.has(VMA_LINKED),
        vma.has(VMA_IN_IMAP),
        vmaLookup(m.k, 0, vma.start) !== undefined,
        vma.ops === OPS_DUMMY,
      );
      return 0;
    };
    const m = new Machine({ handlers: { mmap: handler } });
    const v = m.vma(m.mmap(1, RW, 'shared', 0x123))!;
    expect(seen).toEqual([false, false, false, true]);
    expect([v.has(VMA_LINKED), v.has(VMA_IN_IMAP), v.pgoffLo, v.ops]).toEqual([true, true, 0x123, OPS_DUMMY]);
  });

  it('there is a point between its return and the link', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: remap('bar') } });
    m.begin(sysMmap, 0, PAGE, RW, MAP_SHARED, FD, 0);
    m.stepUntil(() => m.log.length === 1);
    const v = m.k.vmas[0]!;
    expect([m.k.w[m.entry(m.k.arenaBase + v.start * PAGE)], v.has(VMA_LINKED)]).toEqual([
      m.pfn('bar'),
      false,
    ]);
    while (!m.step());
    expect(v.has(VMA_LINKED)).toBe(true);
  });

  it('its error goes to the caller, and what it installed goes away; ->close is not called', () => {
    const handlers: Setup['handlers'] = {
      mmap: (m, args) => (remap('buf', true)(m, args), -77),
      close: () => 0,
    };
    const m = new Machine({ handlers });
    expect(m.mmap(2, RW, 'shared')).toBe(-77);
    expect([m.k.vmas[0]!.mm, m.k.files[0]!.refs, m.log]).toEqual([-1, 1, ['mmap']]);
    expect(m.mapped(m.k.arenaBase)).toBeUndefined();
  });

  it('holds a reference of the file for the VMA', () => {
    const m = new Machine(plain);
    const p = m.mmap(1, RW, 'shared');
    expect(m.k.files[0]!.refs).toBe(2);
    m.munmap(p, 1);
    expect(m.k.files[0]!.refs).toBe(1);
  });

  it('warns with DEBUG_VM if VM_MAYWRITE was turned on (F-17)', () => {
    for (const debugVm of [false, true]) {
      const m = new Machine({
        writable: false,
        facts: { debugVm },
        handlers: { mmap: flagged(VM_MAYWRITE) },
      });
      expect([m.mmap(1, PROT_READ, 'shared') > 0, m.warned]).toEqual([true, debugVm]);
    }
  });
});

describe('mmap: after the driver (C.1)', () => {
  it('VM_LOCKED is dropped from special VMAs', () => {
    for (const [flag, locked] of [
      [0, VM_LOCKED],
      [VM_MIXEDMAP, 0],
      [VM_PFNMAP, 0],
      [VM_DONTCOPY, VM_LOCKED],
    ] as const) {
      const m = new Machine({ handlers: { mmap: flagged(flag) } });
      const p = mmap(m, { flags: MAP_SHARED | MAP_LOCKED });
      expect(m.vma(p)!.flags & VM_LOCKED).toBe(locked);
    }
  });

  it('the VMA is soft-dirty where the architecture can tell', () => {
    for (const [arch, flag] of [
      ['x86_64', VM_SOFTDIRTY],
      ['arm64', 0],
    ] as const) {
      const m = new Machine({ ...plain, arch });
      expect(m.vma(m.mmap(1, RW, 'shared'))!.flags & VM_SOFTDIRTY).toBe(flag);
    }
  });

  it('vm_page_prot keeps the memory type and loses the write bit to pfn_mkwrite; entries of ->mmap keep theirs (F-20)', () => {
    for (const pfnMkwrite of [undefined, () => 0]) {
      const handlers: Setup['handlers'] = {
        mmap: (m, args) => {
          m.vmaOf(args[1]!).prot |= CacheMode.WriteCombine << PTE_CACHE_SHIFT;
          return remap('buf', true)(m, args);
        },
        ...(pfnMkwrite !== undefined && { pfnMkwrite }),
      };
      const m = new Machine({ handlers });
      const p = m.mmap(1, RW, 'shared');
      expect(m.vma(p)!.prot & PTE_WRITE).toBe(pfnMkwrite === undefined ? PTE_WRITE : 0);
      expect((m.vma(p)!.prot & PTE_CACHE_MASK) >> PTE_CACHE_SHIFT).toBe(CacheMode.WriteCombine);
      expect(m.flags(p) & PTE_WRITE).toBe(PTE_WRITE);
    }
  });

  it('page_mkwrite takes the write bit, too; of private VMAs neither matters', () => {
    const prot = (how: 'private' | 'shared'): number => {
      const m = new Machine({ handlers: { mmap: flagged(0), pageMkwrite: () => 0 } });
      return m.vma(m.mmap(1, RW, how))!.prot & PTE_WRITE;
    };
    expect([prot('shared'), prot('private')]).toEqual([0, 0]);
  });
});

describe('mmap: MAP_POPULATE (C.1)', () => {
  const faulting = (flag: number): Machine =>
    new Machine({
      handlers: {
        mmap: flagged(flag),
        fault: (m) => {
          const at = m.k.arenaBase + m.k.vmas[0]!.start * PAGE;
          const free = [at, at + PAGE].find((p) => m.mapped(p) === undefined)!;
          setEntry(m.k, m.entry(free), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
          return 0x100;
        },
      },
    });
  const faults = (flag: number, flags: number, prot = PROT_READ): number => {
    const m = faulting(flag);
    const p = mmap(m, { len: 2 * PAGE, flags: MAP_SHARED | flags, prot });
    return [p, p + PAGE].filter((q) => m.mapped(q) !== undefined).length;
  };

  it('faults all pages in, but not those of VM_IO and VM_PFNMAP VMAs', () => {
    expect([
      faults(VM_MIXEDMAP, MAP_POPULATE),
      faults(VM_PFNMAP, MAP_POPULATE),
      faults(0x4000, MAP_POPULATE),
    ]).toEqual([2, 0, 0]);
    expect([faults(VM_MIXEDMAP, 0), faults(VM_MIXEDMAP, MAP_LOCKED)]).toEqual([0, 2]);
  });

  it('not with MAP_NONBLOCK, and not what nobody can access', () => {
    expect([
      faults(VM_MIXEDMAP, MAP_POPULATE | MAP_NONBLOCK),
      faults(VM_MIXEDMAP, MAP_POPULATE, PROT_NONE),
    ]).toEqual([0, 0]);
  });

  it('gives private writable VMAs their copies', () => {
    const m = new Machine({ handlers: { mmap: flagged(0) } });
    const p = mmap(m, { len: 2 * PAGE, flags: ANON | MAP_POPULATE, prot: RW });
    expect([m.rss, m.mapped(p) === undefined]).toEqual([[2, 0], false]);
    const readOnly = mmap(m, { len: PAGE, flags: ANON | MAP_POPULATE });
    expect([m.rss, m.mapped(readOnly)]).toEqual([[2, 0], m.pfn('zero')]);
  });

  it('an error is nobody’s: mmap has succeeded', () => {
    const m = new Machine({ handlers: { mmap: flagged(VM_MIXEDMAP) } });
    expect(mmap(m, { flags: MAP_SHARED | MAP_POPULATE })).toBeGreaterThan(0);
  });
});

describe('mmap: anonymous memory', () => {
  it('has NULL for its vm_ops, its address for its offset, and no file', () => {
    const m = new Machine(plain);
    const p = mmap(m, { flags: ANON, prot: RW, off: 7 * PAGE, fd: -1 });
    const v = m.vma(p)!;
    expect([v.ops, v.file, v.pgoffLo]).toEqual([OPS_NULL, -1, (p / PAGE) | 0]);
  });
});

describe('mmap: MAP_FIXED', () => {
  it('unmaps what is there, splitting at both ends, before ->mmap', () => {
    const m = new Machine({ handlers: { mmap: remap('buf', true), open: () => 0, close: () => 0 } });
    const p = m.mmap(3, RW, 'shared');
    expect(mmap(m, { addr: p + PAGE, flags: MAP_SHARED | MAP_FIXED, prot: RW })).toBe(p + PAGE);
    expect(m.log).toEqual(['mmap', 'open', 'open', 'close', 'mmap']);
    expect([0, 1, 2].map((i) => m.mapped(p + i * PAGE))).toEqual([
      m.pfn('buf'),
      m.pfn('buf'),
      m.pfn('buf', 2),
    ]);
  });

  it('leaves a hole when ->mmap fails', () => {
    let calls = 0;
    const m = new Machine({
      handlers: { mmap: (machine, args) => (calls++ === 0 ? remap('buf')(machine, args) : -5) },
    });
    const p = m.mmap(2, RW, 'shared');
    expect([mmap(m, { addr: p, flags: MAP_SHARED | MAP_FIXED }), m.vma(p), m.vma(p + PAGE)!.pages]).toEqual([
      -5,
      undefined,
      1,
    ]);
  });

  it.each([
    ['6.1', -ENOMEM],
    ['6.12', -33],
    ['7.2', -33],
  ] as const)('says what ->may_split says, 6.1 always -ENOMEM: %s', (release, error) => {
    const m = new Machine({ release, handlers: { mmap: remap('buf', true), maySplit: () => -33 } });
    const p = m.mmap(2, RW, 'shared');
    expect([mmap(m, { addr: p, flags: MAP_SHARED | MAP_FIXED }), m.vma(p)!.pages]).toEqual([error, 2]);
  });
});

describe('mmap: a neighbour that differs by its range only (C.10)', () => {
  /** Two adjacent file pages at adjacent addresses; the second call decides. */
  const adjacent = (setup: Setup, second: Args = {}): Machine => {
    const m = new Machine(setup);
    const p = m.mmap(1, RW, 'shared', 5);
    mmap(m, { addr: p + PAGE, prot: RW, flags: MAP_SHARED | MAP_FIXED, off: 6 * PAGE, ...second });
    return m;
  };
  const vmas = (m: Machine): number => m.k.vmas.filter((v) => v.mm === 0).length;

  it.each(RELEASES)('takes the pages, and ->mmap is not called: %s', (release) => {
    const m = adjacent({ ...plain, release });
    expect([vmas(m), m.log, m.k.files[0]!.refs, m.k.vmas[0]!.pages]).toEqual([1, ['mmap'], 2, 2]);
  });

  it('takes them below, too, and joins both sides', () => {
    const m = new Machine(plain);
    const p = m.mmap(1, RW, 'shared', 5);
    const at = (i: number): number =>
      mmap(m, { addr: p + i * PAGE, prot: RW, flags: MAP_SHARED | MAP_FIXED, off: (5 + i) * PAGE });
    at(2);
    expect(vmas(m)).toBe(2);
    at(1);
    expect([vmas(m), m.vma(p)!.pages, m.vma(p)!.pgoffLo, m.k.files[0]!.refs]).toEqual([1, 3, 5, 2]);
    const q = m.mmap(2, RW, 'shared', 9);
    m.munmap(q, 1);
    mmap(m, { addr: q, prot: RW, flags: MAP_SHARED | MAP_FIXED, off: 9 * PAGE });
    expect([m.vma(q)!.pages, m.vma(q)!.pgoffLo]).toEqual([2, 9]);
  });

  it.each([
    ['another permission', { prot: PROT_READ }],
    ['another offset', { off: 7 * PAGE }],
    ['another sharing', { flags: MAP_PRIVATE | MAP_FIXED }],
  ])('but not with %s', (_name, second) => {
    const m = adjacent(plain, second);
    expect([vmas(m), m.log]).toEqual([2, ['mmap', 'mmap']]);
  });

  it('never a special one', () => {
    const m = adjacent({ handlers: { mmap: remap('buf') } });
    expect([vmas(m), m.log]).toEqual([2, ['mmap', 'mmap']]);
  });

  it.each([
    ['6.1', 2],
    ['6.12', 1],
    ['7.2', 1],
  ] as const)('->close of the neighbour matters in 6.1 only, for it stays: %s', (release, n) => {
    expect(vmas(adjacent({ release, handlers: { mmap: flagged(0), close: () => 0 } }))).toBe(n);
  });

  it.each([
    ['6.1', 1],
    ['6.12', 1],
    ['7.2', 2],
  ] as const)('flags that ->mmap changed are a second chance up to 6.12: %s', (release, n) => {
    const m = adjacent({ release, handlers: { mmap: flagged(VM_DONTCOPY) } });
    expect([vmas(m), m.log]).toEqual([n, ['mmap', 'mmap']]);
  });

  it('anonymous memory joins', () => {
    const m = new Machine(plain);
    const p = mmap(m, { flags: ANON, prot: RW });
    mmap(m, { addr: p + PAGE, flags: ANON | MAP_FIXED, prot: RW });
    expect(m.vma(p)!.pages).toBe(2);
  });
});

describe('munmap (C.9)', () => {
  it.each([
    ['an address inside a page', 8, PAGE],
    ['length 0', 0, 0],
    ['beyond user space', 0, 2 ** 48],
  ])('%s is -EINVAL', (_name, off, len) => {
    const m = new Machine(plain);
    expect(m.call(sysMunmap, m.mmap(1, RW, 'shared') + off, len)).toBe(-EINVAL);
    expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
  });

  it('of nothing is fine', () => {
    const m = new Machine(plain);
    expect([m.munmap(m.k.arenaBase, 3), m.k.w[m.k.mmapLock(0)]]).toEqual([0, 0]);
  });

  it('->close runs under the lock for reading, so that others may fault', () => {
    const seen: (number | undefined)[] = [];
    const m = new Machine({
      handlers: {
        mmap: remap('buf', true),
        close: (machine) => (seen.push(machine.k.w[machine.k.mmapLock(0)]), 0),
      },
    });
    m.munmap(m.mmap(1, RW, 'shared'), 1);
    expect([seen, m.k.w[m.k.mmapLock(0)]]).toEqual([[1], 0]);
  });

  it('a refused split leaves all and drops the lock', () => {
    const m = new Machine({ handlers: { mmap: remap('buf', true), maySplit: () => -22 } });
    const p = m.mmap(2, RW, 'shared');
    expect([m.munmap(p, 1), m.vma(p)!.pages, m.mapped(p), m.k.w[m.k.mmapLock(0)]]).toEqual([
      -22,
      2,
      m.pfn('buf'),
      0,
    ]);
  });
});
