/** The processes of a record, as C. `src/replay/machine/lit_play.c` does the same by reading the record. */
import { type Operation, pagesOf, type TestRecord } from './record.js';
import { IOCTLS, plus } from './driver.js';

/** Pages from the start of the arena to the place where mappings are moved to. */
export const MOVED_TO = 8;
/** Free RAM of a test, and which frame a program names that maps "a free frame". */
export const POOL_PAGES = 3;
export const FREE_FRAME = 1;

/** `2 * PAGE_SIZE`. */
function length(pages: number): string {
  return pages === 1 ? 'PAGE_SIZE' : `${pages} * PAGE_SIZE`;
}

/** Whether an operation gives a value: what it is called in the text, `e1` for the first. */
export function resultName(op: Operation, k: number): string | undefined {
  return op.name === 'store' || op.name === 'exit' ? undefined : `e${k + 1}`;
}

export function threadsText(r: TestRecord): string {
  const rival = r.rival === 'none' ? 0 : IOCTLS[r.rival];
  const second = `P1()
{
        int fd = open("/dev/demo", O_RDWR);
        long r = ioctl(fd, ${rival}, 0);
}
`;
  return firstThread(r) + (r.rival === 'none' ? '' : second);
}

function firstThread(r: TestRecord): string {
  const mode = r.fd === 'rdwr' ? 'O_RDWR' : 'O_RDONLY';
  const prot = r.prot === 'write' ? 'PROT_READ | PROT_WRITE' : 'PROT_READ';
  const share = r.share === 'shared' ? 'MAP_SHARED' : 'MAP_PRIVATE';
  const offset = {
    zero: '0',
    linear: '(off_t)buf << PAGE_SHIFT',
    free: `(off_t)(pool + ${FREE_FRAME}) << PAGE_SHIFT`,
  };
  const results = r.ops.flatMap((op, k) => resultName(op, k) ?? []);
  const moves = r.ops.some(({ name }) => name === 'mremap');
  const locals = [
    `int fd = open("/dev/demo", ${mode});`,
    `char *p = mmap(NULL, ${length(pagesOf(r))}, ${prot}, ${share}, fd, ${offset[r.pgoff]});`,
    ...(moves ? ['char *old = p;', 'char *q;'] : []),
    ...results.map((e) => `long ${e} = 0;`),
    ...(r.ops.some(({ name }) => name === 'fork') ? ['int pid;'] : []),
  ];
  const body =
    r.ops.length === 0
      ? []
      : ['', 'if ((long)p < 0)', '        return;', ...r.ops.flatMap((op, k) => opLines(r, op, k))];
  return `P0()\n{\n${[...locals, ...body].map((l) => (l === '' ? '\n' : `        ${l}\n`)).join('')}}\n`;
}

const PROTS = { read: 'PROT_READ', write: 'PROT_READ | PROT_WRITE', none: 'PROT_NONE' } as const;
const GUP_FLAGS = {
  read: '0',
  write: 'FOLL_WRITE',
  force: 'FOLL_WRITE | FOLL_FORCE',
  longterm: 'FOLL_PIN | FOLL_LONGTERM',
} as const;

function opLines(r: TestRecord, op: Operation, k: number): string[] {
  const e = `e${k + 1}`;
  const all = length(pagesOf(r));
  const page = (arg: 'first' | 'second'): string => (arg === 'first' ? 'p[0]' : 'p[PAGE_SIZE]');
  switch (op.name) {
    case 'load':
      return [`${e} = ${page(op.arg)};`];
    case 'store':
      return [`${page(op.arg)} = ${k + 1};`];
    case 'fork':
      return [
        'pid = fork();',
        `${e} = pid < 0 ? pid : 0;`,
        ...(op.arg === 'both' ? [] : [`if (pid ${op.arg === 'child' ? '!=' : '=='} 0)`, '        return;']),
      ];
    case 'munmap':
      return [
        `${e} = munmap(${op.arg === 'second' ? plus('p', 1, 'PAGE_SIZE') : 'p'}, ${op.arg === 'all' ? all : 'PAGE_SIZE'});`,
      ];
    case 'mprotect':
      return [`${e} = mprotect(p, ${all}, ${PROTS[op.arg]});`];
    case 'mremap':
      return [
        `q = mremap(p, ${mremapArguments(r, op.arg)});`,
        `${e} = (long)q < 0 ? (long)q : 0;`,
        'if ((long)q > 0)',
        '        p = q;',
      ];
    case 'madvise':
      return [`${e} = madvise(p, ${all}, MADV_${op.arg.toUpperCase()});`];
    case 'unmap':
      return [`${e} = ioctl(fd, ${op.arg === 'even_cows' ? IOCTLS.unmap_cows : IOCTLS.unmap}, 0);`];
    case 'free':
      return [`${e} = ioctl(fd, ${IOCTLS.free}, 0);`];
    case 'gup':
      return [`${e} = gup(p, ${GUP_FLAGS[op.arg]});`];
    case 'look':
      return [`${e} = ${op.arg}(p);`];
    case 'mlock':
      return [`${e} = mlock(p, ${all});`];
    case 'exit':
      return ['exit(0);'];
  }
}

function mremapArguments(r: TestRecord, arg: 'move' | 'shrink' | 'grow' | 'dontunmap'): string {
  const all = length(pagesOf(r));
  const target = `arena + ${MOVED_TO} * PAGE_SIZE`;
  switch (arg) {
    case 'move':
      return `${all}, ${all}, MREMAP_MAYMOVE | MREMAP_FIXED, ${target}`;
    case 'dontunmap':
      return `${all}, ${all}, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, ${target}`;
    case 'shrink':
      return `${all}, PAGE_SIZE, 0`;
    case 'grow':
      return `${all}, ${length(pagesOf(r) + 1)}, 0`;
  }
}
