/** The mail's counterexample on kernels as they are: what one boot printed, kept word by word. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../types.js';

const TIMEOUT_MS = 240_000;

/** The lines between init's first and last word; what the kernel logged is among them. */
export function section(lines: readonly string[]): readonly string[] | undefined {
  const begin = lines.findIndex((line) => line.startsWith('mail: begin '));
  const end = lines.findIndex((line) => line.endsWith('mail: end'));
  if (begin === -1 || end < begin) return undefined;
  // Before this line init has shown something only so that the memory for it is there.
  const rule = lines.indexOf('mail: ----');
  return [lines[begin]!, ...lines.slice(Math.max(begin, rule) + 1, end)];
}

/**
 * Boots a machine with the driver of the mail.
 * @param sources directory with the C
 * @returns the console, with a line about the kernel in front
 * @throws Error with the console if init did not come to its end
 */
export async function recordMail({ kernel, toolchain, boot }: Machine, sources: string): Promise<string> {
  const text = (name: string): Promise<string> => readFile(join(sources, name), 'utf8');
  const abi = { 'mail_abi.h': await text('mail_abi.h') };
  const module = await toolchain.buildModule(
    { ...abi, 'mail.c': await text('mail.c'), Kbuild: 'obj-m := mail.o\nccflags-y := -I$(src)\n' },
    'mail',
  );
  const init = await toolchain.buildProgram({ ...abi, 'init.c': await text('init.c') }, 'mail-init');
  const files = [
    { path: 'init', data: await readFile(init) },
    { path: 'mail.ko', data: await readFile(module) },
    { path: 'dev/.keep', data: new Uint8Array() },
  ];
  const { lines, end } = await boot.run(files, { timeoutMs: TIMEOUT_MS });
  const found = section(lines);
  if (end !== 'done' || found === undefined) {
    throw new Error(`${kernel.id}: ${end}\n${lines.slice(-20).join('\n')}`);
  }
  return [`# ${kernel.id}: console of Linux ${kernel.version}, by npm run replay:mail`, ...found, ''].join(
    '\n',
  );
}
