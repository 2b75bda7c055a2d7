/** Searches that repeat operations find what searches find that run them all. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import type { Traced } from '../../src/explore/trace.js';
import type { Capacities } from '../../src/kernel/layout.js';
import { factsOf } from '../../src/run/configurations.js';
import { parseLitmus } from '../../src/run/parse.js';
import { firstSymmetry } from '../../src/run/symmetry.js';
import { subjectOf } from '../../src/verify/subject.js';
import { Trial } from '../../src/verify/trial.js';
import { verifyTwinOf } from '../../src/verify/twin.js';
import type { Settings } from '../../src/verify/types.js';
import { grammar } from '../litmus/grammar.js';

const STATES = 700;

const CAPS: Capacities = {
  ...{ procs: 2, threads: 2, vmas: 3, files: 2, fds: 1, pins: 1, arena: 1 },
  ...{ stack: 192, heap: 16, memtypes: 0 },
};

/** How often a twin was asked, and failed itself. */
const asked = { moves: 0, states: 0 };

function search(name: string, arch: string, renaming: boolean, repeats: boolean) {
  const file = `litmus/drivers/${name}.litmus`;
  const parsed = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar, { threadless: true });
  const facts = factsOf(arch, '7.2');
  const bounds = { processes: 2, pages: 1, files: 1, races: false };
  const subject = subjectOf(parsed, facts, 4, bounds);
  const numbered = !renaming || subject.traits.offsets;
  const symmetry = numbered ? undefined : firstSymmetry(subject.compiled, []);
  const settings: Settings = { caps: CAPS, races: false, renaming, symmetry };
  const trial = new Trial(subject, settings);
  const traced = (): Traced => {
    const { words, trace } = verifyTwinOf(parsed, facts, 4, bounds, settings);
    return { words, trace: (m) => ((asked.moves += 1), trace(m)) };
  };
  const made: Search = new Search(trial.system, false, 1, repeats ? { from: 0, traced } : undefined);
  let ending: string;
  try {
    ending = made.run({
      maxStates: STATES,
      onState: (id) => trial.state(id),
      onFinal: (id) => trial.final(id, made.store),
    });
  } catch (error) {
    ending = String(error);
  }
  const { states, transitions, depth, store } = made;
  if (repeats) asked.states += states;
  const words = new Int32Array(trial.system.words.length);
  const found = Array.from({ length: ending === 'complete' || ending === 'states' ? states : 0 }, (_, id) => {
    store.load(id, words);
    return words.join();
  });
  const { broken, loaded, mapped, beyond } = trial;
  const ways = [states - 1, broken?.id ?? 0].map((id) => made.path(id));
  return {
    ...{ ending, states, transitions, depth, broken, loaded, mapped, found, ways },
    bounds: [...beyond.bounds].toSorted(),
    unknown: [...beyond.unknown].toSorted(),
  };
}

test.each([
  ['buffer-busy', 'arm'],
  ['buffer-busy-broken-unlocked', 'x86_64'],
  ['devmem-range', 'x86_64'],
  ['gem-close', 'arm'],
  ['private-prot-broken-shared', 'arm'],
  ['vfio-prepare', 'x86_64'],
  ['lock-order-broken-copy', 'arm'],
])('%s on %s', (name, arch) => {
  for (const renaming of [true, false])
    expect(search(name, arch, renaming, true)).toEqual(search(name, arch, renaming, false));
});

test('most operations are looked at once only', () => {
  expect(asked.states).toBeGreaterThan(3_000);
  expect(asked.moves).toBeLessThan(8 * asked.states);
});
