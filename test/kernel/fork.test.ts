import { describe, expect, it } from 'vitest';
import { ECHILD, ENOMEM } from '../../src/kernel/errno.js';
import {
  VM_DONTCOPY,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_MIXEDMAP,
  VM_PAT,
  VM_PFNMAP,
  VM_WIPEONFORK,
} from '../../src/kernel/flags.js';
import { doExit, doGroupExit } from '../../src/kernel/exit.js';
import { PID_BASE, sysFork, sysWaitpid } from '../../src/kernel/fork.js';
import { sysClose } from '../../src/kernel/fs/open.js';
import { handleIndex } from '../../src/kernel/handle.js';
import { THREAD } from '../../src/kernel/layout.js';
import { sysMmap } from '../../src/kernel/mm/mmap.js';
import { imapLock } from '../../src/kernel/mm/vma.js';
import { PTE_PRESENT } from '../../src/kernel/pte.js';
import { RELEASES } from '../../src/kernel/release.js';
import { ProcState, ThreadState } from '../../src/kernel/routine.js';
import { setEntry } from '../../src/kernel/mm/pgtable.js';
import { unmapMappingRange } from '../../src/kernel/mm/unmap_mapping.js';
import { handle, HandleKind } from '../../src/kernel/handle.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/uapi.js';
import { VMA_ANON_VMA, VMA_IN_IMAP, VMA_LINKED } from '../../src/kernel/world.js';
import { flagged, remap } from './mm/drivers.js';
import { Machine, PAGE, type Handler, type Setup } from './mm/machine.js';

const RW = PROT_READ | PROT_WRITE;
const FIRST_CHILD = PID_BASE + 1;

/** fork() by process 0, whose turn it stays. */
const fork = (m: Machine): number => m.call(sysFork);

/** The child of process 0's first fork. */
const inChild = <T>(m: Machine, body: () => T): T => m.asThread(1, body);

describe('fork: the child', () => {
  it('is a copy of the caller in which fork() returned 0', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(2, RW, 'private', 9);
    expect(fork(m)).toBe(FIRST_CHILD);
    expect(inChild(m, () => [m.proc, m.result(), m.finished])).toEqual([1, 0, true]);
    const [parent, child] = [m.vma(p)!, inChild(m, () => m.vma(p)!)];
    expect([child.start, child.end, child.flags, child.pgoffLo, child.ops]).toEqual([
      parent.start,
      parent.end,
      parent.flags,
      parent.pgoffLo,
      parent.ops,
    ]);
    expect([child.has(VMA_LINKED), child.has(VMA_IN_IMAP), child.mm]).toEqual([true, true, 1]);
    expect(inChild(m, () => [m.mapped(p), m.mapped(p + PAGE)])).toEqual([m.pfn('buf'), m.pfn('buf', 1)]);
  });

  it('has the caller’s descriptors and a reference of the file of each VMA', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    m.mmap(1, RW, 'shared');
    fork(m);
    expect(m.k.files[0]!.refs).toBe(4);
    expect(inChild(m, () => m.call(sysClose, 3))).toBe(0);
    expect(m.k.files[0]!.refs).toBe(3);
  });

  it('is counted by its parent; locks are free', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    fork(m);
    expect([fork(m), m.k.procs[0]!.children]).toEqual([FIRST_CHILD + 1, 2]);
    expect([m.k.procs[1]!.parent, m.k.procs[1]!.nth, m.k.procs[2]!.nth]).toEqual([0, 1, 2]);
    expect([m.k.w[m.k.mmapLock(0)], m.k.w[m.k.mmapLock(1)]]).toEqual([0, 0]);
  });

  it('each side writes its own copy of a raw page (C.6)', () => {
    for (const arch of ['x86_64', 'arm']) {
      const m = new Machine({ arch, handlers: { mmap: remap('buf') } });
      const p = m.mmap(1, RW, 'private');
      fork(m);
      expect([inChild(m, () => m.touch(p, true)), m.touch(p, true)]).toEqual(['ok', 'ok']);
      expect([inChild(m, () => [m.mapped(p), m.rss]), m.mapped(p), m.rss]).toEqual([
        [m.pfn('pool'), [1, 0]],
        m.pfn('pool', 1),
        [1, 0],
      ]);
      expect(m.counts('buf')).toEqual([1, 0]);
    }
  });
});

