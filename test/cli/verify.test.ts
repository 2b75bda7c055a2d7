import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCli, isFresh } from '../../scripts/build.mjs';
import { driverText, FREES, REMAP } from '../verify/support.js';

const BIN = resolve('bin/pfnmap.js');
const dir = mkdtempSync(join(tmpdir(), 'pfnmap-verify-'));

function pfnmap(...args: string[]) {
  return spawnSync(process.execPath, [BIN, ...args], { cwd: dir, encoding: 'utf8' });
}

beforeAll(async () => {
  if (!isFresh('cli')) await buildCli();
  const remap = driverText(REMAP('PAGE_SIZE'));
  writeFileSync(join(dir, 'frees.litmus'), driverText(FREES('')));
  writeFileSync(join(dir, 'remap.litmus'), remap);
  writeFileSync(join(dir, 'bad.litmus'), remap.replace('(*\n', '(*\n * Revoke: NOTHING\n'));
  writeFileSync(join(dir, 'threads.litmus'), `${remap}P0()\n{\n        int r = 0;\n}\n`);
});

afterAll(() => rmSync(dir, { recursive: true }));

const ONE = ['--arch', 'arm', '--processes', '1', '--pages', '1'];

test('a violation is told in a form fit for a mail, and written as a litmus test that run confirms', () => {
  const { status, stdout } = pfnmap('verify', '--arch', 'arm', '--emit', 'hole.litmus', 'frees.litmus');
  expect(status).toBe(1);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe('driver, arm, Linux 7.2: violated: not-freed');
  expect(stdout).toMatch(/Blame: the driver, by rule F-1a, in step 4:/);
  expect(lines.length).toBeLessThanOrEqual(21);
  expect(lines.filter((line) => line.length > 90)).toEqual([]);
  expect(readFileSync(join(dir, 'hole.litmus'), 'utf8')).toMatch(/^C hole\n[\s\S]*Result: Sometimes/);
  expect(pfnmap('run', '--arch', 'arm', 'hole.litmus').status).toBe(0);
});

test('--probability tells how likely the steps of a counterexample are to break it', () => {
  // Nothing is left to chance in them: the frame is freed while it is mapped.
  const { stdout } = pfnmap('verify', '--arch', 'arm', '--probability', '--ram', '1M', 'frees.litmus');
  expect(stdout).toContain('    uniform, 256 frames: 1\n    last-freed, 256 frames: 1\n');
});

test('a file whose name cannot be that of a test gets one that can', () => {
  expect(pfnmap('verify', '--arch', 'arm', '--emit', 'a hole', 'frees.litmus').status).toBe(1);
  expect(readFileSync(join(dir, 'a hole'), 'utf8')).toMatch(/^C driver-\S+\n/);
});

test.each([
  ['nowhere/hole.litmus', "--emit: there is no directory '"],
  ['.', 'is a directory'],
])('--emit %s is refused before the search', (file, message) => {
  const { status, stdout, stderr } = pfnmap('verify', '--emit', file, 'frees.litmus');
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr).toContain(message);
});

test('an interrupt is told from an answer', async () => {
  const small = ['--processes', '1', '--pages', '1'];
  const child = spawn(process.execPath, [BIN, 'verify', ...small, '--all', 'remap.litmus'], { cwd: dir });
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([130, null]);
});

test('an answer that holds lists what it does not cover', () => {
  const { status, stdout } = pfnmap('verify', ...ONE, 'remap.litmus');
  expect(status).toBe(0);
  expect(stdout).toMatch(/every invariant holds[\s\S]*Not covered:\n {4}- more than 1 process/);
});

test('a bound makes it unknown', () => {
  const { status, stdout } = pfnmap('verify', ...ONE, '--depth', '1', 'remap.litmus');
  expect(status).toBe(124);
  expect(stdout).toContain('unknown (bound: 1 operations)');
});

test('JSON has one object for each configuration, with what the documentation names', () => {
  const { stdout } = pfnmap('verify', '--arch', 'arm,x86_64', '--format', 'json', 'frees.litmus');
  const objects = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(objects.map(({ arch }) => arch)).toEqual(['arm', 'x86_64']);
  expect(objects[0]).toMatchObject({
    test: 'driver',
    file: 'frees.litmus',
    release: '7.2',
    verdict: 'violated',
    invariant: 'not-freed',
    rule: 'F-1a',
    blame: 'driver',
    confirmed: 'Sometimes',
    exhaustive: false,
  });
  const documented = readFileSync(resolve('docs/verify.md'), 'utf8');
  for (const field of Object.keys(objects[0]!)) expect(documented).toContain(`\`${field}\``);
});

test('--fact asks what if: on a kernel whose arm had a special bit', () => {
  const { stdout } = pfnmap('verify', ...ONE, '--fact', 'pteSpecial=true', 'remap.litmus');
  expect(stdout).toContain('holds');
});

test.each([
  ['threads.litmus', 'has threads of its own'],
  ['bad.litmus', 'bad.litmus:3:12: error: `NOTHING` is no constant of the driver'],
  ['nowhere.litmus', 'nowhere.litmus'],
])('%s is refused', (file, message) => {
  const { status, stderr } = pfnmap('verify', file);
  expect(stderr).toContain(message);
  expect(status).toBe(2);
});

test('--any-user leaves threads aside', () => {
  expect(pfnmap('verify', ...ONE, '--any-user', 'threads.litmus').status).toBe(0);
});
