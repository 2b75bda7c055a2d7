/** Draws the present state of a kernel. */
import type { Kernel } from '../../kernel/kernel.js';
import { Freeze, HEAD } from '../../kernel/layout.js';
import { UNDEFINED_IDS } from '../../kernel/routine.js';
import type { Compiled } from '../boot.js';
import { framePictures } from './frames.js';
import { globalPictures } from './globals.js';
import { processPictures } from './processes.js';
import type { Picture } from './types.js';

export type * from './types.js';

/** It reads, and changes nothing. */
export function pictureOf(c: Compiled, k: Kernel): Picture {
  return {
    processes: processPictures(c, k),
    frames: framePictures(c, k),
    globals: globalPictures(c, k),
    kernel: kernelSays(k),
  };
}

function kernelSays(k: Kernel): string[] {
  const { w } = k;
  const said: string[] = [];
  const id = w[HEAD.FROZEN_ID]!;
  if (w[HEAD.FROZEN] === Freeze.Bug) said.push(`BUG in ${k.program.apiNames[id]}()`);
  if (w[HEAD.FROZEN] === Freeze.Undefined) said.push(`undefined behaviour: ${UNDEFINED_IDS[id]}`);
  k.program.apiNames.forEach((name, i) => {
    if ((w[HEAD.WARNED + (i >> 5)]! & (1 << (i & 31))) !== 0) said.push(`WARN in ${name}()`);
  });
  if (w[HEAD.BAD_MAP] !== 0) said.push(`Bad page map reports: ${w[HEAD.BAD_MAP]}`);
  if (w[HEAD.BAD_PAGE] !== 0) said.push(`Bad page state reports: ${w[HEAD.BAD_PAGE]}`);
  return said;
}
