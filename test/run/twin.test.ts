/** Searches that remember the model's moves find what searches find that run them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Search, type SearchOptions } from '../../src/explore/bfs.js';
import type { Traced } from '../../src/explore/trace.js';
import { INITIAL_CAPACITIES, type Capacities } from '../../src/kernel/layout.js';
import { runsOn } from '../../src/litmus/configuration.js';
import { bootKernel, compile, firstStack, type Compiled } from '../../src/run/boot.js';
import { CONFIGURATIONS, configurationOf, factsOf } from '../../src/run/configurations.js';
import { Collector } from '../../src/run/collector.js';
import { optionFacts } from '../../src/run/index.js';
import { questionOf } from '../../src/run/outcome.js';
import { parseLitmus } from '../../src/run/parse.js';
import { kernelSystem } from '../../src/run/system.js';
import { twinOf } from '../../src/run/twin.js';
import { grammar } from '../litmus/grammar.js';

/** Every so many-th is taken of the tests with several threads, and of the others. */
const EVERY = { several: 3, one: 12 };
const BOUND = 1_500;

function capacities(c: Compiled): Capacities {
  const n = c.test.threads.length;
  return {
    ...INITIAL_CAPACITIES,
    procs: n + 1,
    threads: n + 1,
    vmas: 8,
    files: 4,
    fds: 4,
    arena: 16,
    heap: 32,
    stack: firstStack(c) + 64,
  };
}

function search(c: Compiled, caps: Capacities, options: SearchOptions, traced?: () => Traced) {
  const k = bootKernel(c, caps);
  const searched = new Search(kernelSystem(k, c), false, 1, traced && { from: 0, traced });
  const collector = new Collector(questionOf(c.test), c, k, searched);
  try {
    const ending = searched.run({ ...options, onFinal: (id) => collector.final(id) });
    const { states, transitions, depth } = searched;
    return {
      ending,
      depth,
      states,
      transitions,
      outcomes: collector.outcomes(),
      undefined: [...collector.undefinedIds],
    };
  } catch (error) {
    return { error: String(error) };
  }
}

test('remembered moves are those of the model', () => {
  const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.litmus'))
    .toSorted()
    .map((file) => ({ file, text: readFileSync(join('litmus', file), 'utf8') }));
  let [total, traces, failures] = [0, 0, 0];
  for (const [i, { file, text }] of files.entries()) {
    if (i % (/^P1\b/m.test(text) ? EVERY.several : EVERY.one) !== 0) continue;
    const parsed = parseLitmus({ file, text }, grammar);
    const arch = i % 2 === 0 ? 'arm' : 'x86_64';
    if (!runsOn(parsed, configurationOf(arch, '7.2'), CONFIGURATIONS)) continue;
    const c = compile(parsed, factsOf(arch, '7.2', optionFacts(parsed)), 4);
    const caps = capacities(c);
    const some = search(c, caps, { maxStates: BOUND });
    // behind a bound on states the moves of one state would be made at a time
    const options = some.ending === 'states' ? { maxDepth: some.depth } : {};
    const plain = some.ending === 'states' ? search(c, caps, options) : some;
    const twin = twinOf(c.test, c.facts, c.ptrs, caps);
    const trace: Traced['trace'] = (m, choices) => {
      traces += 1;
      failures += 1;
      const found = twin.trace(m, choices);
      failures -= 1;
      return found;
    };
    expect(
      search(c, caps, options, () => ({ ...twin, trace })),
      file,
    ).toEqual(plain);
    if (plain.error !== undefined) failures -= 1;
    total += plain.states ?? 0;
  }
  expect(total).toBeGreaterThan(4_000);
  expect(failures).toBe(0);
  expect(traces).toBeLessThan(total);
});

test('a step that freezes leaves the same however it was put together', () => {
  const text = `C frozen-from-several-points
{
  reserved buf = 1 page;
}
static int n;
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        n = 1;
        n = 2;
        BUG_ON(n);
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .unlocked_ioctl = demo_ioctl };
P0()
{
        int fd = open("/dev/demo", O_RDWR);
        int r = ioctl(fd, 7, 0);
}
P1()
{
        int fd = open("/dev/demo", O_RDWR);
}
exists (deadlock())
`;
  const parsed = parseLitmus({ file: 'frozen-from-several-points.litmus', text }, grammar);
  const c = compile(parsed, factsOf('x86_64', '7.2', optionFacts(parsed)), 4);
  const caps = capacities(c);
  const plain = search(c, caps, {});
  expect(search(c, caps, {}, () => twinOf(c.test, c.facts, c.ptrs, caps))).toEqual(plain);
});
