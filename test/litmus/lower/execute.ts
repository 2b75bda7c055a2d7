/** Runs a test's threads one after the other, without a search: first choices, no other thread in between. */
import { archNamed } from '../../../src/kernel/arch/index.js';
import { factsFor } from '../../../src/kernel/facts.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { ThreadState } from '../../../src/kernel/routine.js';
import { HEAD, INITIAL_CAPACITIES, THREAD } from '../../../src/kernel/layout.js';
import { UNDEFINED_IDS } from '../../../src/kernel/routine.js';
import type { Variable } from '../../../src/litmus/lower/contract.js';
import { parseLitmus } from '../../../src/litmus/load.js';
import { bootKernel, compile, runModuleInit } from '../../../src/run/boot.js';
import { grammar } from '../grammar.js';

/** What a run left behind. */
export interface Executed {
  readonly k: Kernel;
  /** `0:x` of a thread, `g` of the driver. */
  value(name: string): bigint;
  /** Steps that each thread took. */
  readonly steps: readonly number[];
  /** Name of the undefined behaviour that froze the run. */
  readonly undefined: string | undefined;
}

const MEMORY = '{\n  ram pool = 8 pages;\n  reserved buf = 4 pages;\n  mmio bar = 2 pages;\n}\n';

/** Runs driver and threads given as C; the last chooser answers 0. */
export function execute(code: string, arch = 'x86_64', choose: (n: number) => number = () => 0): Executed {
  const text = `C test\n${MEMORY}${code}\n`;
  const test = parseLitmus({ file: 'test.litmus', text }, grammar);
  const c = compile(test, factsFor(archNamed(arch)!, '7.2'), 4);
  const threads = test.threads.length;
  const k = bootKernel(c, {
    ...INITIAL_CAPACITIES,
    procs: threads + 2,
    threads: threads + 2,
    stack: 400,
    heap: 64,
    vmas: 8,
  });
  k.chooser = choose;
  if (c.lowered.moduleInit) runModuleInit(k, c);
  const steps = test.threads.map((_, i) => runThread(k, i));
  const id = k.w[HEAD.FROZEN] === 2 ? UNDEFINED_IDS[k.w[HEAD.FROZEN_ID]!] : undefined;
  return { k, steps, undefined: id, value: (name) => read(name) };

  function read(name: string): bigint {
    const [, thread, local] = /^(?:(\d+):)?(.+)$/.exec(name)!;
    const at = thread === undefined ? k.layout.globals : k.thread(Number(thread)) + THREAD.STACK + 1;
    const known = thread === undefined ? c.lowered.globals : c.lowered.threads[Number(thread)]!.variables;
    const v = known.get(local!);
    if (!v) throw new Error(`no variable ${name}`);
    return wordsToValue(k, at + v.word, v);
  }
}

function wordsToValue(k: Kernel, at: number, v: Variable): bigint {
  const lo = BigInt.asUintN(32, BigInt(k.w[at]!));
  if (v.words === 2) {
    const bits = (BigInt(k.w[at + 1]!) << 32n) | lo;
    return v.type.kind === 'int' && !v.type.signed ? BigInt.asUintN(64, bits) : BigInt.asIntN(64, bits);
  }
  return v.type.kind === 'int' && !v.type.signed ? lo : BigInt.asIntN(32, lo);
}

function runThread(k: Kernel, i: number): number {
  let steps = 0;
  while (k.w[k.thread(i) + THREAD.STATE] === ThreadState.Runnable && !k.frozen && k.enabled(i)) {
    k.run(i);
    steps += 1;
  }
  return steps;
}
