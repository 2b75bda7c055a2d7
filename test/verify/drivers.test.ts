/** Every driver of the corpus against every program, in the world that its header names: it says there what verify has to answer. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ARCHS, DOCUMENT, RELEASES, rowsOf, USUAL, withinText } from '../../scripts/verify-drivers.mjs';
import { runsOn } from '../../src/litmus/configuration.js';
import { CONFIGURATIONS, configurationOf } from '../../src/run/configurations.js';
import { parseLitmus } from '../../src/run/parse.js';
import { expectationOf, foundOf, withinOf } from '../../src/verify/expectation.js';
import { verifyTest } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';

const DIR = 'litmus/drivers';
const SMALL = { processes: 1, pages: 1 };

function driver(name: string, edit = (text: string): string => text) {
  const file = `${DIR}/${name}.litmus`;
  const parsed = parseLitmus({ file, text: edit(readFileSync(file, 'utf8')) }, grammar);
  return { parsed, release: parsed.only?.text === '6.1' ? '6.1' : '7.2' };
}

/** What verify answers, in the words of a header; within the header's bounds, or in a small world. */
async function found(name: string, arch: string, edit?: (text: string) => string): Promise<string> {
  const { parsed, release } = driver(name, edit);
  return foundOf(await verifyTest(parsed, { ...SMALL, ...withinOf(parsed), arch, release }));
}

function expected(name: string, arch: string): string | undefined {
  const { parsed, release } = driver(name);
  return expectationOf(parsed, configurationOf(arch, release));
}

const names = readdirSync(DIR).map((file) => file.replace('.litmus', ''));

/** Whether a driver's test is for an architecture: leaves above the PTE level are not for all. */
function isFor(name: string, arch: string): boolean {
  const { parsed, release } = driver(name);
  return runsOn(parsed, configurationOf(arch, release), CONFIGURATIONS);
}
const plain = names.filter((name) => isFor(name, 'arm'));

describe('without a special bit', () => {
  test.each(plain)('%s', async (name) => {
    expect(expected(name, 'arm'), 'a Verify: line').toBeDefined();
    expect(await found(name, 'arm')).toBe(expected(name, 'arm'));
  });
});

describe('with a special bit, the drivers that fall there', () => {
  test.each(names.filter((name) => expected(name, 'x86_64') !== 'holds'))('%s', async (name) => {
    expect(await found(name, 'x86_64')).toBe(expected(name, 'x86_64'));
  });
});

describe('every driver', () => {
  const broken = (name: string): boolean => name.includes('-broken-');
  const holds = (name: string): boolean =>
    ['arm', 'x86_64'].every((arch) => expected(name, arch) === 'holds');

  test('that is correct holds, and every other one falls on an architecture at least', () => {
    expect(names.filter((name) => holds(name) === broken(name))).toEqual([]);
  });

  test('that is broken has promised no more than its correct twin', () => {
    const lines = (name: string): string[] =>
      readFileSync(`${DIR}/${name}.litmus`, 'utf8').match(/^ \* (Serves|Revoke|Readonly): .*$/gm) ?? [];
    const twin = (name: string): string => name.replace(/-broken-.*/, '');
    const more = names.filter((name) => lines(name).some((line) => !lines(twin(name)).includes(line)));
    expect(more).toEqual([]);
  });
});

test.each(names.filter((name) => name.includes('-broken-')))('%s says which rule it breaks', (name) => {
  const { parsed } = driver(name);
  const breaks = parsed.references.filter(({ role }) => role === 'breaks').map(({ id }) => id);
  const blamed = ['arm', 'x86_64'].flatMap((arch) => expected(name, arch)!.match(/F-\w+/) ?? []);
  expect(breaks).toEqual(expect.arrayContaining(blamed));
});

describe('docs/verified.md', () => {
  const rows = rowsOf(readFileSync(DOCUMENT, 'utf8'));
  const configurations = ARCHS.flatMap((arch) => RELEASES.map((release) => configurationOf(arch, release)));

  test.each(names)('says of %s what its header says, everywhere', (name) => {
    const { parsed } = driver(name);
    const within = withinText(readFileSync(`${DIR}/${name}.litmus`, 'utf8'));
    const where = configurations.filter((one) => runsOn(parsed, one, CONFIGURATIONS));
    const own = rows.filter((row: string[]) => row[0] === name);
    expect(own.map((row: string[]) => row[1])).toEqual(
      where.map(({ arch, release }) => `${arch} ${release}`),
    );
    for (const [i, one] of where.entries()) {
      const [, , answer, invariant, rule, , , world] = own[i]!;
      const says = answer === 'violated' ? `${invariant} ${rule}` : answer;
      expect([one, says]).toEqual([one, expectationOf(parsed, one)]);
      expect([USUAL, within]).toContain(world);
    }
  });
});

test('two threads of one process are what the race takes', async () => {
  const alone = (text: string): string => text.replace('2 threads', '1 thread');
  expect(await found('vfio-fault-race-broken-twice', 'arm', alone)).toBe('holds');
});

test('a driver with a revocation that forgets private mappings breaks F-21', async () => {
  const half = (text: string): string => text.replace('0, 0, 1)', '0, PAGE_SIZE, 1)');
  expect(await found('revoke-all', 'arm', half)).toBe('revoked F-21');
});
