import { describe } from 'vitest';
import { ANONYMOUS, ask, faults, ioctl, OPEN, PRIVATE, READ_SHARED, RETURN_PAGE, SHARED } from './ask.js';

describe('a handler that returns a page', () => {
  const driver = faults(RETURN_PAGE);

  ask('shared: it is mapped and counted', {
    driver,
    threads: `${SHARED} p[0] = 4;`,
    condition: `forall (refcount(buf) = 2 /\\ mapcount(buf) = 1 /\\ 0:rss_file = 1 /\\ 0:vm_normal_page(p) = buf /\\ mem(buf) = 4)`,
  });
  ask('and given back by munmap', {
    driver,
    threads: `${SHARED} p[0] = 4; munmap(p, PAGE_SIZE);`,
    condition: 'forall (refcount(buf) = 1 /\\ mapcount(buf) = 0 /\\ 0:rss_file = 0)',
  });
  ask('private, written: only its copy is mapped', {
    driver,
    threads: `${PRIVATE} p[0] = 4; char x = p[0];`,
    condition: `forall (refcount(buf) = 1 /\\ mapcount(buf) = 0 /\\ 0:rss_file = 0 /\\ 0:rss_anon = 1 /\\ mem(buf) = 0 /\\ 0:x = 4)`,
  });
  ask('private, read and then written: the copy replaces it', {
    driver,
    threads: `${PRIVATE} char w = p[0]; p[0] = 4; char x = p[0];`,
    condition: `forall (refcount(buf) = 1 /\\ mapcount(buf) = 0 /\\ 0:rss_file = 0 /\\ 0:rss_anon = 1 /\\ mem(buf) = 0
      /\\ 0:w = 0 /\\ 0:x = 4)`,
  });
  ask('fork does not copy it: the child would fault again', {
    driver,
    threads: `${SHARED} p[0] = 1; fork();`,
    condition: 'forall (0:present(p) = 1 /\\ 0:c1.present(p) = 0)',
  });
  ask('fork copies and counts it in a VM_MIXEDMAP VMA', {
    driver: faults(RETURN_PAGE, { flags: 'VM_MIXEDMAP' }),
    threads: `${SHARED} p[0] = 1; fork();`,
    condition:
      'forall (0:c1.present(p) = 1 /\\ refcount(buf) = 3 /\\ mapcount(buf) = 2 /\\ 0:c1.rss_file = 1)',
  });
  ask('a page that was allocated in the handler belongs to the mapping', {
    driver: faults('vmf->page = alloc_page(GFP_KERNEL); return 0;'),
    threads: `${READ_SHARED} char x = p[0];`,
    condition: 'exists leaked()',
    result: 'Never',
  });
  ask('with one reference more it is leaked', {
    driver: faults('vmf->page = alloc_page(GFP_KERNEL); get_page(vmf->page); return 0;'),
    threads: `${READ_SHARED} char x = p[0];`,
    condition: 'forall leaked()',
  });
});

describe('a handler that returns', () => {
  const answers: readonly (readonly [string, string])[] = [
    ['VM_FAULT_SIGBUS', 'SIGBUS'],
    ['VM_FAULT_SIGSEGV', 'SIGSEGV'],
  ];
  for (const [answer, signal] of answers) {
    ask(`${answer} ends the process`, {
      driver: faults(`return ${answer};`),
      threads: `${SHARED} int x = 1; p[0] = 1; x = 2;`,
      condition: `forall (0:signal = ${signal} /\\ 0:x = 1)`,
    });
  }
  ask('VM_FAULT_OOM is asked again', {
    driver: faults(`return n++ ? VM_FAULT_SIGBUS : VM_FAULT_OOM;`, { globals: 'static int n;' }),
    threads: `${SHARED} p[0] = 1;`,
    condition: 'forall (0:signal = SIGBUS /\\ n = 2)',
  });
  ask('VM_FAULT_SIGBUS makes gup() fail, and nobody die', {
    driver: faults('return VM_FAULT_SIGBUS;'),
    threads: `${SHARED} int g = gup(p, 0);`,
    condition: 'forall (0:g = -EFAULT /\\ 0:signal = 0)',
  });
});

describe('what a handler is told', () => {
  const driver = faults(
    `written = !!(vmf->flags & FAULT_FLAG_WRITE); copied = vmf->cow_page != NULL; ${RETURN_PAGE}`,
    {
      globals: 'static int written, copied;',
    },
  );
  ask('a shared write', {
    driver,
    threads: `${SHARED} p[0] = 1;`,
    condition: 'forall (written = 1 /\\ copied = 0)',
  });
  ask('a private write, with the copy allocated', {
    driver,
    threads: `${PRIVATE} p[0] = 1;`,
    condition: 'forall (written = 1 /\\ copied = 1)',
  });
  ask('a read', {
    driver,
    threads: `${PRIVATE} char x = p[0];`,
    condition: 'forall (written = 0 /\\ copied = 0)',
  });
});

