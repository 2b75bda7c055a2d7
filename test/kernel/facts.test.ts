import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { archNamed, ARCHS } from '../../src/kernel/arch/index.js';
import {
  FACT_NAMES,
  FactError,
  FACTS,
  factsFor,
  factTable,
  nearFacts,
  parseFact,
  type FactName,
} from '../../src/kernel/facts.js';
import { RELEASES, type Release } from '../../src/kernel/release.js';

const x86 = archNamed('x86_64')!;
const arm = archNamed('arm')!;
const um = archNamed('um')!;

const everywhere = (name: FactName, archs = ARCHS) =>
  RELEASES.map((r) => archs.map((a) => factsFor(a, r)[name]));

/** Who has it, for each release. */
const archsWith = (name: FactName) =>
  everywhere(name).map((row) => ARCHS.map((a) => a.name as string).filter((_, i) => row[i] === true));

describe('factsFor', () => {
  it('gives every configuration the same fields in the same order', () => {
    for (const arch of ARCHS) {
      for (const release of RELEASES) {
        expect(Object.keys(factsFor(arch, release))).toEqual([...FACT_NAMES]);
      }
    }
  });

  it('gives values of the declared type', () => {
    for (const arch of ARCHS) {
      for (const release of RELEASES) {
        const facts = factsFor(arch, release);
        for (const name of FACT_NAMES) expect([name, typeof facts[name]]).toEqual([name, FACTS[name].type]);
      }
    }
  });

  // The catalogue's switch list (I.1): values on 6.1, 6.12 and 7.2.
  const T = true;
  const F = false;
  it.each<[FactName, boolean, boolean, boolean]>([
    ['mixedmapChecksZeroPage', F, T, T],
    ['mixedmapChecksHmp', F, F, T],
    ['pudClassifier', F, F, T],
    ['hugeFaultOnSpecialVma', F, T, T],
    ['remapAssertsWriteLock', F, T, F],
    ['forkRereservesPat', T, T, F],
    ['insertMixedIneligibleBugs', T, F, F],
    ['zeroPageInsertCounted', T, F, F],
    ['zeroPageInsertNeedsPermission', F, T, T],
    ['insertPageRefZeroCheckFirst', T, F, F],
    ['vmInsertPagesBugsOnPfnmap', T, T, F],
    ['wpSharedNeedsVmWrite', T, F, F],
    ['unshareCopiesSpecial', F, T, T],
    ['gupUnsharesLongterm', F, T, T],
    ['gupFastNeedsMapping', F, T, T],
    ['procMemForces', T, T, F],
    ['forkReadsParentFlags', T, T, F],
    ['mremapUnmapsBeforeChecks', T, T, F],
    ['mremapManyVmas', F, F, T],
    ['mremapGrowsInPlaceIfClose', T, F, F],
    ['doforkRefusesSpecial', F, F, T],
    ['guardRegions', F, F, T],
    ['followPfn', T, F, F],
    ['followPfnmap', F, T, T],
    ['folioWalk', F, T, T],
    ['smapsSkipsPfnmap', T, F, F],
    ['kvmTakesReference', T, T, F],
    ['mmapPrepare', F, F, T],
  ])('x86_64: %s is %s, %s, %s', (name, v61, v612, v72) => {
    expect(RELEASES.map((r) => factsFor(x86, r)[name])).toEqual([v61, v612, v72]);
  });

  it('knows who has a special bit', () => {
    const special = ['x86_64', 'arm64', 'arm_lpae', 'riscv64', 's390x', 'ppc64', 'loongarch64', 'mips64'];
    expect(archsWith('pteSpecial')).toEqual([special, special, special]);
    const huge = ['x86_64', 'arm64', 'riscv64', 'ppc64'];
    expect(archsWith('pmdPfnmap')).toEqual([[], ['x86_64', 'arm64'], huge]);
    expect(archsWith('pudPfnmap')).toEqual([[], ['x86_64'], ['x86_64', 'riscv64', 'ppc64']]);
    // riscv got its lockless lookup after 6.1.
    expect(archsWith('gupFast')).toEqual([special.filter((a) => a !== 'riscv64'), special, special]);
  });

  // Catalogue E.1, D.3 and the Kconfig files: who has what on 6.1, 6.12, 7.2.
  it.each<[FactName, string[], string[], string[]]>([
    [
      'ioremapProt',
      ['x86_64', 'arm64', 's390x', 'ppc64', 'loongarch64', 'mips64'],
      ['x86_64', 'arm64', 's390x', 'ppc64', 'loongarch64', 'mips64'],
      ['x86_64', 'arm64', 'riscv64', 's390x', 'ppc64', 'loongarch64', 'mips64'],
    ],
    [
      'perVmaLock',
      [],
      ['x86_64', 'arm64', 'arm_lpae', 'arm', 'riscv64', 's390x', 'ppc64'],
      ['x86_64', 'arm64', 'arm_lpae', 'arm', 'riscv64', 's390x', 'ppc64', 'loongarch64'],
    ],
    ['thpPud', ['x86_64'], ['x86_64', 'ppc64'], ['x86_64', 'riscv64', 'ppc64']],
    [
      'charSigned',
      ['x86_64', 'um', 'loongarch64', 'mips64', 'm68k'],
      ['x86_64', 'um', 'loongarch64', 'mips64', 'm68k'],
      ['x86_64', 'um', 'loongarch64', 'mips64', 'm68k'],
    ],
    [
      'specialPageHook',
      ARCHS.map((a) => a.name),
      ARCHS.map((a) => a.name),
      ['x86_64', 'arm64', 'arm_lpae', 'arm'],
    ],
  ])('%s: %j, %j, %j', (name, v61, v612, v72) => {
    expect(archsWith(name)).toEqual([v61, v612, v72]);
  });

  it('knows that pte_modify() of mips 6.1 alone loses the special bit (H-10)', () => {
    const mips = archNamed('mips64')!;
    expect(RELEASES.map((r) => factsFor(mips, r).modifyKeepsSpecial)).toEqual([false, true, true]);
    const others = ARCHS.filter((a) => a !== mips);
    expect(everywhere('modifyKeepsSpecial', others).flat().every(Boolean)).toBe(true);
  });

  it('knows several zero pages on s390 only', () => {
    const several = ARCHS.filter((a) => factsFor(a, '7.2').zeroPages > 1).map((a) => a.name);
    expect(several).toEqual(['s390x']);
  });

  it('tracks memory types on x86 only', () => {
    expect(factsFor(arm, '6.1').forkRereservesPat).toBe(false);
    expect(factsFor(x86, '6.1').forkRereservesPat).toBe(true);
  });

  it('warns about locks only where there are per-VMA locks', () => {
    expect(factsFor(x86, '6.12').remapAssertsWriteLock).toBe(true);
    expect(factsFor(um, '6.12').remapAssertsWriteLock).toBe(false);
  });
});

