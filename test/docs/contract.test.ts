import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FOLDER, pages, withoutMeasurements } from '../../scripts/contract-docs.mjs';
import { ENTRIES } from '../../src/contract/index.js';
import { contractLines } from '../../src/report/contract.js';
import { corpusHeadlines, recordings } from '../contract/corpus.js';

const written = pages(contractLines(corpusHeadlines(), recordings()));

test('the pages of the contract are those that the contract gives now: `npm run docs:contract`', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual([...written.keys()].toSorted());
  for (const [name, text] of written) {
    const kept = readFileSync(`${FOLDER}/${name}`, 'utf8');
    expect(withoutMeasurements(kept), name).toBe(withoutMeasurements(text));
  }
});

test('every id has its place', () => {
  const all = [...written.values()].join('\n');
  expect(ENTRIES.map(({ id }) => id).filter((id) => !all.includes(`# ${id}\n`))).toEqual([]);
});

test('what was measured may change without the pages', () => {
  const text =
    '- [demo](demo.litmus): Never\n  - measured on um-7.2\n- [other](other.litmus): Always\n  - not measured\n';
  expect(withoutMeasurements(text)).toBe('- [demo](demo.litmus): Never\n- [other](other.litmus): Always\n');
});
