/** Every invariant that is seen in a single state: it falls, and nothing before it, as soon as one thing is not as it should be. */
import { expect, test } from 'vitest';
import { INVARIANTS } from '../../../src/contract/invariants/list.js';
import { Freeze, HEAD, PROC } from '../../../src/kernel/layout.js';
import {
  PTE_CACHE_SHIFT,
  PTE_GHOST_COUNTED,
  PTE_PRESENT,
  PTE_SPECIAL,
  PTE_WRITE,
} from '../../../src/kernel/pte.js';
import { ProcState } from '../../../src/kernel/routine.js';
import { PG_ANON, PG_FREE } from '../../../src/kernel/world.js';
import { PAGES, World } from './world.js';

/** One damage each, in a world in which everything holds. */
const DAMAGES: Readonly<Record<string, (world: World) => void>> = {
  'no-bug': ({ k }) => (k.w[HEAD.FROZEN] = Freeze.Bug),
  'no-undefined': ({ k }) => (k.w[HEAD.FROZEN] = Freeze.Undefined),
  'not-freed': (world) => (world.page(PAGES.raw).flags |= PG_FREE),
  'not-foreign': (world) => (world.page(PAGES.raw).flags |= PG_ANON),
  resource: (world) =>
    (world.k.w[world.entry(PAGES.window)] = world.k.mem.regions.find((r) => r.name === 'bar')!.pfn),
  class: (world) => (world.k.w[world.entry(PAGES.window) + 1]! |= PTE_GHOST_COUNTED),
  'private-write': (world) => (world.k.w[world.entry(PAGES.window) + 1]! |= PTE_WRITE),
  isolation: (world) => (world.k.w[world.entry(PAGES.copy) + 1]! |= PTE_WRITE),
  'read-only': (world) => world.readonly.fill(1),
  'memory-type': (world) => (world.k.w[world.entry(PAGES.raw) + 1]! |= 1 << PTE_CACHE_SHIFT),
  mapcount: (world) => (world.page(PAGES.inserted).mapcount += 1),
  refcount: (world) => (world.page(PAGES.copy).refcount -= 1),
  rss: ({ k }) => (k.procs[0]!.rssAnon += 1),
  stale: (world) => {
    world.k.w[world.entry(PAGES.free)] = world.k.w[world.entry(PAGES.raw)]!;
    world.k.w[world.entry(PAGES.free) + 1] = PTE_PRESENT | PTE_SPECIAL;
  },
  'no-report': ({ k }) => (k.w[HEAD.BAD_MAP] = 1),
  'no-warning': ({ k }) => (k.w[HEAD.WARNED] = 1),
  'no-leak': ({ k }) => {
    // The driver forgets its pages, and the programs end without giving anything back.
    k.w.fill(0, k.layout.globals, k.layout.imapLocks);
    for (const vma of k.vmas) vma.clear();
    for (const p of k.procs) {
      k.w.fill(0, p.o + PROC.HEAD, p.o + k.layout.procWords);
      p.rssAnon = p.rssFile = 0;
      p.state = ProcState.Dead;
    }
    for (const page of k.pages) page.mapcount = 0;
  },
};

/** These are about more than one state: test/verify/invariants.test.ts. */
const PATHS = ['revoked', 'notified', 'served', 'no-deadlock'];

test('every invariant that one state can break has a damage', () => {
  const ids = INVARIANTS.map(({ id }) => id as string);
  expect(ids.filter((id) => !PATHS.includes(id))).toEqual(Object.keys(DAMAGES));
});

test('all hold in the world that is damaged, in which all kinds of entry are present', () => {
  const world = new World();
  for (const proc of [0, 1])
    for (const page of [PAGES.raw, PAGES.window, PAGES.copy, PAGES.inserted])
      expect(world.k.w[world.entry(page, proc) + 1]! & PTE_PRESENT).toBe(PTE_PRESENT);
  expect(world.check()).toBe('holds');
});

test.each(Object.entries(DAMAGES))('%s falls first', (id, damage) => {
  const world = new World();
  damage(world);
  expect(world.check()).toBe(id);
});
