import { describe, expect, it } from 'vitest';
import {
  FAULT_FLAG_DEFAULT,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_USER,
  FAULT_FLAG_WRITE,
  VM_FAULT_COMPLETED,
  VM_FAULT_DONE_COW,
  VM_FAULT_LOCKED,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_MAYWRITE,
  VM_PFNMAP,
  VM_WRITE,
} from '../../../../src/kernel/flags.js';
import { EFAULT } from '../../../../src/kernel/errno.js';
import { pageFault } from '../../../../src/kernel/fault.js';
import { mmapReadUnlock } from '../../../../src/kernel/locks.js';
import { handle, handleIndex, HandleKind } from '../../../../src/kernel/handle.js';
import { handleMmFault } from '../../../../src/kernel/mm/memory/fault.js';
import { vmfInsertPfn } from '../../../../src/kernel/mm/memory/insert.js';
import { VMF } from '../../../../src/kernel/mm/memory/vmf.js';
import { getPage } from '../../../../src/kernel/mm/page_alloc.js';
import { setEntry } from '../../../../src/kernel/mm/pgtable.js';
import { PTE_DIRTY, PTE_PRESENT, PTE_SPECIAL, PTE_WRITE } from '../../../../src/kernel/pte.js';
import { RELEASES } from '../../../../src/kernel/release.js';
import { Undefined, UnknownError } from '../../../../src/kernel/routine.js';
import { PROT_READ, PROT_WRITE, SIGBUS, SIGKILL, SIGSEGV } from '../../../../src/kernel/uapi.js';
import {
  OPS_NULL,
  PG_ANON,
  PG_EXCLUSIVE,
  PG_FREE,
  VMA_ANON_VMA,
  VMA_LINKED,
  type Vma,
} from '../../../../src/kernel/world.js';
import { Machine, PAGE, type Handler, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;
const ARCHS = ['x86_64', 'arm'] as const;

/** ->fault that returns a page of `buf` with a reference, as drivers do. */
function page(n = 0, answer = 0): Handler {
  return (m, [vmf]) => {
    getPage(m.k, m.frame('buf', n));
    m.k.w[handleIndex(vmf!) + VMF.PAGE] = handle(HandleKind.Page, m.frame('buf', n));
    return answer;
  };
}

function world(
  handlers: Readonly<Record<string, Handler>>,
  how: 'private' | 'shared',
  setup: Setup = {},
  pages = 1,
): { m: Machine; v: Vma; p: number } {
  const mmap: Handler = (m, [, v]) => {
    m.vmaOf(v!).ops = 2;
    return 0;
  };
  const m = new Machine({ ...setup, handlers: { mmap, ...handlers } });
  const p = m.mmap(pages, RW, how);
  return { m, v: m.vma(p)!, p };
}

function fault({ m, v, p }: ReturnType<typeof world>, flags = 0): number {
  return m.callWords(handleMmFault, v.slot, m.page(p), flags);
}

describe('a write that no VMA flag allows (sanitize_fault_flags, C.2)', () => {
  const cases = [
    ['without VM_MAYWRITE', 'shared', VM_MAYWRITE],
    ['without VM_WRITE, not copy-on-write', 'shared', VM_WRITE],
  ] as const;
  it.each(RELEASES.flatMap((r) => cases.map((c) => [r, ...c] as const)))(
    '%s: %s warns and is SIGSEGV from 6.12 on',
    (release, _name, how, missing) => {
      const w = world({ fault: page() }, how, { release });
      w.v.flags &= ~missing;
      const refused = release !== '6.1';
      expect(fault(w, FAULT_FLAG_WRITE)).toBe(refused ? VM_FAULT_SIGSEGV : 0);
      expect([w.m.warned, w.m.mapped(w.p) === undefined]).toEqual([refused, refused]);
    },
  );

  it('copy-on-write VMAs may be written by FOLL_FORCE', () => {
    const w = world({ fault: page() }, 'private');
    w.v.flags &= ~VM_WRITE;
    expect([fault(w, FAULT_FLAG_WRITE), w.m.warned]).toEqual([0, false]);
  });

  it('reads and unsharing are not asked', () => {
    for (const flags of [0, FAULT_FLAG_UNSHARE]) {
      const w = world({ fault: page() }, 'shared');
      w.v.flags &= ~(VM_MAYWRITE | VM_WRITE);
      expect([fault(w, flags), w.m.warned]).toEqual([0, false]);
    }
  });
});

describe('no entry, anonymous VMA (C.3)', () => {
  const anonymous = (how: 'private' | 'shared', setup: Setup = {}): ReturnType<typeof world> => {
    const w = world({}, how, setup);
    w.v.ops = OPS_NULL;
    return w;
  };

  it('VM_SHARED is SIGBUS', () => {
    for (const flags of [0, FAULT_FLAG_WRITE])
      expect(fault(anonymous('shared'), flags)).toBe(VM_FAULT_SIGBUS);
  });

  it.each(ARCHS)('a read maps the zero page, special where that exists, and counts nothing: %s', (arch) => {
    const w = anonymous('private', { arch });
    expect(fault(w)).toBe(0);
    expect([w.m.mapped(w.p), w.m.rss, w.m.normal(w.p)]).toEqual([w.m.pfn('zero'), [0, 0], -1]);
    expect(w.m.flags(w.p) & (PTE_SPECIAL | PTE_WRITE)).toBe(arch === 'arm' ? 0 : PTE_SPECIAL);
    expect(w.v.has(VMA_ANON_VMA)).toBe(false);
  });

  it('a write maps a zeroed page of its own', () => {
    const w = anonymous('private');
    w.m.setByte('pool', 0, 9);
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(0);
    expect([w.m.mapped(w.p), w.m.rss, w.m.counts('pool'), w.m.byteOf(w.m.frame('pool'))]).toEqual([
      w.m.pfn('pool'),
      [1, 0],
      [1, 1],
      0,
    ]);
    expect(w.m.k.pages[w.m.frame('pool')]!.flags).toBe(PG_ANON | PG_EXCLUSIVE);
    expect(w.m.flags(w.p) & (PTE_DIRTY | PTE_WRITE)).toBe(PTE_DIRTY | PTE_WRITE);
    expect(w.v.has(VMA_ANON_VMA)).toBe(true);
  });

  it('a forced write of a VMA without VM_WRITE maps a clean, read-only page', () => {
    const w = anonymous('private');
    w.v.flags &= ~VM_WRITE;
    fault(w, FAULT_FLAG_WRITE);
    expect(w.m.flags(w.p) & (PTE_DIRTY | PTE_WRITE)).toBe(0);
  });

  it('without memory is OOM', () => {
    const w = anonymous('private', { options: { faultsAlloc: true } });
    w.m.pick = () => 1;
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(VM_FAULT_OOM);
  });
});

describe('no entry, file VMA (C.3)', () => {
  it('without ->fault is SIGBUS', () => {
    for (const flags of [0, FAULT_FLAG_WRITE])
      expect(fault(world({}, 'shared'), flags)).toBe(VM_FAULT_SIGBUS);
  });

  it.each(ARCHS)('read: the page is mapped, counted, not writable: %s', (arch) => {
    const w = world({ fault: page() }, 'private', { arch });
    expect(fault(w)).toBe(0);
    expect([w.m.mapped(w.p), w.m.counts('buf'), w.m.rss, w.m.flags(w.p) & (PTE_SPECIAL | PTE_WRITE)]).toEqual(
      [w.m.pfn('buf'), [2, 1], [0, 1], 0],
    );
  });

  it('shared, read: an entry that can be written at once', () => {
    const w = world({ fault: page() }, 'shared');
    fault(w);
    expect(w.m.flags(w.p) & (PTE_DIRTY | PTE_WRITE)).toBe(PTE_WRITE);
  });

  it('shared, write: a dirty entry', () => {
    const w = world({ fault: page() }, 'shared');
    fault(w, FAULT_FLAG_WRITE);
    expect(w.m.flags(w.p) & (PTE_DIRTY | PTE_WRITE)).toBe(PTE_DIRTY | PTE_WRITE);
  });

  it.each([
    ['locked', VM_FAULT_LOCKED, 0, true],
    ['SIGBUS', VM_FAULT_SIGBUS, VM_FAULT_SIGBUS, false],
    ['NOPAGE', VM_FAULT_NOPAGE, VM_FAULT_NOPAGE, false],
    ['SIGBUS, and locked all the same', VM_FAULT_LOCKED | VM_FAULT_SIGBUS, VM_FAULT_SIGBUS, false],
    ['retry', 0, 0, false],
  ])('shared, write: page_mkwrite says %s', (_name, answer, result, mapped) => {
    const w = world({ fault: page(), pageMkwrite: () => answer }, 'shared');
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(result);
    expect([w.m.mapped(w.p) !== undefined, w.m.counts('buf')]).toEqual([mapped, mapped ? [2, 1] : [1, 0]]);
  });

  it('page_mkwrite is told of the page and of the write', () => {
    const seen: number[] = [];
    const pageMkwrite: Handler = (m, [vmf]) => {
      const at = handleIndex(vmf!);
      seen.push(m.k.w[at + VMF.PAGE]!, m.k.w[at + VMF.FLAGS]!, m.k.w[at + VMF.PG]!);
      return VM_FAULT_LOCKED;
    };
    const w = world({ fault: page(), pageMkwrite }, 'shared');
    fault(w, FAULT_FLAG_WRITE);
    expect(seen).toEqual([
      handle(HandleKind.Page, w.m.frame('buf')),
      FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE,
      w.m.page(w.p),
    ]);
  });

  it('private, write: the copy is made before ->fault and takes its page’s contents', () => {
    const seen: boolean[] = [];
    const w = world(
      {
        fault: (m, args) => {
          seen.push((m.k.pages[m.frame('pool')]!.flags & PG_FREE) === 0);
          return page()(m, args);
        },
      },
      'private',
    );
    w.m.setByte('buf', 0, 4);
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(0);
    expect([seen, w.m.mapped(w.p), w.m.byteOf(w.m.frame('pool'))]).toEqual([[true], w.m.pfn('pool'), 4]);
    expect([w.m.counts('buf'), w.m.counts('pool'), w.m.rss]).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
    ]);
  });

  it.each([
    ['NOPAGE', VM_FAULT_NOPAGE, PG_FREE],
    ['SIGBUS', VM_FAULT_SIGBUS, PG_FREE],
    ['DONE_COW: the handler used the copy', VM_FAULT_DONE_COW, 0],
  ])('private, write: ->fault says %s', (_name, answer, flags) => {
    const w = world({ fault: () => answer }, 'private');
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(answer);
    expect([w.m.mapped(w.p), w.m.k.pages[w.m.frame('pool')]!.flags, w.m.rss]).toEqual([
      undefined,
      flags,
      [0, 0],
    ]);
  });

  it('private, write, without memory: OOM, and ->fault is not called', () => {
    const w = world({ fault: page() }, 'private', { options: { faultsAlloc: true } });
    w.m.pick = () => 1;
    expect([fault(w, FAULT_FLAG_WRITE), w.m.log]).toEqual([VM_FAULT_OOM, ['mmap']]);
  });

  it('a raw handler installs the entry itself; a private write would be a BUG (F-15)', () => {
    const insert: Handler = (m, [vmf]) => {
      const at = handleIndex(vmf!);
      const v = m.k.vmas[m.k.w[at + VMF.VMA]!]!;
      return vmfInsertPfn(m.k, v, m.k.arenaBase + m.k.w[at + VMF.PG]! * PAGE, m.pfn('bar'));
    };
    const shared = world({ fault: insert }, 'shared');
    shared.v.flags |= VM_PFNMAP;
    expect([fault(shared), shared.m.mapped(shared.p), shared.m.rss]).toEqual([
      VM_FAULT_NOPAGE,
      shared.m.pfn('bar'),
      [0, 0],
    ]);
    const cow = world({ fault: insert }, 'private');
    cow.v.flags |= VM_PFNMAP;
    fault(cow, FAULT_FLAG_WRITE);
    expect(cow.m.bug).toBe(true);
  });

  it.each(ARCHS)(
    'nothing checks VM_PFNMAP when a page comes back; without a bit it leaks (B.7, F-10): %s',
    (arch) => {
      const w = world({ fault: page() }, 'shared', { arch });
      w.v.flags |= VM_PFNMAP;
      fault(w);
      expect([w.m.counts('buf'), w.m.rss]).toEqual([
        [2, 1],
        [0, 1],
      ]);
      w.m.munmap(w.p, 1);
      expect([w.m.counts('buf'), w.m.rss]).toEqual(
        arch === 'arm'
          ? [
              [2, 1],
              [0, 1],
            ]
          : [
              [1, 0],
              [0, 0],
            ],
      );
    },
  );

  it('gives the page back when the entry came meanwhile', () => {
    const w = world(
      {
        fault: (m, args) => {
          setEntry(
            m.k,
            m.entry(m.k.arenaBase + m.k.vmas[0]!.start * PAGE),
            m.pfn('bar'),
            PTE_PRESENT | PTE_SPECIAL,
          );
          return page()(m, args);
        },
      },
      'private',
    );
    for (const flags of [0, FAULT_FLAG_WRITE]) {
      setEntry(w.m.k, w.m.entry(w.p), 0, 0);
      expect(fault(w, flags)).toBe(VM_FAULT_NOPAGE);
      expect([w.m.mapped(w.p), w.m.counts('buf'), w.m.counts('pool'), w.m.rss]).toEqual([
        w.m.pfn('bar'),
        [1, 0],
        [0, 0],
        [0, 0],
      ]);
    }
  });

  it('a handler that returns 0 without a page is an oops', () => {
    const w = world({ fault: () => 0 }, 'shared');
    fault(w);
    expect(w.m.undefined).toBe(Undefined.BadPointer);
  });
});

