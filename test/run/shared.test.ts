/** Sharing runs between configurations gives what every run of its own gives. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FACT_NAMES, factsFor, type Facts } from '../../src/kernel/facts.js';
import { watchFacts } from '../../src/kernel/facts/watch.js';
import { archNamed } from '../../src/kernel/arch/index.js';
import { CONFIGURATIONS, runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import type { RunResult } from '../../src/run/result.js';
import { sharedRuns } from '../../src/run/shared.js';
import { grammar } from '../litmus/grammar.js';

const files = (readdirSync('litmus', { recursive: true }) as string[])
  .filter((name) => name.endsWith('.litmus'))
  .map((name) => `litmus/${name}`)
  .sort();

function parse(file: string) {
  return parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
}

/** All of a result but how long it took and whose run it was. */
function substance({ timeMs: _time, sharedWith: _shared, ...rest }: RunResult): object {
  return rest;
}

describe('sharing', () => {
  // A twelfth of the corpus, another one each month: `pfnmap run --all --no-share` compares the rest.
  const sample = files.filter((_, i) => i % 12 === new Date().getUTCMonth());
  it.each(sample)('%s', { timeout: 120_000 }, async (file) => {
    const test = parse(file);
    const run = sharedRuns(test);
    for (const { arch, release } of CONFIGURATIONS) {
      const shared = await run({ arch, release });
      expect(substance(shared)).toEqual(substance(await runTest(test, { arch, release })));
    }
  });

  it('runs once where nothing that was asked is different, and says whose run it was', async () => {
    const run = sharedRuns(parse('litmus/mail/mail-private-user-pgoff.litmus'));
    expect((await run({ arch: 'arm', release: '7.2' })).sharedWith).toBeUndefined();
    const xtensa = await run({ arch: 'xtensa', release: '7.2' });
    expect(xtensa).toMatchObject({
      arch: 'xtensa',
      sharedWith: 'arm+7.2',
      observation: 'Sometimes',
      ok: true,
    });
    expect((await run({ arch: 'x86_64', release: '7.2' })).sharedWith).toBeUndefined();
  });

  it('leaves each configuration its own verdict', async () => {
    const test = parse('litmus/catalogue/procmem-access.litmus');
    const run = sharedRuns(test);
    const text = readFileSync('litmus/catalogue/procmem-access.litmus', 'utf8');
    const strict = sharedRuns(
      parseLitmus(
        { file: 'x', text: text.replace('Result(!ioremap_prot): Never', 'Result(arm): Never') },
        grammar,
      ),
    );
    for (const arch of ['arm', 'xtensa']) {
      expect((await run({ arch, release: '7.2' })).ok).toBe(true);
      expect((await strict({ arch, release: '7.2' })).ok).toBe(arch === 'arm');
    }
  });

  it('does not share what the user interrupted', async () => {
    const run = sharedRuns(parse('litmus/mail/mail-private-user-pgoff.litmus'));
    const signal = AbortSignal.abort();
    expect((await run({ arch: 'arm', release: '7.2', signal })).reason).toBe('interrupted');
    const whole = await run({ arch: 'xtensa', release: '7.2' });
    expect([whole.sharedWith, whole.exhaustive]).toEqual([undefined, true]);
  });
});

describe('watched facts', () => {
  const facts = factsFor(archNamed('s390x')!, '6.12');

  it('have the values of those that they watch', () => {
    const watched = watchFacts(facts);
    for (const name of FACT_NAMES) expect(watched.facts[name]).toBe(facts[name]);
    expect(watched.asked()).toEqual(FACT_NAMES);
  });

  it('know what was asked, each on its own', () => {
    const ask = (facts: Facts): boolean => facts.pteSpecial && facts.softDirty;
    const [one, two] = [watchFacts(facts), watchFacts(facts)];
    expect(ask(one.facts)).toBe(true);
    expect(one.asked()).toEqual(['pteSpecial', 'softDirty']);
    expect(two.asked()).toEqual([]);
  });
});
