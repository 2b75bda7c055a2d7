// States a second of the search, on one core: npm run bench [-- FILE...]
//
// Each test runs once to warm up, then three times or for two seconds, whichever is more; the best counts, because what
// disturbs a measurement on a shared machine only ever makes it slower. What was measured, and on which machine, is kept in
// bench/RESULTS.md.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadGrammar, parseLitmus, runTest } from '../dist/lib/index.js';

const CONFIGURATIONS = [
  { arch: 'x86_64', release: '7.2' },
  { arch: 'arm', release: '7.2' },
];
const RUNS = 3;
const SECONDS = 2;

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const usual = ['small', 'middle', 'sixteen', 'large'].map((name) => path(`${name}.litmus`));
const files = process.argv.length > 2 ? process.argv.slice(2) : usual;

const columns = [22, 10, 12, 14, 10, 12];
const row = (cells) =>
  console.log(cells.map((cell, i) => (i < 2 ? cell.padEnd(columns[i]) : cell.padStart(columns[i]))).join(''));
const grouped = (number) => Math.round(number).toLocaleString('en');

const grammar = await loadGrammar(
  readFileSync(path('../dist/lib/web-tree-sitter.wasm')),
  readFileSync(path('../dist/lib/tree-sitter-c.wasm')),
);

/** All architectures first: the rates are those of code that has seen more than one. */
const tests = files.map((file) => parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar));
row(['test', 'arch', 'states', 'transitions', 'seconds', 'states/s']);
for (const [index, test] of tests.entries()) {
  for (const configuration of CONFIGURATIONS) {
    await runTest(test, configuration);
    const end = performance.now() + SECONDS * 1000;
    const results = [];
    while (results.length < RUNS || performance.now() < end) results.push(await runTest(test, configuration));
    const { explored, transitions, timeMs } = results.toSorted((a, b) => a.timeMs - b.timeMs)[0];
    const name = basename(files[index], '.litmus');
    const numbers = [explored, transitions].map(grouped);
    const rate = grouped((explored * 1000) / timeMs);
    row([name, configuration.arch, ...numbers, (timeMs / 1000).toFixed(3), rate]);
  }
}
