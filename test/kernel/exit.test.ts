import { describe, expect, it } from 'vitest';
import { doGroupExit } from '../../src/kernel/exit.js';
import { sysFork } from '../../src/kernel/fork.js';
import { THREAD } from '../../src/kernel/layout.js';
import { addPin } from '../../src/kernel/mm/pins.js';
import { getPage } from '../../src/kernel/mm/page_alloc.js';
import { sysMmap } from '../../src/kernel/mm/mmap.js';
import { imapLock } from '../../src/kernel/mm/vma.js';
import { ProcState, TF_KILLED, ThreadState } from '../../src/kernel/routine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE, SIGBUS, SIGSEGV } from '../../src/kernel/uapi.js';
import { PG_FREE } from '../../src/kernel/world.js';
import { flagged, insertPages, remap } from './mm/drivers.js';
import { Machine, PAGE, type Setup } from './mm/machine.js';

const RW = PROT_READ | PROT_WRITE;

/** Ends the process of the current thread; the caller runs it. */
function kill(m: Machine, signal = 0): void {
  m.k.t = m.k.thread(m.as);
  m.k.cur = m.as;
  doGroupExit(m.k, signal);
}

/** Runs the current thread until it is dead. */
function bury(m: Machine): void {
  for (let i = 0; m.k.w[m.k.thread(m.as) + THREAD.STATE] === ThreadState.Runnable && !m.k.frozen; i++) {
    if (i > 100 || m.blocked) throw new Error('it does not end');
    m.k.run(m.as);
  }
}

const state = (m: Machine, thread = 0): number => m.k.w[m.k.thread(thread) + THREAD.STATE]!;

describe('exit of a process', () => {
  it('zaps, closes and puts everything: nothing is left', () => {
    const m = new Machine({ handlers: { mmap: insertPages('buf'), close: () => 0, release: () => 0 } });
    const p = m.mmap(2, RW, 'private');
    m.touch(p, true);
    kill(m);
    bury(m);
    expect([m.k.procs[0]!.state, state(m), m.k.procs[0]!.signal]).toEqual([
      ProcState.Dead,
      ThreadState.Dead,
      0,
    ]);
    expect([m.counts('buf'), m.counts('buf', 1), m.k.pages[m.frame('pool')]!.flags]).toEqual([
      [1, 0],
      [1, 0],
      PG_FREE,
    ]);
    expect([m.k.procs[0]!.rssAnon, m.k.procs[0]!.rssFile]).toEqual([0, 0]);
    expect(m.log).toEqual(['mmap', 'close', 'release']);
    expect([m.k.vmas.every((v) => v.mm < 0), m.k.files[0]!.mode]).toEqual([true, 0]);
  });

  it('closes VMAs lowest first, after all are zapped, and the files last', () => {
    const seen: unknown[] = [];
    const m = new Machine({
      handlers: {
        mmap: remap('buf', true),
        close: (machine, [h]) => {
          seen.push(machine.vmaOf(h!).start, machine.mapped(machine.k.arenaBase + 2 * PAGE));
          return 0;
        },
        release: () => (seen.push('release'), 0),
      },
    });
    m.mmap(1, RW, 'shared');
    m.mmap(1, RW, 'shared');
    kill(m);
    bury(m);
    expect(seen).toEqual([0, undefined, 2, undefined, 'release']);
  });

  it('has points between VMAs, and leaves the i_mmap trees before it closes', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: remap('buf', true), close: () => 0 } });
    const p = m.mmap(1, RW, 'shared');
    const q = m.mmap(1, RW, 'shared');
    m.k.w[imapLock(m.k, 0)] = 1;
    kill(m);
    m.step();
    expect([m.mapped(p), m.mapped(q), m.k.procs[0]!.state]).toEqual([
      undefined,
      m.pfn('buf'),
      ProcState.Dying,
    ]);
    while (!m.blocked) m.step();
    expect([m.mapped(q), m.log]).toEqual([undefined, ['mmap', 'mmap']]);
    m.k.w[imapLock(m.k, 0)] = 0;
    bury(m);
    expect(m.log).toEqual(['mmap', 'mmap', 'close', 'close']);
  });

  it('drops the references that GUP took', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    getPage(m.k, m.frame('buf'));
    addPin(m.k, 0, m.frame('buf'), 0, false);
    kill(m);
    bury(m);
    expect(m.counts('buf')).toEqual([1, 0]);
  });

  it('leaves a page that another process maps', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(1, RW, 'private');
    m.touch(p, true);
    m.call(sysFork);
    kill(m);
    bury(m);
    expect(m.counts('pool')).toEqual([1, 1]);
    m.asThread(1, () => {
      expect([m.touch(p, true), m.mapped(p)]).toEqual(['ok', m.pfn('pool')]);
      kill(m);
      bury(m);
    });
    expect(m.counts('pool')).toEqual([0, 0]);
  });

  it('takes a VMA along that mmap() was about to link', () => {
    const m = new Machine({ extraThreads: 1, handlers: { mmap: remap('bar') } });
    m.begin(sysMmap, 0, PAGE, RW, MAP_SHARED, 3, 0);
    m.stepUntil(() => m.log.length === 1);
    m.asThread(1, () => {
      kill(m, SIGSEGV);
      m.step();
      expect([state(m, 1), m.k.procs[0]!.state]).toEqual([ThreadState.Dead, ProcState.Live]);
    });
    bury(m);
    expect([m.k.vmas[0]!.mm, m.k.procs[0]!.state]).toEqual([-1, ProcState.Dead]);
  });
});

describe('a signal ends all threads', () => {
  const world = (setup: Setup = {}): Machine =>
    new Machine({ extraThreads: 1, ...setup, handlers: { mmap: flagged(0), ...setup.handlers } });

  it('the first one counts', () => {
    const m = world();
    kill(m, SIGBUS);
    m.asThread(1, () => kill(m, SIGSEGV));
    expect(m.k.procs[0]!.signal).toBe(SIGBUS);
  });

  it('a parked thread is dead at once, a running one when it is back in user code', () => {
    const m = world();
    m.k.w[m.k.thread(1) + THREAD.STATE] = ThreadState.Parked;
    kill(m);
    expect(state(m, 1)).toBe(ThreadState.Dead);
    const n = world();
    n.asThread(1, () => n.begin(sysMmap, 0, PAGE, RW, MAP_PRIVATE, 3, 0));
    kill(n);
    expect([state(n, 1), n.k.w[n.k.thread(1) + THREAD.FLAGS]]).toEqual([ThreadState.Runnable, TF_KILLED]);
    bury(n);
    expect(n.k.procs[0]!.state).toBe(ProcState.Live);
    n.asThread(1, () => bury(n));
    expect([n.log, n.k.procs[0]!.state]).toEqual([['mmap'], ProcState.Dead]);
  });

  it('threads of other processes are not touched', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: () => 0 } });
    kill(m);
    expect([state(m, 1), m.k.w[m.k.thread(1) + THREAD.FLAGS]]).toEqual([ThreadState.Runnable, 0]);
  });

  it('the lowest frame stays, for its variables', () => {
    const m = world({ extraThreads: 0 });
    const base = m.k.thread(0) + THREAD.STACK;
    m.k.w[base + 1] = 42;
    kill(m, SIGBUS);
    bury(m);
    expect([m.k.w[base + 1], m.k.w[m.k.thread(0) + THREAD.FP]]).toEqual([42, base]);
  });
});
