import { describe, expect, it } from 'vitest';
import { CapacityError, Freeze, HEAD, layoutOf, PROC, THREAD } from '../../src/kernel/layout.js';
import { Kernel } from '../../src/kernel/kernel.js';
import {
  kernelRoutines,
  LockMode,
  ProcState,
  routine,
  ThreadState,
  Undefined,
  UnknownError,
  type CFunction,
  type Routine,
} from '../../src/kernel/routine.js';
import { Machine } from './mm/machine.js';

/** What the routine under test does next; put in by each test. */
let script: Routine['step'] = () => undefined;
const scripted = routine('test:scripted', 4, (k, f, pc) => script(k, f, pc));
const callee = routine('test:callee', 2, (k, f) => k.ret(f, k.w[f + 1]! + k.w[f + 2]!, 7));
const recursive = routine('test:recursive', 20, (k, f) => void k.call(f, 0, recursive));

/** A machine whose thread 0 is about to run the script. */
function machine(step: Routine['step'], processes = 1): Machine {
  script = step;
  const m = new Machine({ processes });
  m.enter(scripted, []);
  return m;
}

const pcOf = (m: Machine): number => {
  let top = -1;
  m.k.frames(m.as, (_r, pc) => (top = pc));
  return top;
};

describe('frames', () => {
  it('a call gets its arguments, gives a value of two words, and leaves nothing behind', () => {
    const seen: number[] = [];
    const m = machine((k, f, pc) => {
      if (pc === 0) {
        const nf = k.call(f, 5, callee);
        k.w[nf + 1] = 40;
        k.w[nf + 2] = 2;
        return;
      }
      seen.push(pc, k.takeRet(), k.hi, k.takeRet());
      k.ret(f, -1);
    });
    const before = m.k.w.slice();
    m.k.run(0);
    expect([seen, m.finished, m.result()]).toEqual([[5, 42, 7, 0], true, -1]);
    const { threadWords, threads } = m.k.layout;
    const stack = threads + THREAD.STACK + 7;
    expect(m.k.w.slice(stack, threads + threadWords).every((w) => w === 0)).toBe(true);
    expect(before.slice(stack, threads + threadWords).some((w) => w !== 0)).toBe(true);
  });

  it('a value without a high word is sign-extended', () => {
    const m = machine((k, f) => k.ret(f, -5));
    m.k.run(0);
    expect(m.result()).toBe(-5);
    expect(m.k.hi).toBe(-1);
  });

  it('are told to witnesses, lowest first', () => {
    const m = machine((k, f, pc) => (pc === 0 ? void k.call(f, 3, callee) : undefined));
    script = (k, f) => k.point(f, 9);
    m.k.everyPoint = true;
    m.k.run(0);
    const seen: unknown[] = [];
    m.k.frames(0, (r, pc) => seen.push(r.name, pc));
    expect(seen).toEqual(['user', 0, 'test:scripted', 9]);
  });

  it('that do not fit ask for a larger stack', () => {
    const m = machine((k, f) => void k.call(f, 0, recursive));
    expect(() => m.k.run(0)).toThrow(CapacityError);
  });

  it('above one can be dropped', () => {
    const m = machine((k, f) => {
      const inner = k.call(f, 1, callee);
      k.w[inner + 1] = 9;
      k.unwindTo(f);
      k.stopped = true;
    });
    m.k.run(0);
    const top = m.k.w[m.k.thread(0) + THREAD.FP]!;
    expect([pcOf(m), m.k.w[top + 6], m.k.w[top + 5]]).toEqual([1, 0, 0]);
  });
});

describe('scheduling points', () => {
  /** Points of a routine that passes three before it returns. */
  const three: Routine['step'] = (k, f, pc) => (pc === 3 ? k.ret(f, 0) : k.point(f, pc + 1));

  it('do not end the step while nobody else could move', () => {
    const m = machine(three);
    m.k.run(0);
    expect(m.finished).toBe(true);
  });

  it('end it when another thread could', () => {
    const m = machine(three, 2);
    m.k.run(0);
    expect([m.finished, pcOf(m)]).toEqual([false, 1]);
    m.k.w[m.k.thread(1) + THREAD.STATE] = ThreadState.Parked;
    m.k.run(0);
    expect(m.finished).toBe(true);
  });

  it('end it after a choice, but not one without alternatives', () => {
    for (const n of [1, 2]) {
      const m = machine((k, f, pc) => {
        if (pc === 0) k.choose(n);
        three(k, f, pc);
      });
      m.k.run(0);
      expect(m.finished).toBe(n === 1);
    }
  });

  it('end it always for witnesses', () => {
    const m = machine(three);
    expect([m.step(), m.step(), m.step(), m.step()]).toEqual([false, false, false, true]);
  });

  it('end it now and then, so that endless loops close', () => {
    let points = 0;
    const m = machine((k, f) => (points++, k.point(f, 0)));
    m.k.run(0);
    expect([m.finished, points]).toEqual([false, 401]);
  });

  it('a step that never comes to one is endless', () => {
    const m = machine((k, f) => k.goto(f, 0));
    expect(() => m.k.run(0)).toThrow(UnknownError);
  });
});