describe('fork: which VMAs, and how (C.6)', () => {
  const forked = (flag: number, setup: Setup = {}): { m: Machine; p: number } => {
    const m = new Machine({ ...setup, handlers: { mmap: flagged(flag), ...setup.handlers } });
    const p = m.mmap(1, RW, 'shared');
    setEntry(m.k, m.entry(p), m.pfn('bar'), PTE_PRESENT);
    fork(m);
    return { m, p };
  };

  it('VM_DONTCOPY VMAs are left out', () => {
    const { m, p } = forked(VM_DONTCOPY | VM_PFNMAP);
    expect(inChild(m, () => m.vma(p))).toBeUndefined();
    expect(m.k.files[0]!.refs).toBe(3);
  });

  it('VM_WIPEONFORK copies the VMA without entries and anon_vma', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    const p = m.call(sysMmap, 0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    m.touch(p, true);
    m.vma(p)!.flags |= VM_WIPEONFORK;
    fork(m);
    expect(inChild(m, () => [m.mapped(p), m.vma(p)!.has(VMA_ANON_VMA), m.rss])).toEqual([
      undefined,
      false,
      [0, 0],
    ]);
  });

  it('lock bits are the parent’s alone', () => {
    const { m, p } = forked(VM_LOCKED | VM_LOCKONFAULT);
    const bits = VM_LOCKED | VM_LOCKONFAULT;
    expect([m.vma(p)!.flags & bits, inChild(m, () => m.vma(p)!.flags & bits)]).toEqual([bits, 0]);
  });

  it('entries of raw VMAs are copied, those of others are not', () => {
    const copied = (flag: number): boolean => {
      const { m, p } = forked(flag);
      return inChild(m, () => m.mapped(p) !== undefined);
    };
    expect([copied(VM_PFNMAP), copied(VM_MIXEDMAP), copied(0)]).toEqual([true, true, false]);
  });

  it('->open comes before the entries and the i_mmap tree (F-22)', () => {
    const seen: unknown[] = [];
    const open: Handler = (m, [h]) => {
      const v = m.k.vmas[handleIndex(h!)]!;
      seen.push(
        v.mm,
        v.has(VMA_LINKED),
        v.has(VMA_IN_IMAP),
        m.k.w[m.k.proc(1) + m.k.layout.pteAt + 2 * v.start],
      );
      return 0;
    };
    const { m, p } = forked(VM_PFNMAP, { handlers: { open } });
    expect(seen).toEqual([1, true, false, 0]);
    expect(inChild(m, () => m.mapped(p))).toBe(m.pfn('bar'));
  });

  it('holds the parent’s lock for writing all the while, with points between VMAs', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: remap('buf') } });
    m.mmap(1, RW, 'shared');
    m.mmap(1, RW, 'shared');
    m.begin(sysFork);
    const locks: number[] = [];
    while (!m.step()) locks.push(m.k.w[m.k.mmapLock(0)]!);
    expect(locks).toEqual([-1, -1]);
  });

  it('waits for a reader of the i_mmap tree before it copies', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: remap('buf') } });
    const p = m.mmap(1, RW, 'shared');
    m.k.w[imapLock(m.k, 0)] = 1;
    m.begin(sysFork);
    while (!m.blocked) m.step();
    const at = m.k.proc(2) + m.k.layout.pteAt + 2 * m.page(p);
    expect([m.k.w[at], m.k.vmas[1]!.has(VMA_IN_IMAP)]).toEqual([0, false]);
    m.k.w[imapLock(m.k, 0)] = 0;
    while (!m.step());
    expect(m.k.w[at]).toBe(m.pfn('buf'));
  });
});

