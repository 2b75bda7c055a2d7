/** How an outcome is reached, step by step: who moved, where in the test, in which kernel function, and what changed. */
import { replaying } from '../explore/chooser.js';
import type { Action } from '../explore/system.js';
import { THREAD } from '../kernel/layout.js';
import type { CFunction, Kernel, Routine, Tracer } from '../kernel/kernel.js';
import { booting, runModuleInit, type Compiled } from './boot.js';
import { changes, snapshot } from './changes.js';
import type { WitnessStep } from './result.js';

/** Notes what a step goes through. */
class StepTracer implements Tracer {
  /** Kernel functions and APIs, in order. */
  functions: string[] = [];
  /** BUG, WARN and reports. */
  events: string[] = [];

  enter(_k: Kernel, r: Routine): void {
    if (r.name.includes(':')) this.functions.push(r.name);
  }

  note(text: string): void {
    if (/^[a-z_]/.test(text)) this.functions.push(text);
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
      tracer.events = [];
      const before = snapshot(k);
      const at = place(c, k, action.move);
      if (booting(k)) runModuleInit(k, c);
      else k.run(action.move);
      const changed = [...changes(k, before), ...tracer.events];
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

function step(c: Compiled, k: Kernel, move: number, line: number | undefined, tracer: StepTracer, changed: string[]): WitnessStep {
  const kernel = tracer.functions.at(-1);
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

/** The line of the test that a thread is at: in the driver if it is there, else in its own program. */
function place(c: Compiled, k: Kernel, thread: number): number | undefined {
  let at: number | undefined;
  k.frames(thread, (routine, pc) => {
    const fn = c.lowered.program.functions[routine.id - c.lowered.program.functions[0]!.id];
    if (fn !== undefined) at = c.lowered.line(fn as CFunction, pc) ?? at;
  });
  return at;
}
