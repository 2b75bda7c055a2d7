import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCpio } from '../../../src/replay/boot/cpio.js';
import { booter, type Starter } from '../../../src/replay/boot/machine.js';
import { qemuStarter, umlStarter } from '../../../src/replay/boot/starters.js';
import { CATALOGUE } from '../../../src/replay/kernels/catalogue.js';
import { DONE_LINE } from '../../../src/replay/types.js';

/** A shell stands for the machine. */
let directory: string;
let started: { initramfs: string; append: string; directory: string }[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pfnmap-test-'));
  started = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

function shell(script: string): Starter {
  return (initramfs, append, own) => {
    started.push({ initramfs, append, directory: own });
    return { program: 'sh', args: ['-c', script, 'machine', initramfs, directory], env: { WHO: 'me' } };
  };
}

const FILES = [{ path: 'init', data: Buffer.from('#!/bin/sh\n') }];
const TIME = { timeoutMs: 20_000 };

describe('booting', () => {
  test('gives the machine its initramfs and returns its console', async () => {
    const boot = booter(shell(`cp "$1" "$2/kept"; echo $WHO; echo error >&2; echo; echo ${DONE_LINE}`), true);
    const { lines, end, timeMs } = await boot.run(FILES, { ...TIME, append: 'extra=1' });
    expect(end).toBe('done');
    expect(lines).toEqual(expect.arrayContaining(['me', 'error', DONE_LINE]));
    expect(timeMs).toBeGreaterThanOrEqual(0);
    expect(started).toHaveLength(1);
    expect(started[0]!.append).toBe('extra=1');
    const kept = readCpio(gunzipSync(readFileSync(join(directory, 'kept'))));
    expect(kept.map(({ path }) => path)).toContain('init');
  });

  test('leaves nothing behind', async () => {
    await booter(shell('exit 1'), false).run(FILES, TIME);
    expect(existsSync(started[0]!.initramfs)).toBe(false);
    expect(existsSync(started[0]!.directory)).toBe(false);
  });

  test('ends a machine that falls silent, not one that talks', async () => {
    const talk = 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done; exec sleep 60';
    const result = await booter(shell(talk), true).run(FILES, { ...TIME, silentMs: () => 900 });
    expect(result).toMatchObject({ end: 'timeout', lines: ['1', '2', '3', '4', '5', '6'] });
  });

  test('loses patience when it is told to', async () => {
    const heard: string[] = [];
    const began = Date.now();
    const result = await booter(shell('echo fine; echo BUG; exec sleep 60'), true).run(FILES, {
      ...TIME,
      onLine: (line) => heard.push(line),
      silentMs: () => (heard.includes('BUG') ? 200 : 30_000),
    });
    expect(result.end).toBe('timeout');
    expect(Date.now() - began).toBeLessThan(15_000);
  });

  test('ends a machine that does not end', async () => {
    const seen: string[] = [];
    const boot = booter(shell('echo here; exec sleep 60'), true);
    const result = await boot.run(FILES, { timeoutMs: 300, onLine: (line) => seen.push(line) });
    expect(result.end).toBe('timeout');
    expect(result.lines).toEqual(['here']);
    expect(seen).toEqual(['here']);
    expect(started).toHaveLength(1);
  });

  test('believes a crash only if it comes again', async () => {
    const script = `if [ -e "$2/once" ]; then echo ${DONE_LINE}; else touch "$2/once"; echo 'Kernel panic - not syncing: x'; fi`;
    expect((await booter(shell(script), true).run(FILES, TIME)).end).toBe('done');
    expect(started).toHaveLength(2);
  });

  test('believes the second crash', async () => {
    const { end } = await booter(shell('echo "Kernel panic - not syncing: x"'), true).run(FILES, TIME);
    expect([end, started.length]).toEqual(['panic', 2]);
  });

  test('believes a machine without an emulator at once', async () => {
    const { end } = await booter(shell('echo "Kernel panic - not syncing: x"'), false).run(FILES, TIME);
    expect([end, started.length]).toEqual(['panic', 1]);
  });

  test('fails if there is no such program', async () => {
    const boot = booter(() => ({ program: join(directory, 'none'), args: [] }), true);
    await expect(boot.run(FILES, TIME)).rejects.toThrow('ENOENT');
  });
});

describe('starting', () => {
  test('QEMU adds to the command line of the kernel', () => {
    const spec = CATALOGUE[0]!;
    const { program, args } = qemuStarter(spec.platform.qemu, '/k')('/i', 'a=1', '/d');
    expect(program).toBe('qemu-system-x86_64');
    expect(args.slice(-6)).toEqual([
      '-kernel',
      '/k',
      '-initrd',
      '/i',
      '-append',
      `${spec.platform.qemu.append} a=1`,
    ]);
    expect(args).toContain('qemu64,-cx16');
  });

  test('User-mode Linux keeps its files in the directory of the boot', () => {
    const { args, env } = umlStarter('/k')('/i', 'a=1  b=2', '/d');
    expect(args).toEqual(expect.arrayContaining(['/k', 'initrd=/i', 'a=1', 'b=2']));
    expect(args).not.toContain('');
    expect(env).toEqual({ HOME: '/d', TMPDIR: '/d' });
  });
});
