import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DOCUMENT, fileOf, fillVerdicts, FOLDER, rowsOf } from '../../scripts/drivers.mjs';
import type { LitmusTest } from '../../src/litmus/ast.js';
import { expectedVerdict, runsOn } from '../../src/litmus/configuration.js';
import { printProp } from '../../src/litmus/print.js';
import { CONFIGURATIONS, runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { grammar } from '../litmus/grammar.js';

interface Row {
  readonly correct: string;
  readonly broken: string;
}

const markdown = readFileSync(DOCUMENT, 'utf8');
const rows: readonly Row[] = rowsOf(markdown);

function load(name: string): LitmusTest {
  const file = fileOf(name);
  return parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
}

/** What a test says that it gives, everywhere. That it does, the tests of the corpus hold. */
function verdicts(name: string) {
  const litmus = load(name);
  return CONFIGURATIONS.map((configuration) => {
    const { arch, release, traits } = configuration;
    const runs = runsOn(litmus, configuration, CONFIGURATIONS);
    const observation = runs ? expectedVerdict(litmus, configuration, CONFIGURATIONS) : undefined;
    return {
      test: name,
      arch,
      release,
      special: traits.has('pte_special'),
      status: runs ? 'ran' : 'n/a',
      observation,
    };
  });
}

/** The programs of a test, as they are written. */
function threadsOf({ source, threads }: LitmusTest): string[] {
  return threads.map(({ body }) => source.text.slice(body.span.start, body.span.end));
}

test('every driver of the corpus stands in a table', () => {
  const named = new Set(rows.flatMap((row) => [row.correct, row.broken]).map(fileOf));
  expect([...named].toSorted()).toEqual(
    readdirSync(FOLDER)
      .map((file) => `${FOLDER}/${file}`)
      .toSorted(),
  );
});

test.each(rows)('$broken is a broken $correct: program and question are the same', ({ correct, broken }) => {
  expect(broken.startsWith(`${correct}-broken-`)).toBe(true);
  const [right, wrong] = [load(correct), load(broken)];
  expect(printProp(wrong.condition!.prop)).toBe(printProp(right.condition!.prop));
  expect(threadsOf(wrong)).toEqual(threadsOf(right));
});

test('correct drivers are never caught, broken ones somewhere', () => {
  for (const { correct, broken } of rows) {
    const words = (name: string) => new Set(verdicts(name).flatMap(({ observation }) => observation ?? []));
    expect(words(correct), correct).toEqual(new Set(['Never']));
    expect(words(broken), broken).not.toEqual(new Set(['Never']));
  }
});

test('the tables say where', () => {
  const results = rows.flatMap(({ broken }) => verdicts(broken));
  expect(fillVerdicts(markdown, results), 'run `node scripts/drivers.mjs`').toBe(markdown);
});

const tests = [...new Set(rows.flatMap((row) => [row.correct, row.broken]))];

test.each(tests)('%s gives that in every release, with a special bit and without', async (name) => {
  for (const { arch, release, special, observation } of verdicts(name)) {
    if (observation === undefined || arch !== (special ? 'x86_64' : 'arm')) continue;
    const result = await runTest(load(name), { arch, release });
    expect({ release, observation: result.observation }).toEqual({ release, observation });
  }
});