describe('locks', () => {
  const lock = (m: Machine): number => m.k.proc(0) + PROC.LOCK;

  it('are taken by one writer or many readers', () => {
    const m = machine(() => undefined);
    const { k } = m;
    const at = lock(m);
    expect([k.tryWrite(at), k.tryWrite(at), k.tryRead(at), k.w[at]]).toEqual([true, false, false, -1]);
    k.downgradeWrite(at);
    expect([k.w[at], k.tryRead(at), k.tryWrite(at)]).toEqual([1, true, false]);
    k.upRead(at);
    k.upRead(at);
    expect([k.w[at], k.tryWrite(at)]).toEqual([0, true]);
    k.upWrite(at);
    expect(k.w[at]).toBe(0);
  });

  it('block whom they must, until they are free', () => {
    for (const [mode, states] of [
      [LockMode.Read, [true, true, false]],
      [LockMode.Write, [true, false, false]],
    ] as const) {
      const m = machine((k, f, pc) => (pc === 0 ? k.wait(f, 1, lock(m), mode) : k.ret(f, 0)));
      m.k.run(0);
      const enabled = [0, 2, -2].map((word) => {
        m.k.w[lock(m)] = word;
        return m.k.enabled(0);
      });
      expect([enabled, m.k.anyWaiting(), pcOf(m)]).toEqual([states, true, 1]);
      m.k.w[lock(m)] = 0;
      m.k.run(0);
      expect([m.finished, m.k.anyWaiting()]).toEqual([true, false]);
    }
  });

  it('a process can be waited for', () => {
    const m = machine((k, f) => k.wait(f, 0, k.proc(1), LockMode.Exit), 2);
    m.k.run(0);
    const enabled = [ProcState.Live, ProcState.Dying, ProcState.Dead].map((state) => {
      m.k.procs[1]!.state = state;
      return m.k.enabled(0);
    });
    expect(enabled).toEqual([false, false, true]);
  });

  it('threads that are parked, dead or not there do not move', () => {
    const m = machine(() => undefined, 2);
    for (const state of [ThreadState.Absent, ThreadState.Parked, ThreadState.Dead]) {
      m.k.w[m.k.thread(1) + THREAD.STATE] = state;
      expect([m.k.enabled(1), m.k.othersEnabled(0)]).toEqual([false, false]);
    }
    m.k.w[m.k.thread(1) + THREAD.STATE] = ThreadState.Runnable;
    expect([m.k.enabled(1), m.k.othersEnabled(0), m.k.othersEnabled(1)]).toEqual([true, true, true]);
  });
});

describe('BUG, WARN and reports', () => {
  it('BUG freezes the run under the API that was entered; what comes after changes nothing', () => {
    const m = machine((k) => {
      k.w[k.t + THREAD.API] = 5;
      k.bug();
      k.undefinedBehaviour(Undefined.BadPointer);
    });
    m.k.run(0);
    expect([m.k.frozen, m.k.w[HEAD.FROZEN], m.k.w[HEAD.FROZEN_ID]]).toEqual([true, Freeze.Bug, 5]);
  });

  it('undefined behaviour freezes it under its own id', () => {
    const m = machine((k) => k.undefinedBehaviour(Undefined.DoubleFree));
    m.k.run(0);
    expect([m.bug, m.undefined]).toEqual([false, Undefined.DoubleFree]);
  });

  it('WARN notes the API and goes on', () => {
    const m = machine((k, f) => {
      for (const api of [0, 31, 32, 255]) {
        k.w[k.t + THREAD.API] = api;
        k.warn();
      }
      k.ret(f, 3);
    });
    m.k.run(0);
    expect([m.finished, [...m.k.w.slice(HEAD.WARNED, HEAD.WARNED + 8)]]).toEqual([
      true,
      [-0x7fffffff, 1, 0, 0, 0, 0, 0, -0x80000000],
    ]);
  });

  it('VM_WARN needs DEBUG_VM', () => {
    for (const debugVm of [false, true]) {
      const { k } = new Machine({ facts: { debugVm } });
      k.t = k.thread(0);
      k.vmWarn();
      expect(k.w[HEAD.WARNED]).toBe(debugVm ? 1 : 0);
    }
  });

  it('reports are counted up to 60', () => {
    const m = machine(() => undefined);
    for (let i = 0; i < 70; i++) m.k.badMap();
    expect([m.badMaps, m.badPages]).toEqual([60, 0]);
  });

  it('observers make none', () => {
    const m = machine(() => undefined);
    m.k.quiet = true;
    m.k.badMap();
    m.k.warn();
    m.k.undefinedBehaviour(Undefined.NoMemmap);
    expect([m.badMaps, m.warned, m.k.frozen]).toEqual([0, false, false]);
  });
});

