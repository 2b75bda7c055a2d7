import { describe } from 'vitest';
import { ANONYMOUS, ask, OPEN, READ_SHARED } from './ask.js';

/** Counts what is called: ioctl 1 gives the releases, 2 the opens, 3 the closes. */
const COUNTING = `static int releases, opens, closes, order;
static int demo_release(struct inode *inode, struct file *file) { releases++; order = order * 10 + 2; return 0; }
static void demo_vm_open(struct vm_area_struct *vma) { opens++; }
static void demo_vm_close(struct vm_area_struct *vma) { closes++; order = order * 10 + 1; }
static const struct vm_operations_struct demo_vm_ops = { .open = demo_vm_open, .close = demo_vm_close };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        vma->vm_ops = &demo_vm_ops;
        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        return cmd == 1 ? releases : cmd == 2 ? opens : closes;
}
static const struct file_operations demo_fops = {
        .mmap = demo_mmap, .release = demo_release, .unlocked_ioctl = demo_ioctl,
};`;

const FIXED =
  'mmap(arena, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0)';
const MAPS = `P0() { char *p = ${FIXED}; p[0] = 1; }\nP1() { char *p = arena; char y = p[0]; }`;
const TOGETHER = 'ram pool = 3 pages; reserved buf = 2 pages; threads P0 P1;';

describe('processes', () => {
  ask('have their own memory', {
    threads: `P0() { ${ANONYMOUS} p[0] = 1; char x = p[0]; }\nP1() { ${ANONYMOUS} p[0] = 2; char y = p[0]; }`,
    condition: 'forall (0:x = 1 /\\ 1:y = 2)',
  });
  ask('have their own files', {
    driver: COUNTING,
    threads: `P0() { ${OPEN} }\nP1() { int r = ioctl(3, 1, 0); }`,
    condition: 'forall (1:r = -EBADF)',
  });
});

describe('threads of one process', () => {
  ask('share memory', {
    memory: TOGETHER,
    threads: MAPS,
    condition: 'exists (1:y = 1)',
    result: 'Sometimes',
  });
  ask('die together', {
    memory: TOGETHER,
    threads: MAPS,
    condition: 'forall (0:signal = 1:signal)',
  });
  ask('share files', {
    memory: TOGETHER,
    driver: COUNTING,
    threads: `P0() { ${OPEN} }\nP1() { int r = ioctl(3, 1, 0); }`,
    condition: 'exists (1:r = 0)',
    result: 'Sometimes',
  });
});

describe('release', () => {
  ask('runs when the last descriptor and the last mapping are gone, before the next step', {
    driver: COUNTING,
    threads: `int g = open("/dev/demo", O_RDWR); ${READ_SHARED}
      close(fd); int a = ioctl(g, 1, 0); munmap(p, PAGE_SIZE); int b = ioctl(g, 1, 0);`,
    condition: 'forall (0:a = 0 /\\ 0:b = 1)',
  });
  ask('waits for the child', {
    driver: COUNTING,
    threads: `${OPEN} int pid = fork(); if (pid == 0) { close(fd); exit(0); } waitpid(pid);
      int a = ioctl(fd, 1, 0); close(fd);`,
    condition: 'forall (releases = 1 /\\ 0:a = 0)',
  });
  ask('comes after close of the VMA', {
    driver: COUNTING,
    threads: `${READ_SHARED} close(fd); munmap(p, PAGE_SIZE);`,
    condition: 'forall (order = 12)',
  });
  ask('comes after close of the VMA at exit', {
    driver: COUNTING,
    threads: `${READ_SHARED} exit(0);`,
    condition: 'forall (order = 12)',
  });
  ask('comes when a signal ends the process', {
    driver: COUNTING,
    threads: `${READ_SHARED} p[0] = 1;`,
    condition: 'forall (0:signal = SIGSEGV /\\ releases = 1 /\\ closes = 1)',
  });
});

describe('open and close of a VMA', () => {
  ask('come for the copy of a child', {
    driver: COUNTING,
    threads: `${READ_SHARED} int pid = fork(); if (pid == 0) exit(0); waitpid(pid);`,
    condition: 'forall (opens = 1 /\\ closes = 1)',
  });
  ask('do not come for a process that has returned: it lives', {
    driver: COUNTING,
    threads: `${READ_SHARED} fork();`,
    condition: 'forall (opens = 1 /\\ closes = 0)',
  });
  ask('come for the parts of a split', {
    driver: COUNTING,
    threads: `${OPEN} char *p = mmap(NULL, 3 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0); munmap(p + PAGE_SIZE, PAGE_SIZE);`,
    condition: 'forall (opens = 2 /\\ closes = 1)',
  });
});

describe('fork', () => {
  ask('copies variables', {
    threads: 'int a = 1; int r = fork(); if (r == 0) a = 2;',
    condition: 'forall (0:r > 0 /\\ 0:c1.r = 0 /\\ 0:a = 1 /\\ 0:c1.a = 2)',
  });
  ask("names children in the order of their parent's forks", {
    threads: `int x = 3; int r = fork(); if (r == 0) { x = 4; if (fork() == 0) x = 6; return; }
      r = fork(); if (r == 0) x = 5;`,
    condition: 'forall (0:x = 3 /\\ 0:c1.x = 4 /\\ 0:c1.c1.x = 6 /\\ 0:c2.x = 5 /\\ 0:c3.x = none)',
  });
  ask('is waited for', {
    threads: 'int r = fork(); if (r == 0) exit(7); int w = waitpid(r); int same = w == r;',
    condition: 'forall (0:same = 1)',
  });
  ask('leaves who waits for a child that has returned waiting, which is no deadlock', {
    threads: `${ANONYMOUS} int x = 1; p[0] = 1; int r = fork(); if (r == 0) return; waitpid(r); x = 2;`,
    condition: 'forall (0:x = 1 /\\ ~deadlock() /\\ ~leaked() /\\ 0:bad_rss = 0 /\\ 0:c1.bad_rss = 0)',
  });
  ask('lets threads of one process wait, too', {
    memory: TOGETHER,
    threads: `P0() { ${ANONYMOUS} p[0] = 1; int r = fork(); if (r == 0) return; waitpid(r); }\nP1() { int y = 1; }`,
    condition: 'forall (~deadlock() /\\ ~leaked() /\\ 0:bad_rss = 0)',
  });
});

describe('a process that has ended', () => {
  ask('keeps its variables, and all else is dead', {
    threads: `${READ_SHARED} int x = 5; exit(1); x = 6;`,
    condition: 'forall (0:x = 5 /\\ 0:present(p) = dead /\\ 0:rss_anon = dead /\\ 0:signal = 0)',
  });
  ask('tells its signal, as a child does', {
    threads: 'int r = fork(); if (r == 0) *(char *)NULL = 1;',
    condition: 'forall (0:c1.signal = SIGSEGV /\\ 0:signal = 0)',
  });
});
