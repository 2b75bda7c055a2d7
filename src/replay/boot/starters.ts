import type { Qemu } from '../kernels/catalogue.js';
import { accelerated, type Accelerator } from './accelerator.js';
import type { Starter } from './machine.js';

/** Starts `kernel` in QEMU. */
export function qemuStarter(qemu: Qemu, kernel: string, accelerator: Accelerator = 'tcg'): Starter {
  return (initramfs, append) => ({
    program: qemu.program,
    args: [
      ...accelerated(qemu.args, accelerator),
      '-kernel',
      kernel,
      '-initrd',
      initramfs,
      '-append',
      `${qemu.append} ${append}`.trim(),
    ],
  });
}

/**
 * Starts User-mode Linux. It keeps a directory in HOME and memory in a file of TMPDIR, which must not be mounted
 * noexec.
 */
export function umlStarter(kernel: string, memory = '128M'): Starter {
  return (initramfs, append, directory) => ({
    // Linux 6.1 puts its memory at a random place otherwise, so that frames differ from run to run.
    program: 'setarch',
    args: [
      '-R',
      kernel,
      `mem=${memory}`,
      `initrd=${initramfs}`,
      ...['con=null', 'con0=null,fd:1', 'con1=null', 'ssl=null'],
      ...['panic=-1', 'loglevel=6', ...append.split(' ').filter((word) => word !== '')],
    ],
    env: { HOME: directory, TMPDIR: directory },
  });
}
