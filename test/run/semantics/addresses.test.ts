import { describe } from 'vitest';
import { ANONYMOUS, ask, ioctl } from './ask.js';

const page = (name: string, at = 'NULL', flags = ''): string =>
  `char *${name} = mmap(${at}, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS${flags}, -1, 0);`;

describe('mmap', () => {
  ask('leaves one page free between mappings', {
    threads: `${page('p')} ${page('q')} long d = q - p;`,
    condition: 'forall (0:d = 8192)',
  });
  ask('takes the lowest free place', {
    threads: `${page('p')} ${page('q')} munmap(p, PAGE_SIZE); ${page('s')}`,
    condition: 'forall (0:s = 0:p)',
  });
  ask('takes a free address without MAP_FIXED, rounded down', {
    threads: `char *h = arena + 8 * PAGE_SIZE; ${page('p', 'h')} ${page('q', 'h + PAGE_SIZE + 1')} long d = q - p;`,
    condition: 'forall (0:p = 0:h /\\ 0:d = 4096)',
  });
  ask('takes another if the address is taken', {
    threads: `${page('p')} ${page('q', 'p')}`,
    condition: 'forall (~(0:q = 0:p) /\\ 0:present(p) = 0)',
  });
  ask('places with MAP_FIXED, and replaces what is there', {
    threads: `${ANONYMOUS} p[0] = 1; ${page('q', 'p', ' | MAP_FIXED')}`,
    condition: 'forall (0:p = 0:q /\\ 0:present(p) = 0)',
  });
  ask('does not replace with MAP_FIXED_NOREPLACE', {
    threads: `${ANONYMOUS} p[0] = 1; ${page('q', 'p', ' | MAP_FIXED_NOREPLACE')}`,
    condition: 'forall (0:q = -EEXIST /\\ 0:present(p) = 1)',
  });
});

describe('user pointers', () => {
  ask('are compared, not shown', {
    threads: `${page('p')} char *q = p + PAGE_SIZE; int less = p < q;`,
    condition: 'forall (0:q = 0:p + PAGE_SIZE /\\ 0:less = 1 /\\ ~(0:p = 4096) /\\ ~(0:p = NULL))',
  });
  ask('keep the error of mmap()', {
    driver: ioctl(''),
    threads: `int fd = open("/dev/demo", O_RDWR); char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
      int n = (long)p, null = p == NULL, failed = p == MAP_FAILED;`,
    condition: 'forall (0:p = -ENODEV /\\ 0:n = -ENODEV /\\ 0:null = 0 /\\ 0:failed = 0)',
  });
  ask('are unsigned longs and back', {
    threads: `${page('p')} unsigned long u = (unsigned long)p; char *q = (char *)(u + PAGE_SIZE); long d = q - p;`,
    condition: 'forall (0:d = 4096)',
  });
});
