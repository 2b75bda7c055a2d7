/** open(), close(), ioctl() of character devices: `fs/open.c`, `fs/ioctl.c`. Arguments take two words each. */
import type { Kernel } from '../kernel.js';
import { routine, UnknownError, type Routine } from '../routine.js';
import { CapacityError } from '../layout.js';
import { handle, HandleKind } from '../handle.js';
import { EBADF, ENOENT, ENOTTY } from '../errno.js';
import { O_ACCMODE, O_APPEND, O_RDONLY, O_RDWR, O_WRONLY } from '../uapi.js';
import { FMODE_APPEND, FMODE_READ, FMODE_WRITE } from '../world.js';
import { fdAt, fget, fput } from './file_table.js';

/** Local words of {@link sysOpen}: driver number (or -1), flags, then the file. */
const OPEN = { DRIVER: 1, FLAGS: 3, FILE: 5, WORDS: 5 } as const;

/** open("/dev/NAME", flags): a new struct file; ->open may refuse it. Returns the descriptor or -errno. */
export const sysOpen: Routine = routine('fs/open.c:do_sys_open', OPEN.WORDS, (k, f, pc) => {
  if (pc === 0) {
    const driver = k.w[f + OPEN.DRIVER]!;
    if (driver < 0) return k.ret(f, -ENOENT);
    const file = k.allocFile();
    file.mode = driver | fmode(k.w[f + OPEN.FLAGS]!);
    file.refs = 1;
    k.w[f + OPEN.FILE] = file.slot;
    const open = k.program.drivers[driver]!.open;
    if (open === undefined) return k.goto(f, 2);
    k.arg(0, handle(HandleKind.Inode, driver));
    k.arg(1, handle(HandleKind.File, file.slot));
    return k.callC(f, 1, open);
  }
  const file = k.files[k.w[f + OPEN.FILE]!]!;
  const err = k.takeRet();
  if (err !== 0) {
    file.clear();
    return k.ret(f, err);
  }
  k.ret(f, installFd(k, file.slot));
});

function fmode(flags: number): number {
  const acc = flags & O_ACCMODE;
  let mode = (flags & O_APPEND) !== 0 ? FMODE_APPEND : 0;
  if (acc === O_RDONLY || acc === O_RDWR) mode |= FMODE_READ;
  if (acc === O_WRONLY || acc === O_RDWR) mode |= FMODE_WRITE;
  return mode;
}

/** The lowest free descriptor, from 3. */
function installFd(k: Kernel, slot: number): number {
  for (let fd = 3; ; fd++) {
    const at = fdAt(k, k.currentProc, fd);
    if (at < 0) throw new CapacityError('fds');
    if (k.w[at] !== 0) continue;
    k.w[at] = slot + 1;
    return fd;
  }
}

/** close(fd). */
export const sysClose: Routine = routine('fs/open.c:close_fd', 2, (k, f, pc) => {
  if (pc === 1) {
    k.takeRet();
    return k.ret(f, 0);
  }
  const at = fdAt(k, k.currentProc, k.w[f + 1]!);
  if (at < 0 || k.w[at] === 0) return k.ret(f, -EBADF);
  const slot = k.w[at]! - 1;
  k.w[at] = 0;
  k.w[k.call(f, 1, fput) + 1] = slot;
});

/** Local words of {@link sysIoctl}: descriptor, command, argument, then the file and the result. */
const IOCTL = { FD: 1, CMD: 3, ARG: 5, FILE: 7, RET_LO: 8, RET_HI: 9, WORDS: 9 } as const;

/**
 * Commands that the VFS answers itself, whatever the driver has (`fs/ioctl.c:do_vfs_ioctl`): FIGETBSZ, which many a first test
 * takes for a free number, then FIONBIO, FIONCLEX, FIOCLEX, FIOASYNC, FIOQSIZE.
 */
const VFS_IOCTLS: ReadonlySet<number> = new Set([2, 0x5421, 0x5450, 0x5451, 0x5452, 0x5460]);

/**
 * ioctl(fd, cmd, arg): ->unlocked_ioctl without mmap_lock; -ENOTTY without a handler. The file is held meanwhile.
 * @throws UnknownError for a command that never reaches a driver
 */
export const sysIoctl: Routine = routine('fs/ioctl.c:do_vfs_ioctl', IOCTL.WORDS, (k, f, pc) => {
  if (pc === 0) {
    const file = fget(k, k.currentProc, k.w[f + IOCTL.FD]!);
    if (file === undefined) return k.ret(f, -EBADF);
    const cmd = k.w[f + IOCTL.CMD]! >>> 0;
    if (VFS_IOCTLS.has(cmd))
      throw new UnknownError(`ioctl() command ${cmd} is the VFS's own: no driver sees it`);
    const handler = k.program.drivers[file.driver]!.unlockedIoctl;
    if (handler === undefined) return k.ret(f, -ENOTTY);
    file.refs += 1;
    k.w[f + IOCTL.FILE] = file.slot;
    k.arg(0, handle(HandleKind.File, file.slot));
    k.arg(1, cmd | 0);
    k.arg(2, k.w[f + IOCTL.ARG]!, k.w[f + IOCTL.ARG + 1]!);
    return k.callC(f, 1, handler);
  }
  if (pc === 1) {
    k.w[f + IOCTL.RET_LO] = k.takeRet();
    k.w[f + IOCTL.RET_HI] = k.hi;
    k.w[k.call(f, 2, fput) + 1] = k.w[f + IOCTL.FILE]!;
    return;
  }
  k.takeRet();
  k.ret(f, k.w[f + IOCTL.RET_LO]!, k.w[f + IOCTL.RET_HI]!);
});
