import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeJson } from '../../../src/replay/cache.js';
import { openMachines } from '../../../src/replay/machines.js';
import { CATALOGUE, selectKernels } from '../../../src/replay/kernels/catalogue.js';
import { installCommand, needs } from '../../../src/replay/kernels/host.js';
import { parseKernels } from '../../../src/replay/arguments.js';
import { paths, type Paths } from '../../../src/replay/kernels/paths.js';
import { readRecord, RECIPE, writeRecord, type KernelRecord } from '../../../src/replay/kernels/record.js';
import { Setup, setupKernel } from '../../../src/replay/kernels/setup.js';

let cache: Paths;
beforeEach(() => {
  cache = paths(mkdtempSync(join(tmpdir(), 'pfnmap-test-')));
});
afterEach(() => rmSync(cache.root, { recursive: true }));

const record = (id: string, more: Partial<KernelRecord> = {}): KernelRecord => ({
  recipe: RECIPE,
  id,
  version: '7.2.13',
  hooks: { kprobes: true, kallsyms: true },
  packages: [],
  image: `kernels/${id}/kernel`,
  headers: 'trees/7.2/headers',
  compiler: 'gcc 12',
  seconds: { boot: 5 },
  ...more,
});

const [spec] = selectKernels(['amd64-7.2']);

describe('setup', () => {
  test('leaves a kernel alone that is ready', async () => {
    await writeRecord(cache, record('amd64-7.2'));
    const told: string[] = [];
    const setup = new Setup(cache, (text) => told.push(text));
    expect(await setupKernel(setup, spec!)).toEqual(record('amd64-7.2'));
    expect(told).toEqual([]);
  });

  test('takes no record of another recipe, and no half of one', async () => {
    expect(await readRecord(cache, spec!)).toBeUndefined();
    await writeJson(join(cache.kernel(spec!), 'kernel.json'), record('amd64-7.2', { recipe: RECIPE - 1 }));
    expect(await readRecord(cache, spec!)).toBeUndefined();
    await writeRecord(cache, record('amd64-7.2'));
    expect(await readRecord(cache, spec!)).toBeDefined();
  });

  test('records the versions of all kernels that are ready', async () => {
    await writeRecord(cache, record('um-7.2', { version: '7.2.13' }));
    await writeRecord(cache, record('amd64-6.1', { version: '6.1.0-56-cloud-amd64' }));
    const { kernels } = JSON.parse(readFileSync(cache.versions, 'utf8'));
    expect(Object.keys(kernels)).toEqual(['amd64-6.1', 'um-7.2']);
    expect(kernels['amd64-6.1'].version).toBe('6.1.0-56-cloud-amd64');
  });
});

describe('machines', () => {
  test('are those that are ready; the others are named', async () => {
    await writeRecord(cache, record('amd64-6.1', { mmio: [0xfd000, 4096] }));
    const { ready, missing } = await openMachines(['um-6.1', 'amd64-6.1'], cache);
    expect(missing).toEqual(['um-6.1']);
    expect(ready.map(({ kernel }) => kernel)).toEqual([
      expect.objectContaining({ id: 'amd64-6.1', release: '6.1', mmio: [0xfd000, 4096], bits: 64 }),
    ]);
    expect(ready[0]!.toolchain.cc).toBe('x86_64-linux-gnu-gcc');
  });

  test('of unknown names are an error', async () => {
    await expect(openMachines(['amd64-9'], cache)).rejects.toThrow(RangeError);
  });
});

describe('what a machine must have', () => {
  test('depends on the kernels', () => {
    const programs = (ids: readonly string[]): string[] => needs(selectKernels(ids)).map(({ what }) => what);
    expect(programs(['armmp-7.2'])).toEqual(
      expect.arrayContaining(['arm-linux-gnueabihf-gcc', 'qemu-system-arm', 'libc.a']),
    );
    expect(programs(['armmp-7.2'])).not.toContain('flex');
    expect(programs(['um-7.2'])).toContain('flex');
    expect(programs(['um-7.2']).filter((name) => name.startsWith('qemu'))).toEqual([]);
  });

  test('is asked for once', () => {
    const all = needs(CATALOGUE).map(({ what, libraryOf }) => `${what} ${libraryOf}`);
    expect(new Set(all).size).toBe(all.length);
  });

  test('is installed by one command', () => {
    const missing = [
      { what: 'b', package: 'pb' },
      { what: 'a', package: 'pa' },
      { what: 'c', package: 'pb' },
    ];
    expect(installCommand(missing)).toBe('apt-get install --no-install-recommends pa pb');
  });
});

describe('arguments', () => {
  test('name kernels', () => {
    expect(parseKernels([])).toEqual([]);
    expect(parseKernels(['--kernel', 'a,b', '--kernel=c'])).toEqual(['a', 'b', 'c']);
  });

  test.each([[['a']], [['--kernel']], [['--kernel=']], [['--x', 'y']]])('%j are wrong', (args) => {
    expect(parseKernels(args)).toBeUndefined();
  });
});