describe('fork and memory types (H-9)', () => {
  const tracked = (release: (typeof RELEASES)[number], setup: Setup = {}): { m: Machine; p: number } => {
    const m = new Machine({ release, ...setup, handlers: { mmap: remap('buf', true), ...setup.handlers } });
    return { m, p: m.mmap(2, RW, 'private') };
  };

  it.each(RELEASES)('after a copy of the first page: -ENOMEM on x86 up to 6.12: %s', (release) => {
    const { m, p } = tracked(release);
    m.touch(p, true);
    const r = fork(m);
    expect(r).toBe(release === '7.2' ? FIRST_CHILD : -ENOMEM);
    if (r > 0) return;
    expect([m.k.procs[1]!.state, m.k.procs[0]!.children, m.k.w[m.k.mmapLock(0)]]).toEqual([
      ProcState.Absent,
      0,
      0,
    ]);
    expect([m.k.files[0]!.refs, m.k.vmas.filter((v) => v.mm >= 0).length, m.counts('pool')]).toEqual([
      2,
      1,
      [1, 1],
    ]);
    expect(m.warned).toBe(false);
  });

  it.each(RELEASES)('after a copy of another page it works: %s', (release) => {
    const { m, p } = tracked(release);
    m.touch(p + PAGE, true);
    expect(fork(m)).toBe(FIRST_CHILD);
    expect(inChild(m, () => m.vma(p)!.flags & VM_PAT)).toBe(release === '7.2' ? 0 : VM_PAT);
  });

  it.each(['6.1', '6.12'] as const)(
    'after a revoke it works, for VM_PAT went with the entries: %s',
    (release) => {
      const { m, p } = tracked(release);
      m.call(unmapMappingRange, handle(HandleKind.Mapping, 0), 0, 0, 1);
      expect([fork(m), inChild(m, () => m.vma(p)!.flags & VM_PAT)]).toEqual([FIRST_CHILD, 0]);
    },
  );

  it('elsewhere nobody looks', () => {
    const { m, p } = tracked('6.12', { arch: 'arm64' });
    m.touch(p, true);
    expect(fork(m)).toBe(FIRST_CHILD);
  });

  it('that fails closes what it had opened, without the parent’s lock', () => {
    const locks: (number | undefined)[] = [];
    const close: Handler = (m) => (locks.push(m.k.w[m.k.mmapLock(0)]), 0);
    const { m, p } = tracked('6.12', { handlers: { open: () => 0, close } });
    m.touch(p, true);
    expect([fork(m), m.log, locks]).toEqual([-ENOMEM, ['mmap', 'open', 'close'], [0]]);
    expect(fork(m)).toBe(-ENOMEM);
  });
});

describe('waitpid', () => {
  it('blocks until the child is dead, once', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    const pid = fork(m);
    m.begin(sysWaitpid, pid);
    m.step();
    expect([m.blocked, m.finished]).toEqual([true, false]);
    inChild(m, () => {
      m.enter(doExit, []);
      m.k.w[m.k.thread(0) + THREAD.FLAGS] = 0;
      while (m.k.w[m.k.thread(1) + THREAD.STATE] === ThreadState.Runnable) m.k.run(1);
    });
    expect(m.k.procs[1]!.state).toBe(ProcState.Dead);
    while (!m.step());
    expect([m.result(), m.call(sysWaitpid, pid)]).toEqual([pid, -ECHILD]);
  });

  it('of somebody else’s child is -ECHILD', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: () => 0 } });
    const pid = fork(m);
    expect(m.asThread(1, () => m.call(sysWaitpid, pid))).toBe(-ECHILD);
    expect([m.call(sysWaitpid, PID_BASE + 3), m.call(sysWaitpid, 7)]).toEqual([-ECHILD, -ECHILD]);
  });

  it('a killed thread does not wait', () => {
    const m = new Machine({ extraThreads: 1, handlers: { mmap: () => 0 } });
    const pid = fork(m);
    m.begin(sysWaitpid, pid);
    m.step();
    expect(m.blocked).toBe(true);
    m.k.t = m.k.thread(1);
    m.k.cur = 1;
    doGroupExit(m.k, 11);
    expect(m.blocked).toBe(false);
    for (let i = 0; i < 10 && m.k.w[m.k.thread(0) + THREAD.STATE] === ThreadState.Runnable; i++) m.k.run(0);
    expect(m.k.w[m.k.thread(0) + THREAD.STATE]).toBe(ThreadState.Dead);
  });
});