describe('->map_pages (C.3)', () => {
  it('comes before ->fault on reads, and ends the fault if it says so', () => {
    const log = (answer: number, flags: number): readonly string[] => {
      const w = world({ fault: page(), mapPages: () => answer }, 'shared');
      expect(fault(w, flags)).toBe(answer);
      return w.m.log.slice(1);
    };
    expect(log(VM_FAULT_NOPAGE, 0)).toEqual(['mapPages']);
    expect(log(0, 0)).toEqual(['mapPages', 'fault']);
    expect(log(0, FAULT_FLAG_WRITE)).toEqual(['fault']);
  });

  it('gets the page offsets that lie in the page table and the VMA', () => {
    const windows: (readonly number[])[] = [];
    const mapPages: Handler = (_m, [, from, to]) => (windows.push([from!, to!]), VM_FAULT_NOPAGE);
    const w = world({ fault: page(), mapPages }, 'shared', {}, 6);
    w.v.setPgoff(100, 0);
    const first = w.m.page(w.p);
    expect(first % 4).toBe(0);
    for (const i of [0, 3, 4, 5]) w.m.callWords(handleMmFault, w.v.slot, first + i, 0);
    w.v.start += 1;
    w.v.setPgoff(101, 0);
    w.m.callWords(handleMmFault, w.v.slot, first + 2, 0);
    expect(windows).toEqual([
      [100, 103],
      [100, 103],
      [104, 105],
      [104, 105],
      [101, 103],
    ]);
  });
});