describe('hooks that run under a lock', () => {
  it('run to their end inside the step, points and all', () => {
    const m = new Machine({ processes: 2, handlers: { findNormalPage: (_m, args) => args[0]! + args[1]! } });
    const hook = m.k.program.vmOps[2]!.findNormalPage!;
    m.enter(scripted, []);
    script = (k, f) => {
      k.arg(0, 3);
      k.argNumber(1, 2 ** 31 - 4);
      k.ret(f, k.callAtomic(hook));
    };
    m.k.run(0);
    expect([m.finished, m.result()]).toEqual([true, 2 ** 31 - 1]);
  });

  it('get arguments of two words', () => {
    let seen: readonly number[] = [];
    const m = new Machine({ handlers: { findNormalPage: (_m, args) => ((seen = args), 0) } });
    m.enter(scripted, []);
    script = (k, f) => {
      k.argNumber(0, 2 ** 40 + 5);
      k.arg(1, 7, 1);
      k.arg(2, -1);
      k.ret(f, k.callAtomic(m.k.program.vmOps[2]!.findNormalPage!));
    };
    m.k.run(0);
    expect(seen.slice(0, 3)).toEqual([2 ** 40 + 5, 2 ** 32 + 7, 2 ** 64]);
  });

  it('may not sleep', () => {
    const m = new Machine({ handlers: { findNormalPage: (machine) => ((machine.k.stopped = true), 0) } });
    m.enter(scripted, []);
    script = (k) => void k.callAtomic(m.k.program.vmOps[2]!.findNormalPage!);
    expect(() => m.k.run(0)).toThrow(UnknownError);
  });
});

describe('slots', () => {
  it('the lowest free one is taken; none left asks for more', () => {
    const m = machine(() => undefined);
    const { k } = m;
    const vmas = [0, 1].map(() => Object.assign(k.allocVma(), { mm: 0 }).slot);
    k.vmas[0]!.clear();
    expect([vmas, k.allocVma().slot]).toEqual([[0, 1], 0]);
    for (const v of k.vmas) v.mm = 0;
    expect(() => k.allocVma()).toThrow(CapacityError);
    expect(k.allocFile().slot).toBe(1);
    for (const f of k.files) f.refs = 1;
    expect(() => k.allocFile()).toThrow(CapacityError);
  });

  it("of files are a process's own while there are some, whoever is first", () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { k } = machine(() => undefined, 2);
      for (const f of k.files) f.clear();
      const slots: number[] = [];
      for (const process of order) {
        k.t = k.thread(process);
        const file = k.allocFile();
        file.refs = 1;
        slots[process] = file.slot;
      }
      expect(slots).toEqual([0, 1]);
      k.t = k.thread(1);
      expect(k.allocFile().slot).toBe(2);
    }
  });
});

describe('a program', () => {
  it('whose functions are numbered wrongly is refused', () => {
    const m = new Machine();
    const fn: CFunction = {
      id: kernelRoutines.length + 1,
      name: 'f',
      words: 0,
      params: [],
      step: () => undefined,
    };
    const { shape, caps } = m.k.layout;
    const program = { ...m.k.program, functions: [fn] };
    expect(() => new Kernel(layoutOf(shape, caps, 4), m.k.facts, m.k.mem, program)).toThrow('misnumbered');
  });
});

describe('readers and writers (kernel/locking/rwsem.c)', () => {
  it('a reader waits behind a writer that waits for readers, but takes a free lock before one that was woken', () => {
    const { k } = new Machine({ processes: 3 });
    const lock = k.mmapLock(0);
    const as = (thread: number): void => void ((k.cur = thread), (k.t = k.thread(thread)));
    as(0);
    expect(k.tryRead(lock)).toBe(true);
    as(1);
    expect(k.tryWrite(lock)).toBe(false);
    k.wait(k.w[k.t + THREAD.FP]!, 0, lock, LockMode.Write);
    as(2);
    expect(k.tryRead(lock)).toBe(false);
    k.wait(k.w[k.t + THREAD.FP]!, 0, lock, LockMode.Read);
    expect([k.enabled(1), k.enabled(2)]).toEqual([false, false]);
    k.upRead(lock);
    expect([k.enabled(1), k.enabled(2), k.tryRead(lock)]).toEqual([true, true, true]);
  });
});
