/** Operations as C, as a litmus test has them: `p` is the first page of the program's memory. */
import { FOLL_LONGTERM, FOLL_WRITE } from '../kernel/flags.js';
import { MADV_DONTNEED, MAP_SHARED, O_RDWR, PROT_NONE, PROT_WRITE } from '../kernel/uapi.js';
import type { Compiled } from '../run/boot.js';
import { Kind, POINTER, type Operation } from './operations.js';
import { addressText, cellText, lengthText } from './units.js';

/** An operation with what only its state tells: where it is placed, what it gave. */
export interface Deed {
  readonly thread: number;
  readonly operation: Operation;
  /** First page of what mmap() maps, or of where mremap() moves what grows. */
  readonly place: number;
  result: number | undefined;
}

function prot(bits: number): string {
  if (bits === PROT_NONE) return 'PROT_NONE';
  return (bits & PROT_WRITE) !== 0 ? 'PROT_READ | PROT_WRITE' : 'PROT_READ';
}

function foll(bits: number): string {
  if (bits === 0) return '0';
  return (bits & FOLL_LONGTERM) !== 0
    ? 'FOLL_WRITE | FOLL_LONGTERM'
    : bits === FOLL_WRITE
      ? 'FOLL_WRITE'
      : String(bits);
}

/** The variable that holds a descriptor. */
export function fdText(fd: number): string {
  return fd === 3 ? 'fd' : `fd${fd}`;
}

/** A statement, without its semicolon. */
export function statement(c: Compiled, { operation: o, place, result }: Deed): string {
  const at = addressText(c, o.a);
  const range = `${at}, ${lengthText(c, o.a, o.b)}`;
  switch (o.kind) {
    case Kind.Open: {
      const device = c.lowered.program.drivers[o.a]!.name;
      const fd = fdText(result !== undefined && result >= 3 ? result : 3);
      return `${fd} = open("/dev/${device}", ${o.b === O_RDWR ? 'O_RDWR' : 'O_RDONLY'})`;
    }
    case Kind.Close:
      return `close(${fdText(o.a)})`;
    case Kind.Mmap: {
      const type = o.d === MAP_SHARED ? 'MAP_SHARED' : 'MAP_PRIVATE';
      const text = o.offset!.text;
      const offset = text === '0' ? '0' : `(off_t)${/\W/.test(text) ? `(${text})` : text} << PAGE_SHIFT`;
      return `mmap(${addressText(c, place)}, ${lengthText(c, 0, o.b)}, ${prot(o.c)}, ${type} | MAP_FIXED, ${fdText(o.a)}, ${offset})`;
    }
    case Kind.Munmap:
      return `munmap(${range})`;
    case Kind.Mprotect:
      return `mprotect(${range}, ${prot(o.c)})`;
    case Kind.Madvise:
      return `madvise(${range}, ${o.c === MADV_DONTNEED ? 'MADV_DONTNEED' : 'MADV_DONTFORK'})`;
    case Kind.Move: {
      const moved = lengthText(c, 0, o.c);
      return `mremap(${at}, ${moved}, ${moved}, MREMAP_MAYMOVE | MREMAP_FIXED, ${addressText(c, o.b)})`;
    }
    case Kind.Grow:
      return o.b === 0
        ? `mremap(${at}, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE)`
        : `mremap(${at}, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, ${addressText(c, place)})`;
    case Kind.Load:
      return `r = ${cellText(c, o.a)}`;
    case Kind.Store:
      return `${cellText(c, o.a)} = ${o.b}`;
    case Kind.Gup:
      return `gup(${at}, ${foll(o.b)})`;
    case Kind.GupFast:
      return `gup_fast(${at}, ${foll(o.b)})`;
    case Kind.Put:
      return `put(${at})`;
    case Kind.ProcmemWrite:
      return `procmem_write(${at}, ${o.b})`;
    case Kind.Ioctl:
      return `ioctl(${fdText(o.a)}, ${o.b}, ${o.d === POINTER ? '(unsigned long)p' : o.c})`;
    case Kind.Fork:
      return 'fork()';
    default:
      return 'exit(0)';
  }
}
