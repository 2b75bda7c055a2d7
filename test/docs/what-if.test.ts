import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  answerOf,
  ARCH,
  BOUNDS,
  DOCUMENT,
  factsAsked,
  filesNamed,
  fillPage,
  RELEASE,
} from '../../scripts/what-if.mjs';
import { parseFact } from '../../src/kernel/facts.js';
import type { LitmusTest } from '../../src/litmus/ast.js';
import { runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { verifyTest } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';

const markdown = readFileSync(DOCUMENT, 'utf8');
const where = { arch: ARCH, release: RELEASE };

function load(file: string, threadless: boolean): LitmusTest {
  return parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar, { threadless });
}

async function observations(fact: string | undefined) {
  const facts = fact === undefined ? {} : Object.fromEntries([parseFact(fact)]);
  const found = [];
  for (const file of filesNamed(markdown)) {
    const { test: name, observation } = await runTest(load(file, false), { ...where, facts });
    found.push({ test: name, file, observation });
  }
  return found;
}

/** Drivers that are in a table of drivers. */
const drivers = [...markdown.matchAll(/<!-- drivers: [\s\S]*?<!-- \/drivers -->/g)].map(([table]) =>
  filesNamed(table),
);

async function answers(fact: string | undefined) {
  const facts = fact === undefined ? {} : Object.fromEntries([parseFact(fact)]);
  const found = [];
  for (const file of new Set(drivers.flat())) {
    const result = await verifyTest(load(file, true), { ...where, ...BOUNDS, facts });
    const { verdict, reason, violation: v } = result;
    const answer = answerOf({
      verdict,
      reason,
      invariant: v?.invariant,
      rule: v?.blame?.rule,
      blame: v?.blame?.by ?? 'contract',
    });
    found.push({ test: result.test, file, answer });
  }
  return found;
}

test(
  'what the tables show is what runs give; that they show all that changes, only the script asks',
  { timeout: 120_000 },
  async () => {
    const facts = factsAsked(markdown);
    const of = async <T>(ask: (fact: string) => Promise<T>): Promise<Record<string, T>> =>
      Object.fromEntries(await Promise.all(facts.map(async (fact) => [fact, await ask(fact)] as const)));
    const base = await observations(undefined);
    const verified = { base: await answers(undefined), ...(await of(answers)) };
    const filled = fillPage(markdown, base, await of(observations), verified);
    expect(filled, 'run `node scripts/what-if.mjs`').toBe(markdown);
  },
);