describe('an entry that is there (C.2)', () => {
  it('is enough for a read, and for a write that it allows', () => {
    const w = world({ fault: page() }, 'shared');
    setEntry(w.m.k, w.m.entry(w.p), w.m.pfn('bar'), PTE_PRESENT | PTE_WRITE | PTE_SPECIAL);
    expect([fault(w), fault(w, FAULT_FLAG_WRITE)]).toEqual([0, 0]);
    expect(w.m.log).toEqual(['mmap']);
  });
});

describe('a fault from user mode ends the process by', () => {
  const dies = (answer: number): number => {
    const w = world({ fault: () => answer }, 'shared');
    expect(w.m.touch(w.p, false)).toBe('died');
    return w.m.k.procs[0]!.signal;
  };

  it('SIGBUS or SIGSEGV', () => {
    expect([dies(VM_FAULT_SIGBUS), dies(VM_FAULT_SIGSEGV)]).toEqual([SIGBUS, SIGSEGV]);
  });

  it('SIGKILL when out of memory only where allocations may fail; else the access is tried again', () => {
    const w = world({ fault: () => VM_FAULT_OOM }, 'shared', { options: { faultsAlloc: true } });
    expect([w.m.touch(w.p, false), w.m.k.procs[0]!.signal]).toEqual(['died', SIGKILL]);
    let calls = 0;
    const again = world({ fault: () => (calls++ === 0 ? VM_FAULT_OOM : VM_FAULT_SIGBUS) }, 'shared');
    expect([again.m.touch(again.p, false), calls]).toEqual(['died', 2]);
  });

  it('SIGSEGV where there is no VMA, or no permission, without asking the driver', () => {
    const w = world({ fault: page() }, 'shared');
    expect(w.m.touch(w.p + PAGE, false)).toBe('died');
    const readonly = world({ fault: page() }, 'shared');
    readonly.v.flags &= ~VM_WRITE;
    expect([readonly.m.touch(readonly.p, true), readonly.m.k.procs[0]!.signal]).toEqual(['died', SIGSEGV]);
    expect(readonly.m.log).toEqual(['mmap']);
  });

  it('nothing, when the handler answers what is no VM_FAULT_ code: that is not modelled', () => {
    const w = world({ fault: () => -14 }, 'shared');
    expect(() => w.m.touch(w.p, false)).toThrow(UnknownError);
  });
});

