/** A test's system to be looked at. It slows the code down that runs it, once and for all: whoever wants the speed of his own has it from a second engine. */
import type { TransitionSystem } from '../explore/system.js';
import { WatchedWords, type Traced } from '../explore/trace.js';
import { Tracer } from '../explore/tracer.js';
import type { Facts } from '../kernel/facts.js';
import { CHAIN, Kernel } from '../kernel/kernel.js';
import type { Capacities } from '../kernel/layout.js';
import type { LitmusTest } from '../litmus/ast.js';
import { kernelRoutines } from '../kernel/routine.js';
import { compile, worldLayout, type Compiled } from './boot.js';
import { Evaluator, questionOf } from './outcome.js';
import { sightOf } from './sight.js';
import { kernelSystem } from './system.js';

/** Makes {@link twinOf} in an engine of its own. */
export type TwinOf = (test: LitmusTest, facts: Facts, ptrs: number, caps: Capacities) => Twin;

export interface Twin extends Traced {
  /** Routines of the model by number: states name them by it. */
  readonly routines: readonly string[];
}

/** The system of a test without reductions, as {@link kernelSystem} has it. */
export function twinOf(test: LitmusTest, facts: Facts, ptrs: number, caps: Capacities): Twin {
  const c = compile(test, facts, ptrs);
  const { k, watched } = watchedKernel(c, caps);
  k.pieces = true;
  const { words, trace } = new Tracer(lookedAt(k, c), watched);
  return { words, ends: true, trace, routines: kernelRoutines.map(({ name }) => name) };
}

/** A kernel before its start, of which every word that is read or written is noted. */
export function watchedKernel(
  c: Compiled,
  caps: Capacities,
): { readonly k: Kernel; readonly watched: WatchedWords } {
  const layout = worldLayout(c, caps);
  const watched = new WatchedWords(layout.words);
  const k = new Kernel(
    layout,
    c.facts,
    c.mem,
    c.lowered.program,
    c.options,
    watched as unknown as Int32Array,
  );
  return { k, watched };
}

/** What is looked at: steps in pieces, and behind them, as one more, what shows in a final state. */
function lookedAt(k: Kernel, c: Compiled): TransitionSystem {
  const system = kernelSystem(k, c);
  const evaluator = new Evaluator(questionOf(c.test), c, k);
  return {
    ...system,
    enabled: (m) => m === system.moves || system.enabled(m),
    apply: (m, choose) => {
      if (m < system.moves) return system.apply(m, choose);
      sightOf(evaluator, choose);
      // a step that was made before may have gone on
      k.goesOn = false;
    },
    pieces: { goesOn: () => k.goesOn, most: CHAIN },
  };
}
