/**
 * Error numbers (`include/uapi/asm-generic/errno-base.h`, `errno.h`). All five architectures of the model use the generic
 * numbers; alpha, mips, parisc and sparc would not.
 *
 * The model returns errors as the kernel does: negative, `return -EINVAL`.
 */

/** Every error number that a test may name. */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EIO: 5,
  ENXIO: 6,
  E2BIG: 7,
  ENOEXEC: 8,
  EBADF: 9,
  ECHILD: 10,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EFAULT: 14,
  ENOTBLK: 15,
  EBUSY: 16,
  EEXIST: 17,
  EXDEV: 18,
  ENODEV: 19,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENFILE: 23,
  EMFILE: 24,
  ENOTTY: 25,
  ETXTBSY: 26,
  EFBIG: 27,
  ENOSPC: 28,
  ESPIPE: 29,
  EROFS: 30,
  EMLINK: 31,
  EPIPE: 32,
  EDOM: 33,
  ERANGE: 34,
  EDEADLK: 35,
  ENAMETOOLONG: 36,
  ENOLCK: 37,
  ENOSYS: 38,
  ENODATA: 61,
  ETIME: 62,
  EPROTO: 71,
  EOVERFLOW: 75,
  EOPNOTSUPP: 95,
  ETIMEDOUT: 110,
  EALREADY: 114,
  EINPROGRESS: 115,
  ECANCELED: 125,
  EHWPOISON: 133,
  ERESTARTSYS: 512,
} as const;

export const {
  EPERM,
  ENOENT,
  ESRCH,
  EINTR,
  EIO,
  ENXIO,
  E2BIG,
  EBADF,
  ECHILD,
  EAGAIN,
  ENOMEM,
  EACCES,
  EFAULT,
  EBUSY,
  EEXIST,
  ENODEV,
  EINVAL,
  EMFILE,
  ENOTTY,
  ETXTBSY,
  ENOSPC,
  EMLINK,
  ENODATA,
  EROFS,
  EPIPE,
  ENOSYS,
  EOVERFLOW,
  EOPNOTSUPP,
  EHWPOISON,
} = ERRNO;

/** Largest error number that fits in an error pointer (`include/linux/err.h:MAX_ERRNO`). */
export const MAX_ERRNO = 4095;

/** Whether a result is -errno (`include/linux/err.h:IS_ERR_VALUE`). */
export function isErrno(result: number): boolean {
  return result < 0 && result >= -MAX_ERRNO;
}

const names = new Map<number, string>(Object.entries(ERRNO).map(([name, n]) => [n, name]));

/** Name of an error number given as `EINVAL` or `-EINVAL` would be (22 or -22); undefined if it is none. */
export function errnoName(n: number): string | undefined {
  return names.get(Math.abs(n));
}