describe('VM_FAULT_RETRY (C.3)', () => {
  /** ->fault that records its flags, and lets go of the lock for the first `times` calls. */
  const retrying = (times: number): { flags: number[]; fault: Handler } => {
    const flags: number[] = [];
    const fault: Handler = (m, [vmf]) => {
      const at = handleIndex(vmf!);
      flags.push(m.k.w[at + VMF.FLAGS]!);
      if (flags.length > times)
        return vmfInsertPfn(m.k, m.k.vmas[m.k.w[at + VMF.VMA]!]!, m.k.arenaBase, m.pfn('bar'));
      mmapReadUnlock(m.k, handle(HandleKind.Mm, m.proc));
      return VM_FAULT_RETRY;
    };
    return { flags, fault };
  };
  const first = FAULT_FLAG_DEFAULT | FAULT_FLAG_USER;

  it('asks the handler again, with FAULT_FLAG_TRIED, and leaves the lock free in the end', () => {
    const { flags, fault } = retrying(1);
    const w = world({ fault }, 'shared');
    w.v.flags |= VM_PFNMAP;
    expect(w.m.touch(w.p, false)).toBe('ok');
    expect(flags).toEqual([first, first | FAULT_FLAG_TRIED]);
    expect(w.m.k.w[w.m.k.mmapLock(0)]).toBe(0);
  });

  it('gives back the copy of a private write', () => {
    const { fault } = retrying(1);
    const w = world({ fault }, 'private', { facts: { insertPfnRefusesCow: false } });
    w.v.flags |= VM_PFNMAP;
    w.m.touch(w.p, true);
    expect(w.m.mapped(w.p)).not.toBe(undefined);
    expect(w.m.k.pages.filter((page) => (page.flags & PG_FREE) !== 0)).toHaveLength(7);
  });

  it('looks the VMA up again: SIGSEGV if it has gone', () => {
    const w = world(
      {
        fault: (m) => {
          mmapReadUnlock(m.k, handle(HandleKind.Mm, m.proc));
          m.k.vmas[0]!.put(VMA_LINKED, false);
          return VM_FAULT_RETRY;
        },
      },
      'shared',
    );
    expect([w.m.touch(w.p, false), w.m.k.procs[0]!.signal]).toEqual(['died', SIGSEGV]);
  });

  it('with the lock kept leaves a reader behind', () => {
    let calls = 0;
    const w = world({ fault: () => (calls++ === 0 ? VM_FAULT_RETRY : VM_FAULT_SIGBUS) }, 'shared');
    w.m.enter(pageFault, [w.m.page(w.p), 0, 1]);
    while (!w.m.finished) w.m.k.run(0);
    expect([w.m.result(), w.m.k.w[w.m.k.mmapLock(0)]]).toEqual([-EFAULT, 1]);
  });

  it('an answer without it from a handler that let go of the lock is undefined', () => {
    const w = world(
      {
        fault: (m) => {
          mmapReadUnlock(m.k, handle(HandleKind.Mm, m.proc));
          return VM_FAULT_SIGBUS;
        },
      },
      'shared',
    );
    w.m.touch(w.p, false);
    expect(w.m.undefined).toBe(Undefined.Unlock);
  });

  it('VM_FAULT_COMPLETED says that all is done, the lock included', () => {
    const w = world(
      {
        fault: (m) => {
          mmapReadUnlock(m.k, handle(HandleKind.Mm, m.proc));
          return VM_FAULT_COMPLETED;
        },
      },
      'shared',
    );
    w.m.enter(pageFault, [w.m.page(w.p), 0, 0]);
    while (!w.m.finished) w.m.k.run(0);
    expect([w.m.result(), w.m.k.w[w.m.k.mmapLock(0)]]).toEqual([0, 0]);
  });
});
