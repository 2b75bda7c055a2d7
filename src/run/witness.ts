/** How an outcome is reached, step by step: who moved, where in the test, in which kernel function, and what changed. */
import { replaying } from '../explore/chooser.js';
import type { Action } from '../explore/system.js';
import { THREAD } from '../kernel/layout.js';
import type { Kernel } from '../kernel/kernel.js';
import type { CFunction, Routine, Tracer } from '../kernel/routine.js';
import { booting, runModuleInit, type Compiled } from './boot.js';
import type { Variable } from '../litmus/lower/contract.js';
import { changes, snapshot, type Snapshot } from './changes.js';
import type { WitnessStep } from './result.js';

/** Notes what a step goes through. */
class StepTracer implements Tracer {
  /** Kernel functions entered, in order. */
  functions: string[] = [];
  /** API functions called by the driver, in order. */
  apis: string[] = [];
  /** BUG, WARN and reports. */
  events: string[] = [];

  enter(_k: Kernel, r: Routine): void {
    if (r.name.includes(':')) this.functions.push(r.name);
  }

  note(text: string): void {
    if (/^[a-z_]/.test(text)) this.apis.push(text);
    else this.events.push(text);
  }
}

/**
 * Makes the actions again, this time stopping at every scheduling point.
 * @param k a kernel in the initial state
 */
export function witnessSteps(c: Compiled, k: Kernel, actions: readonly Action[]): WitnessStep[] {
  const steps: WitnessStep[] = [];
  const tracer = new StepTracer();
  for (const action of actions) {
    const target = targetOf(c, k, action);
    k.tracer = tracer;
    k.everyPoint = true;
    k.chooser = replaying(action.choices);
    do {
      tracer.functions = [];
      tracer.apis = [];
      tracer.events = [];
      const before = snapshot(k);
      const at = place(c, k, action.move);
      if (booting(k)) runModuleInit(k, c);
      else k.run(action.move);
      const changed = [...changes(k, before), ...variableChanges(c, k, before), ...tracer.events];
      if (changed.length > 0) steps.push(step(c, k, action.move, at, tracer, changed));
    } while (!sameWords(k.w, target) && k.enabled(action.move) && !k.frozen);
    k.everyPoint = false;
    k.tracer = undefined;
    k.w.set(target);
  }
  return steps;
}

/** The words after an action, made in one go. */
function targetOf(c: Compiled, k: Kernel, action: Action): Int32Array {
  const before = k.w.slice();
  k.chooser = replaying(action.choices);
  if (booting(k)) runModuleInit(k, c);
  else k.run(action.move);
  const target = k.w.slice();
  k.w.set(before);
  return target;
}

function sameWords(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Where a thread stands: the line of its C code, and the kernel function it is in, if any. */
interface Place {
  readonly line: number | undefined;
  readonly kernel: string | undefined;
}

function step(
  c: Compiled,
  k: Kernel,
  move: number,
  at: Place,
  tracer: StepTracer,
  changed: string[],
): WitnessStep {
  const kernel = tracer.apis.at(-1) ?? at.kernel ?? tracer.functions[0];
  const { line } = at;
  const source = line === undefined ? undefined : c.test.source.text.split('\n')[line - 1]?.trim();
  return {
    thread: threadName(c, k, move),
    ...(line === undefined ? {} : { line }),
    ...(source === undefined ? {} : { source }),
    ...(kernel === undefined ? {} : { kernel }),
    changes: changed,
  };
}

/** `P0`, or `P0:c1` for its first child. */
export function threadName(c: Compiled, k: Kernel, thread: number): string {
  if (thread < c.lowered.threads.length) return c.lowered.threads[thread]!.name;
  let slot = k.w[k.thread(thread) + THREAD.PROC]!;
  let path = '';
  while (k.procs[slot]!.parent >= 0) {
    path = (path === '' ? `c${k.procs[slot]!.nth}` : `c${k.procs[slot]!.nth}.`) + path;
    slot = k.procs[slot]!.parent;
  }
  return `P${slot}:${path}`;
}

/** The line of the test that a thread is at (in the driver if it is there), and the kernel function above it. */
function place(c: Compiled, k: Kernel, thread: number): Place {
  let line: number | undefined;
  let kernel: string | undefined;
  const first = c.lowered.program.functions[0]!.id;
  k.frames(thread, (routine, pc) => {
    const fn = c.lowered.program.functions[routine.id - first];
    if (fn === undefined) kernel = routine.name;
    else {
      line = c.lowered.line(fn as CFunction, pc) ?? line;
      kernel = undefined;
    }
  });
  return { line, kernel };
}

/** Globals of the driver and variables of threads that changed, by name. */
function variableChanges(c: Compiled, k: Kernel, before: Snapshot): string[] {
  const lines: string[] = [];
  const look = (name: string, v: Variable, at: number): void => {
    const [old, now] = [scalar(before, v, at), scalar(k.w, v, at)];
    if (old !== now) lines.push(`${name} = ${now}`);
  };
  for (const [name, v] of c.lowered.globals) {
    if (v.type.kind === 'int' || v.type.kind === 'pointer') look(name, v, k.layout.globals + v.word);
  }
  for (let i = 0; i < k.layout.caps.threads; i++) {
    const t = k.thread(i);
    if (k.w[t + THREAD.STATE] === 0 || before[t + THREAD.STATE] === 0) continue;
    const name = threadName(c, k, i);
    const root = c.lowered.threads[Number(/\d+/.exec(name)![0])]!;
    for (const [variable, v] of root.variables)
      look(
        `${name.replace(/^P/, '').replace(/:?$/, ':')}${variable}`.replace(/:(c[\d.c]+):/, ':$1.'),
        v,
        t + THREAD.STACK + 1 + v.word,
      );
  }
  return lines;
}

/** A variable's value as text; addresses are only told from NULL. */
function scalar(words: Int32Array, v: Variable, at: number): string {
  const lo = words[at]!;
  const raw = v.words === 2 ? (BigInt(words[at + 1]!) << 32n) | BigInt(lo >>> 0) : BigInt(lo);
  const signed = BigInt.asIntN(v.words * 32, raw);
  if (v.type.kind === 'pointer')
    return signed === 0n ? 'NULL' : signed < 0n && signed >= -4095n ? String(signed) : 'an address';
  if (v.type.kind !== 'int') return String(signed);
  return String(v.type.signed ? BigInt.asIntN(v.type.bits, raw) : BigInt.asUintN(v.type.bits, raw));
}
