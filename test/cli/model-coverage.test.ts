/** Which code of the model runs, as `--coverage` tells: of the bundle as it is built. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCli, isFresh } from '../../scripts/build.mjs';
import type { ModelCoverage } from '../../src/run/result.js';
import { driverText, REMAP } from '../verify/support.js';

const BIN = resolve('bin/pfnmap.js');
const dir = mkdtempSync(join(tmpdir(), 'pfnmap-coverage-'));
const VERIFY = ['verify', '--arch', 'arm', '--processes', '1', '--pages', '1', '--coverage'];

function pfnmap(...args: string[]): string {
  return spawnSync(process.execPath, [BIN, ...args], { cwd: dir, encoding: 'utf8' }).stdout;
}

function model(text: string): ModelCoverage[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { model?: ModelCoverage; coverage?: { model: ModelCoverage } })
    .map((result) => result.coverage?.model ?? result.model!);
}

const names = ({ unreached }: ModelCoverage): string[] => unreached.map(({ name }) => name);

beforeAll(async () => {
  if (!isFresh('cli')) await buildCli();
  writeFileSync(join(dir, 'remap.litmus'), driverText(REMAP('PAGE_SIZE')));
  const thread =
    'P0()\n{\n        int fd = open("/dev/demo", O_RDWR);\n        char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);\n}\nexists (0:present(p) = 1)\n';
  writeFileSync(
    join(dir, 'run.litmus'),
    driverText(REMAP('PAGE_SIZE')).replace('C driver', 'C run') + thread,
  );
}, 120_000);

afterAll(() => rmSync(dir, { recursive: true }));

test('what a search never runs is listed, what it runs is not, and each search counts for itself', () => {
  const only = (list: string): ModelCoverage =>
    model(pfnmap(...VERIFY, '--format', 'json', '--only', list, 'remap.litmus'))[0]!;
  const maps = only('open,mmap');
  expect(maps.functions - maps.reached).toBeGreaterThanOrEqual(maps.unreached.length);
  expect(names(maps)).toEqual(expect.arrayContaining(['insertPfn', 'doWpPage', 'mm/mmap.c:__vm_munmap']));
  expect(names(maps)).not.toContain('remapPfnRange');
  const more = only('open,mmap,munmap,store,fork');
  for (const name of ['doWpPage', 'mm/mmap.c:__vm_munmap']) expect(names(more)).not.toContain(name);
  expect(names(more)).toContain('insertPfn');
  expect(more.reached).toBeGreaterThan(maps.reached);
});

test('places are lines of the source, and branches are told by the function that they are of', () => {
  const [found] = model(pfnmap('run', '--coverage', '--format', 'json', '--arch', 'arm', 'run.litmus'));
  expect(found!.branches.length).toBeGreaterThan(50);
  for (const { file, line, name } of found!.unreached.filter((place) => place.name === 'doWpPage')) {
    expect(file).toBe('src/kernel/mm/memory/fault.ts');
    expect(readFileSync(file, 'utf8').split('\n')[line - 1]).toContain(`function ${name}`);
  }
  expect(found!.branches.map(({ name }) => name)).toContain('doMmap');
  expect(names(found!)).toContain('doWpPage');
});

test('run says it in comments, with a line for each place on demand', () => {
  expect(pfnmap('run', '--coverage', '--details', '--arch', 'arm', 'run.litmus')).toMatch(
    /^# Model: \d+ of \d+ functions of src\/kernel ran[\s\S]*^# {3}src\/kernel\/mm\/memory\/\w+\.ts:\d+ a branch of \w+\(\)$/m,
  );
});
