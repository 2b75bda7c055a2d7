import { expect, test } from 'vitest';
import { parseLitmus } from '../../../src/litmus/load.js';
import { runTest } from '../../../src/run/index.js';
import { grammar } from '../grammar.js';

/** The distinct outcomes of a condition's terms. */
async function outcomes(driver: string, threads: string[], terms: string): Promise<string[]> {
  const bodies = threads.map(
    (body, i) => `P${i}()\n{\n\tint fd = open("/dev/demo", O_RDWR);\n\t${body}\n}\n`,
  );
  const text = `C points\n{ ram pool = 4 pages; reserved buf = 1 page; }\n${driver}\n${bodies.join('')}exists (${terms})\n`;
  const test = parseLitmus({ file: 'points.litmus', text }, grammar);
  const result = await runTest(test, { arch: 'x86_64', release: '7.2' });
  expect(result.exhaustive).toBe(true);
  return result.outcomes.map((o) => o.text).sort();
}

const driver = (body: string, declarations = ''): string => `${declarations}
static int count;
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	${body}
	return 0;
}
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}
static const struct file_operations demo_fops = { .unlocked_ioctl = demo_ioctl, .mmap = demo_mmap };`;

const IOCTL = 'ioctl(fd, 1, 0);';

test('count++ on a global is a read and a write', async () => {
  const got = await outcomes(driver('count++;'), [IOCTL, IOCTL], 'count = 1 \\/ count = 2');
  expect(got).toEqual(['count=1;', 'count=2;']);
});

test('so is one through a pointer to a global', async () => {
  const got = await outcomes(driver('int *p = &count; *p += 1;'), [IOCTL, IOCTL], 'count = 1');
  expect(got).toEqual(['count=1;', 'count=2;']);
});

test('a mutex makes it one', async () => {
  const body = 'mutex_lock(&lock); count++; mutex_unlock(&lock);';
  expect(await outcomes(driver(body, 'static DEFINE_MUTEX(lock);'), [IOCTL, IOCTL], 'count = 1')).toEqual([
    'count=2;',
  ]);
});

test('atomic_inc() is one', async () => {
  const body = 'atomic_inc(&total); count = atomic_read(&total);';
  const got = await outcomes(driver(body, 'static atomic_t total;'), [IOCTL, IOCTL], 'count = 1');
  expect(got).toEqual(['count=1;', 'count=2;']);
});

test('the variables of a call are its own', async () => {
  const body = 'int i, *p = &i; for (i = 0; i < 3; i++) (*p)++; count = i;';
  expect(await outcomes(driver(body), [IOCTL, IOCTL], 'count = 1')).toEqual(['count=4;']);
});

test('user loads and stores of two processes on one page interleave', async () => {
  const map = 'char *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);';
  const got = await outcomes(driver(''), [`${map} p[0]++;`, `${map} p[0]++;`], 'mem(buf) = 1');
  expect(got).toEqual(['mem.buf=1;', 'mem.buf=2;']);
});

test('two locks taken in two orders can block each other', async () => {
  const body = `struct mutex *a = cmd == 1 ? &one : &two, *b = cmd == 1 ? &two : &one;
	mutex_lock(a); mutex_lock(b); count++; mutex_unlock(b); mutex_unlock(a);`;
  const got = await outcomes(
    driver(body, 'static DEFINE_MUTEX(one);\nstatic DEFINE_MUTEX(two);'),
    [IOCTL, 'ioctl(fd, 3, 0);'],
    'deadlock()',
  );
  expect(got.length).toBe(2);
});
