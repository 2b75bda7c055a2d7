/**
 * Reductions change no answer: the corpus and generated tests with them and without. A small part of both, unless REDUCTIONS says how many
 * generated tests shall be compared: `npm run check:reductions` takes 10,000 and the whole corpus.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { Exchange } from '../../src/kernel/exchange.js';
import { parseLitmus } from '../../src/run/parse.js';
import type { RunOptions } from '../../src/run/index.js';
import { grammar } from '../litmus/grammar.js';
import { compare, type Compared } from './compare.js';
import { hardText } from './hard.js';

const asked = process.env['REDUCTIONS'];
const COUNT = asked === undefined ? 24 : Number(asked);
/** Of the corpus every so many-th test. */
const EVERY = asked === undefined ? 40 : 1;
const ARCHS = ['x86_64', 'arm'] as const;
const TIMEOUT = 7_200_000;

const REDUCTIONS: readonly (readonly [string, Partial<RunOptions>])[] = [['symmetry', { symmetry: false }]];

async function compareText(
  file: string,
  text: string,
  arch: string,
  without: Partial<RunOptions>,
): Promise<Compared> {
  return compare(parseLitmus({ file, text }, grammar), { arch, release: '7.2' }, without);
}

/** What is different, and what was compared. */
class Total {
  readonly different: string[] = [];
  compared = 0;
  reduced = 0;
  plain = 0;

  add(name: string, { difference, reduced, plain }: Compared): void {
    if (difference !== '') this.different.push(`${name}\n${difference}`);
    if (plain === 0) return;
    this.compared += 1;
    this.reduced += reduced;
    this.plain += plain;
  }

  check(): void {
    const { compared, reduced, plain } = this;
    if (asked !== undefined) console.log(`${compared} compared: ${reduced} states for ${plain}`);
    expect(this.different.slice(0, 3).join('\n\n')).toBe('');
    expect(reduced).toBeLessThan(plain);
  }
}

describe.each(REDUCTIONS)('%s', (_, without) => {
  test('the corpus has the same outcomes', { timeout: TIMEOUT }, async () => {
    const total = new Total();
    const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' }).filter((f) =>
      f.endsWith('.litmus'),
    );
    for (const [i, file] of files.toSorted().entries()) {
      if (i % EVERY !== 0) continue;
      const text = readFileSync(join('litmus', file), 'utf8');
      for (const arch of ARCHS) total.add(`${file} ${arch}`, await compareText(file, text, arch, without));
    }
    total.check();
  });

  test('generated tests have the same outcomes', { timeout: TIMEOUT }, async () => {
    const total = new Total();
    for (let i = 0; total.compared < COUNT; i++) {
      const [text, arch] = [hardText(i), ARCHS[i % 2]!];
      total.add(`${text} ${arch}`, await compareText(`hard-${i}`, text, arch, without));
    }
    total.check();
  });
});

test('the check finds what is wrong without pinning', { timeout: TIMEOUT }, async () => {
  const spies = (['number', 'steps', 'meets'] as const).map((name) =>
    vi.spyOn(Exchange.prototype, name).mockImplementation(() => {}),
  );
  try {
    let different = 0;
    for (let i = 0; i < 16; i++) {
      const without = { symmetry: false };
      different += Number(
        (await compareText('naive', hardText(i), ARCHS[i % 2]!, without)).difference !== '',
      );
    }
    expect(different).toBeGreaterThan(0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});
