import { describe, expect, test } from 'vitest';
import { counterexampleText, formatVerify } from '../../src/report/verify.js';
import { runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import type { VerifyResult } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';
import { FREES, REMAP, verify } from './support.js';

/** Runs the counterexample of a violation as any other test. */
async function rerun(result: VerifyResult): Promise<string> {
  const text = counterexampleText(result, 'found', 'Sometimes')!;
  const found = parseLitmus({ file: 'found.litmus', text }, grammar);
  return (await runTest(found, { arch: result.arch, release: result.release })).observation;
}

describe('a driver that frees what is mapped', () => {
  test.each(['arm', 'x86_64'])('is refuted on %s, by the shortest way, and blamed', async (arch) => {
    const result = await verify(FREES(''), { arch });
    expect(result.verdict).toBe('violated');
    const { invariant, blame, steps } = result.violation!;
    expect(invariant).toBe('not-freed');
    expect(blame).toMatchObject({ rule: 'F-1a', by: 'driver', step: 4 });
    expect(steps.map(({ operation }) => operation.replace(/\(.*/, ''))).toEqual([
      '',
      'fd = open',
      'mmap',
      'ioctl',
    ]);
    expect(await rerun(result)).toBe('Sometimes');
    expect(formatVerify(result, 'Sometimes').trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });
});

describe('a driver that unmaps what it frees, but not private windows (F.V-1)', () => {
  const driver = FREES('unmap_mapping_range(file->f_mapping, 0, 0, 0);');

  test('breaks F-1b on arm: a copy lands on the frame that the window names', async () => {
    const result = await verify(driver, { pages: 1 });
    expect(result.verdict).toBe('violated');
    const { invariant, blame, steps } = result.violation!;
    expect(invariant).toBe('class');
    expect(blame).toMatchObject({ rule: 'F-1b', by: 'driver', step: 5 });
    expect(steps.flatMap(({ rules }) => rules)).not.toContain('F-1a');
    expect(steps.map(({ operation }) => operation.replace(/\(.*/, ''))).toEqual([
      '',
      'fd = open',
      'mmap',
      'p[0] = 1',
      'ioctl',
      'fork',
      'p[0] = 1',
    ]);
    expect(await rerun(result)).toBe('Sometimes');
  });

  test('keeps the contract on x86_64, with one process', async () => {
    const result = await verify(driver, { arch: 'x86_64', pages: 1, processes: 1 });
    expect(result).toMatchObject({ verdict: 'holds', exhaustive: true });
  });
});

describe('a driver that remaps a region without looking at lengths', () => {
  test('gives frames behind its region', async () => {
    const result = await verify(REMAP('vma->vm_end - vma->vm_start'));
    expect(result.violation).toMatchObject({ invariant: 'resource' });
    expect(await rerun(result)).toMatch(/Sometimes|Always/);
  });

  test('keeps the contract within one page', async () => {
    const result = await verify(REMAP('PAGE_SIZE'), { pages: 1, processes: 1 });
    expect(result.verdict).toBe('holds');
    expect(result.exhaustive).toBe(true);
    expect(result.excludes.join('\n')).toMatch(/more than 1 process/);
  });

  test('is unknown where a bound stops the search', async () => {
    const result = await verify(REMAP('PAGE_SIZE'), { pages: 1, depth: 2 });
    expect(result).toMatchObject({ verdict: 'unknown', reason: 'bound: 2 operations', exhaustive: false });
  });
});

test('an architecture that loses the special bit is blamed: mips of 6.1, in mprotect()', async () => {
  const result = await verify(REMAP('PAGE_SIZE'), {
    arch: 'mips64',
    release: '6.1',
    pages: 1,
    processes: 1,
  });
  expect(result.violation).toMatchObject({
    invariant: 'class',
    blame: { rule: 'F-35', by: 'architecture', step: 3 },
  });
  expect(await rerun(result)).toMatch(/Sometimes|Always/);
});

test.each([
  ['that frees what is mapped', FREES('')],
  ['that unmaps before', FREES('unmap_mapping_range(file->f_mapping, 0, 0, 1);')],
  ['of a region', REMAP('PAGE_SIZE')],
])('renaming changes no verdict: a driver %s', async (_, driver) => {
  const bounds = { pages: 1, processes: 1 };
  const renamed = await verify(driver, bounds);
  const plain = await verify(driver, { ...bounds, symmetry: false });
  expect(plain.verdict).toBe(renamed.verdict);
  expect(plain.violation?.invariant).toBe(renamed.violation?.invariant);
  expect(plain.violation?.steps.length).toBe(renamed.violation?.steps.length);
  expect(plain.states).toBeGreaterThanOrEqual(renamed.states);
});

test('a program that has nothing left to do stays where it is', async () => {
  const all = { pages: 1, processes: 1, only: ['open', 'mmap'] } as const;
  expect(await verify(REMAP('PAGE_SIZE'), all)).toMatchObject({ verdict: 'holds', exhaustive: true });
});