describe('page_mkwrite', () => {
  const counting = (answer: string): string =>
    faults(RETURN_PAGE, {
      ops: '.page_mkwrite = demo_mkwrite',
      globals: `static int n;\nstatic vm_fault_t demo_mkwrite(struct vm_fault *vmf) { n++; ${answer} }`,
    });
  const LOCKED = 'return VM_FAULT_LOCKED;';
  ask('runs at the first write, not at reads', {
    driver: counting(LOCKED),
    threads: `${SHARED} char x = p[0]; p[0] = 1; p[0] = 2;`,
    condition: 'forall (n = 1 /\\ 0:writable(p) = 1)',
  });
  ask('runs at a write that maps the page', {
    driver: counting(LOCKED),
    threads: `${SHARED} p[0] = 1;`,
    condition: 'forall (n = 1 /\\ mem(buf) = 1)',
  });
  ask('may refuse', {
    driver: counting('return VM_FAULT_SIGBUS;'),
    threads: `${SHARED} char x = p[0]; p[0] = 1;`,
    condition: 'forall (0:signal = SIGBUS /\\ mem(buf) = 0)',
  });
});

describe('anonymous memory', () => {
  const PAGES = 'ram pool = 3 pages; reserved buf = 1 page;';
  ask('reads the zero page, which is not counted', {
    memory: PAGES,
    threads: `${ANONYMOUS} char x = p[0];`,
    condition:
      'forall (0:rss_anon = 0 /\\ 0:vm_normal_page(p) = NULL /\\ 0:x = 0 /\\ 0:is_anon(p) = 0 /\\ 0:writable(p) = 0)',
  });
  ask('is copied from it when written', {
    memory: PAGES,
    threads: `${ANONYMOUS} char x = p[0]; p[0] = 4; char y = p[0];`,
    condition: 'forall (0:rss_anon = 1 /\\ 0:is_anon(p) = 1 /\\ 0:x = 0 /\\ 0:y = 4)',
  });
  ask('is shared with a child until one writes', {
    memory: PAGES,
    threads: `${ANONYMOUS} p[0] = 1; fork();`,
    condition: 'forall (0:pfn(p) = 0:c1.pfn(p) /\\ 0:writable(p) = 0 /\\ 0:c1.writable(p) = 0)',
  });
  ask('has its own copy in who writes', {
    memory: PAGES,
    threads: `${ANONYMOUS} char x; p[0] = 1; int r = fork(); if (r == 0) p[0] = 2; x = p[0];`,
    condition: 'forall (0:x = 1 /\\ 0:c1.x = 2 /\\ ~(0:pfn(p) = 0:c1.pfn(p)))',
  });
  ask('is reused when the child is gone', {
    memory: 'ram pool = 1 page; reserved buf = 1 page;',
    threads: `${ANONYMOUS} p[0] = 1; int r = fork(); if (r == 0) exit(0); waitpid(r); p[0] = 3;`,
    condition: 'forall (0:writable(p) = 1)',
  });
  ask('that is pinned is copied for the child at once', {
    memory: PAGES,
    threads: `${ANONYMOUS} p[0] = 1; int g = gup(p, FOLL_PIN | FOLL_WRITE); fork();`,
    condition: 'forall (0:g = 0 /\\ ~(0:pfn(p) = 0:c1.pfn(p)) /\\ 0:writable(p) = 1)',
  });
});

describe('user copies', () => {
  const body = `struct pair s = { 6, 7 };
        if (cmd == 1)
                return copy_to_user((void __user *)arg, &s, sizeof(s)) ? -EFAULT : 0;
        if (copy_from_user(&s, (void __user *)arg, sizeof(s)))
                return -EFAULT;
        return s.a + s.b;`;
  const driver = ioctl(body, 'struct pair { int a; int b; };');
  ask('fault like accesses', {
    driver,
    threads: `${ANONYMOUS} ${OPEN} int *q = (int *)p; q[0] = 1;
      int r = ioctl(fd, 1, (unsigned long)p); int x = q[0], y = q[1]; q[1] = 8; int s = ioctl(fd, 3, (unsigned long)p);`,
    condition: 'forall (0:r = 0 /\\ 0:x = 6 /\\ 0:y = 7 /\\ 0:s = 14)',
  });
  ask('of nothing mapped are -EFAULT, and no signal', {
    driver,
    threads: `${OPEN} int r = ioctl(fd, 1, 0), s = ioctl(fd, 3, 0);`,
    condition: 'forall (0:r = -EFAULT /\\ 0:s = -EFAULT /\\ 0:signal = 0)',
  });
});
