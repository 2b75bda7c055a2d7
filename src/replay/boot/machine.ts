import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Boot, BootEnd, BootFile, BootOptions, BootResult } from '../types.js';
import { cpio } from './cpio.js';
import { ConsoleLines, endOf } from './console.js';

/** A program with which to start a machine. */
export interface Start {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** How to start a machine with an initramfs, in a directory that is its own and goes away. */
export type Starter = (initramfs: string, append: string, directory: string) => Start;

/** A machine that does not end by itself gets this long to die, in milliseconds. */
const GRACE = 2000;

function kill(child: ChildProcess): void {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE).unref();
}

/** Machines that run now: none may outlive this process. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Runs a machine until it ends by itself or its time is over. */
async function watch(start: Start, options: BootOptions): Promise<BootResult> {
  const began = Date.now();
  const console = new ConsoleLines((line) => options.onLine?.(line));
  let timedOut = false;
  await new Promise<void>((resolve, reject) => {
    const child = spawn(start.program, [...start.args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...start.env },
    });
    running.add(child);
    const abort = (): void => kill(child);
    options.signal?.addEventListener('abort', abort, { once: true });
    const expire = (): void => {
      timedOut = true;
      kill(child);
    };
    const timer = setTimeout(expire, options.timeoutMs);
    const listen = (): NodeJS.Timeout => setTimeout(expire, options.silentMs?.() ?? options.timeoutMs);
    let silence = listen();
    const heard = (chunk: Buffer): void => {
      console.add(chunk);
      clearTimeout(silence);
      silence = listen();
    };
    const over = (): void => {
      clearTimeout(timer);
      clearTimeout(silence);
      options.signal?.removeEventListener('abort', abort);
      running.delete(child);
    };
    child.stdout.on('data', heard);
    child.stderr.on('data', heard);
    child.on('error', (error) => {
      over();
      reject(error);
    });
    child.on('close', () => {
      over();
      resolve();
    });
  });
  const lines = console.end();
  return { lines, end: endOf(lines, timedOut), timeMs: Date.now() - began };
}

async function bootOnce(start: Starter, archive: Uint8Array, options: BootOptions): Promise<BootResult> {
  const directory = await mkdtemp(join(tmpdir(), 'pfnmap-boot-'));
  try {
    const initramfs = join(directory, 'initramfs.cpio.gz');
    await writeFile(initramfs, archive);
    return await watch(start(initramfs, options.append ?? '', directory), options);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const CRASHES: readonly BootEnd[] = ['panic', 'error'];

/**
 * Boots machines. An emulator can make a kernel crash that is right, so with `repeatCrash` a boot that crashes counts
 * only if the next one crashes too.
 */
export function booter(start: Starter, repeatCrash: boolean): Boot {
  return {
    async run(files: readonly BootFile[], options: BootOptions): Promise<BootResult> {
      const archive = gzipSync(cpio(files), { level: 1 });
      const first = await bootOnce(start, archive, options);
      const again = repeatCrash && CRASHES.includes(first.end) && options.signal?.aborted !== true;
      return again ? bootOnce(start, archive, options) : first;
    },
  };
}