describe('overrides', () => {
  it('replaces values, given typed or as text', () => {
    expect(factsFor(x86, '7.2', { pteSpecial: false }).pteSpecial).toBe(false);
    expect(factsFor(x86, '7.2', { debugVm: 'yes', zeroPages: '0x10' })).toMatchObject({
      debugVm: true,
      zeroPages: 16,
    });
  });

  it('lets facts follow an overridden one, unless they are overridden themselves', () => {
    expect(factsFor(x86, '7.2', { pteSpecial: false }).gupFast).toBe(false);
    expect(factsFor(x86, '7.2', { pteSpecial: false, gupFast: true }).gupFast).toBe(true);
    expect(factsFor(x86, '6.1', { pfnmapTracking: false }).forkRereservesPat).toBe(false);
  });

  it('leaves everything else alone', () => {
    const plain = factsFor(arm, '6.12');
    const changed = factsFor(arm, '6.12', { remapRefusesPartialCow: false });
    expect(plain.remapRefusesPartialCow).toBe(true);
    expect(changed).toEqual({ ...plain, remapRefusesPartialCow: false });
  });

  it('parses NAME=VALUE', () => {
    expect(parseFact('pteSpecial=false')).toEqual(['pteSpecial', false]);
    expect(parseFact(' zeroPages = 4 ')).toEqual(['zeroPages', 4]);
  });

  const error = (f: () => unknown): FactError => {
    try {
      f();
    } catch (e) {
      if (e instanceof FactError) return e;
      throw e;
    }
    throw new Error('no error');
  };

  it('names facts that are near an unknown one', () => {
    const e = error(() => parseFact('ptespecal=1'));
    expect(e.near[0]).toBe('pteSpecial');
    expect(e.message).toContain('pteSpecial');
    expect(error(() => factsFor(x86, '7.2', { toString: 1 })).fact).toBe('toString');
  });

  it('refuses values that do not fit', () => {
    for (const text of [
      'pteSpecial=maybe',
      'zeroPages=',
      'zeroPages=-1',
      'zeroPages=1.5',
      'zeroPages=true',
    ]) {
      expect(error(() => parseFact(text)).near).toEqual([]);
    }
    expect(error(() => parseFact('pteSpecial')).message).toContain('NAME=VALUE');
  });
});

describe('nearFacts', () => {
  it('finds parts of names', () => {
    expect(nearFacts('pfnmaptrack')).toContain('pfnmapTracking');
  });
  it('gives nothing for something else', () => {
    expect(nearFacts('xyzzyplugh')).toEqual([]);
    expect(nearFacts('')).toEqual([]);
  });
});

describe('factTable', () => {
  const rows = factTable(ARCHS);

  it('has one row a fact, each with a sentence, a source and a section', () => {
    expect(rows.map((r) => r.name)).toEqual(FACT_NAMES);
    for (const row of rows) {
      expect([row.name, row.doc]).toEqual([row.name, expect.stringMatching(/^\S.{10,130}\.$/)]);
      expect([row.name, row.source]).toEqual([row.name, expect.stringMatching(/\.(c|h|S)|Kconfig|Makefile/)]);
      expect([row.name, row.catalogue]).toEqual([
        row.name,
        expect.stringMatching(/^[A-H][.-]|^corrections$/),
      ]);
    }
  });

  it('agrees with factsFor', () => {
    const row = rows.find((r) => r.name === 'pfnBits')!;
    const of = (r: Release) => ARCHS.map((a) => factsFor(a, r).pfnBits);
    expect(row.values).toEqual({ '6.1': of('6.1'), '6.12': of('6.12'), '7.2': of('7.2') });
    expect(row.sameOnAllArchs).toBe(false);
    expect(rows.find((r) => r.name === 'mmapPrepare')!.sameOnAllArchs).toBe(true);
  });
});

describe('what is asked', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  // What an architecture says of itself is asked through facts.
  const texts = files
    .filter((f) => !f.startsWith('kernel/arch/'))
    .map((f) => readFileSync(`src/${f}`, 'utf8'));

  it('includes every fact, so that none can be overridden in vain', () => {
    const isAsked = (name: string) => {
      const asks = new RegExp(
        `\\bf(?:acts)?\\.${name}\\b|\\b(?:f|facts)\\['${name}'\\]|byReleaseWhere\\('${name}'`,
      );
      return texts.some((text) => asks.test(text));
    };
    expect(FACT_NAMES.filter((name) => !isAsked(name))).toEqual([]);
  });
});
