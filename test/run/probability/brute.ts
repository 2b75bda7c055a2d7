/** Probabilities by brute force: everything is tried, nothing is remembered, weighted or taken for alike. */
import { Enumerator } from '../../../src/explore/chooser.js';
import { CapacityError, grow, INITIAL_CAPACITIES, type Capacities } from '../../../src/kernel/layout.js';
import type { FrameSource } from '../../../src/kernel/routine.js';
import { bootKernel, compile, firstStack } from '../../../src/run/boot.js';
import { factsOf } from '../../../src/run/index.js';
import { Evaluator, Question } from '../../../src/run/outcome.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { kernelSystem } from '../../../src/run/system.js';
import { grammar } from '../../litmus/grammar.js';

/** A kernel with a test of one thread on it, to be run from its beginning as often as wanted. */
function machine(text: string, caps?: Capacities) {
  const test = parseLitmus({ file: 't.litmus', text }, grammar);
  const c = compile(test, factsOf('arm', '7.2'), 4);
  const used = caps ?? { ...INITIAL_CAPACITIES, procs: 1, threads: 1, stack: firstStack(c) };
  const k = bootKernel(c, used);
  const system = kernelSystem(k, c);
  const evaluator = new Evaluator(new Question(test.condition!.prop, test.filter), c, k);
  const initial = k.w.slice();
  const holds = (): boolean => {
    evaluator.look(false);
    return evaluator.outcome()!.positive;
  };
  const ram = c.mem.regions.filter(({ kind }) => kind === 'ram').flatMap((r) => frames(r.index, r.pages));
  return { k, system, holds, initial, ram, caps: used };
}

function frames(from: number, n: number): number[] {
  return Array.from({ length: n }, (_, i) => from + i);
}

type Machine = ReturnType<typeof machine>;

/** Once more with more room, where it does not suffice. */
function roomy<T>(text: string, work: (m: Machine) => T): T {
  let m = machine(text);
  for (;;) {
    try {
      return work(m);
    } catch (error) {
      if (!(error instanceof CapacityError)) throw error;
      m = machine(text, grow(m.caps, error.capacity));
    }
  }
}

/** Every choice is a frame's, and each frame is as likely: the sum over all executions, as a number. */
export function bruteUniform(text: string): number {
  return roomy(text, ({ k, system, holds, initial }) => {
    const from = (words: Int32Array): number => {
      k.w.set(words);
      const m = Array.from({ length: system.moves }, (_, i) => i).find((i) => system.enabled(i));
      if (m === undefined) return holds() ? 1 : 0;
      const enumerator = new Enumerator();
      enumerator.start();
      let sum = 0;
      do {
        let likely = 1;
        k.w.set(words);
        system.apply(m, (n) => {
          likely /= n;
          return enumerator.choose(n);
        });
        sum += likely * from(k.w.slice());
      } while (enumerator.next());
      return sum;
    };
    return from(initial);
  });
}

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((x) => permutations(items.filter((y) => y !== x)).map((rest) => [x, ...rest]));
}

/** Every order in which the frames can lie on the list at first, and then no choice at all. */
export function bruteLastFreed(text: string): { readonly hits: number; readonly of: number } {
  return roomy(text, ({ k, system, holds, initial, ram }) => {
    const orders = permutations(ram);
    let hits = 0;
    for (const list of orders) {
      const source: FrameSource = { take: () => list.pop()!, freed: (frame) => void list.push(frame) };
      k.w.set(initial);
      k.frameSource = source;
      for (let steps = 0; system.enabled(0) && steps < 1000; steps++)
        system.apply(0, () => {
          throw new Error('a choice that is no frame');
        });
      if (holds()) hits += 1;
    }
    return { hits, of: orders.length };
  });
}
