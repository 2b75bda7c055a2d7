import { describe, expect, test } from 'vitest';
import { cellsOf } from '../../../src/kernel/mm/page_alloc.js';
import { execute } from './execute.js';

/** The value of `result` after a driver's module_init ran this code. */
function init(body: string, declarations = '', arch = 'x86_64'): bigint {
  const run = execute(
    `${declarations}
static long long result;
static int demo_init(void)
{
${body}
	return 0;
}
module_init(demo_init);
P0()
{
	int x = 0;
}`,
    arch,
  );
  expect(run.undefined).toBe(undefined);
  return run.value('result');
}

describe('control flow', () => {
  test.each([
    [
      'loops',
      'int i; for (i = 0; i < 10; i++) { if (i == 3) continue; if (i == 7) break; result += i; }',
      18n,
    ],
    ['do', 'int i = 5; do result += i; while (--i > 2);', 12n],
    ['while with a step of its own', 'while (result < 5) result++;', 5n],
    [
      'switch falls through',
      'switch (3) { case 1: result += 1; case 3: result += 3; case 4: result += 4; break; default: result = 100; }',
      7n,
    ],
    ['switch to default', 'switch (9) { case 1: result = 1; break; default: result = 5; }', 5n],
    ['switch past all', 'switch (9) { case 1: result = 1; }', 0n],
    ['goto', 'int n = 0; again: n++; if (n < 4) goto again; result = n;', 4n],
    ['conditional', 'int a = 3; result = a > 2 ? a + 1 : a - 1;', 4n],
    ['?: without a middle', 'int a = 0; result = a ?: 9;', 9n],
    ['&& and || stop', 'int a = 0; result = (a++ && a++) || (a++ == 1); result = result * 10 + a;', 12n],
    ['comma', 'int a; result = (a = 4, a + 1);', 5n],
    ['old and new values', 'int a = 3; result = a++ * 100 + a; result = result * 100 + --a;', 30403n],
    [
      'a long chain of &&',
      'result = 1; if (result && result == 1 && (result += 1) && result == 2) result = 7;',
      7n,
    ],
  ])('%s', (_, body, expected) => {
    expect(init(`\t${body}`)).toBe(expected);
    expect(init(`\t${body}`, '', 'arm')).toBe(expected);
  });
});

describe('objects', () => {
  const types = `
struct item { signed char c; long l; struct item *next; int a[3]; };
static struct item first = { .c = -1, .a = { 1, 2, 3 } };
static struct item second = { .l = 5, .next = &first };
static int table[4] = { 10, 20, [3] = 40 };
static int counter;
static int bump(int *at, int by) { *at += by; return *at; }
static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static unsigned long twice(unsigned long x) { return 2 * x; }
`;
  test.each([
    ['members through pointers', 'struct item *p = &second; result = p->next->a[1] + p->l;', 7n],
    ['an element by a variable', 'int i = 3; result = table[i] + table[i - 2];', 60n],
    ['a pointer to a local', 'int x = 5; result = bump(&x, 3) * 10 + x;', 88n],
    ['a pointer to an element', 'result = bump(&table[1], 1); result += table[1] * 100;', 2121n],
    ['pointer arithmetic', 'int *p = table; p++; result = *p + p[2] + (&table[3] - p);', 62n],
    ['recursion', 'result = fib(10);', 55n],
    ['64-bit arguments', 'result = twice(0x100000001) >> 32 ?: 7;', 2n],
    ['struct assignment', 'struct item x = first; x.a[0] = 9; result = x.a[0] * 10 + first.a[0] + x.c;', 90n],
    [
      'narrow types wrap',
      'unsigned char u = 250; u += 10; first.c = 200; result = u * 1000 + first.c;',
      4000n + 200n - 256n,
    ],
    [
      'kzalloc by type',
      'struct item *p = kzalloc(sizeof(*p), GFP_KERNEL); p->a[2] = 4; p->next = p; result = p->next->a[2]; kfree(p);',
      4n,
    ],
    [
      'kzalloc of an array',
      'int n = 3; u64 *p = kzalloc(n * sizeof(u64), GFP_KERNEL); p[2] = 1ull << 40; result = p[2] >> 38; kfree(p);',
      4n,
    ],
    ['static locals', 'static int calls = 4; calls++; result = calls;', 5n],
    [
      'an update through a pointer with effects',
      'int *p = table; *p++ += 5; result = table[0] * 100 + *p;',
      1520n,
    ],
  ])('%s', (name, body, expected) => {
    expect(init(`\t${body}`, types)).toBe(expected);
    if (name !== '64-bit arguments') expect(init(`\t${body}`, types, 'arm')).toBe(expected);
  });

  test('an index outside of an array and NULL are undefined', () => {
    const bad = (body: string): string | undefined =>
      execute(`static int table[2]; static int *p; static int f(int i) { ${body} }
static int demo_init(void) { return f(5); }
module_init(demo_init);
P0() { int x; }`).undefined;
    expect(bad('return table[i];')).toBe('bad_pointer');
    expect(bad('return *p;')).toBe('bad_pointer');
    expect(bad('int *q = kzalloc(4, GFP_KERNEL); kfree(q); return *q;')).toBe('use_after_free');
  });
});

describe('macros of kernel headers', () => {
  const types = 'struct arg { u64 a, b; };\nstatic int table[5];\nstatic struct arg one;';
  test.each([
    [
      'min and max',
      'int a = -3; unsigned long b = 9; result = min(a, 4) * 100 + max(b, 8ul) + min_t(unsigned long, b, 4) + max_t(u8, a, 1);',
      -300n + 9n + 4n + 253n,
    ],
    ['ARRAY_SIZE', 'result = ARRAY_SIZE(table);', 5n],
    [
      'bits and pages',
      'unsigned long x = 5000; result = BIT(40) + PAGE_ALIGN(x) + PFN_UP(x) + PFN_DOWN(x) + IS_ALIGNED(x, 8) + offset_in_page(x);',
      (1n << 40n) + 8192n + 2n + 1n + 1n + 904n,
    ],
    [
      'ioctl numbers',
      "switch (_IOWR('D', 3, struct arg)) { case _IOWR('D', 3, struct arg): result = _IOC; }".replace(
        '_IOC',
        "_IOWR('D', 3, struct arg)",
      ),
      0xc0104403n,
    ],
    [
      'hints and prints',
      'int a = 2; if (unlikely(a)) result = 1; if (likely(!a)) result = 2; pr_info("a %d\\n", a++); printk("x"); result = result * 10 + a;',
      13n,
    ],
    ['READ_ONCE and WRITE_ONCE', 'WRITE_ONCE(one.b, 1ull << 33); result = READ_ONCE(one.b);', 1n << 33n],
  ])('%s', (_, body, expected) => {
    expect(init(`\t${body}`, types)).toBe(expected);
  });
});

const DRIVER = `
static int calls;
struct msg { int a; u64 b; };
static struct msg last;
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct msg m = { .a = 1 };
	short s = 0;

	calls++;
	switch (cmd) {
	case 1:
		if (copy_from_user(&m, (void __user *)arg, sizeof(m)))
			return -EFAULT;
		last = m;
		m.a++;
		if (copy_to_user((void __user *)arg, &m, sizeof(m)))
			return -EFAULT;
		return m.a;
	case 3:
		if (get_user(s, (short __user *)(arg + 64)))
			return -EFAULT;
		return put_user(s - 1, (short __user *)(arg + 64)) ?: s;
	}
	return -ENOTTY;
}
static const struct file_operations demo_fops = { .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };
`;

describe.each(['x86_64', 'arm', 'arm_lpae'])('threads on %s', (arch) => {
  test('map, store, load, ioctl and user copies', () => {
    const run = execute(
      `${DRIVER}
P0()
{
	int fd = open("/dev/demo", O_RDWR);
	char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct msg *m = (struct msg *)p;
	short *s = (short *)(p + 64);
	m->a = 41;
	m->b = 0x123456789ab;
	long r = ioctl(fd, 1, (unsigned long)p);
	int a = m->a;
	u64 b = m->b;
	*s = -5;
	long t = ioctl(fd, 3, (unsigned long)p);
	int u = *s;
	int bad = ioctl(fd, 1, 0);
	int none = ioctl(fd, 9, 0);
	p[PAGE_SIZE + 200] += 3;
	p[PAGE_SIZE + 200]++;
	char c = p[PAGE_SIZE + 200];
}`,
      arch,
    );
    expect(run.undefined).toBe(undefined);
    const got = ['0:r', '0:a', '0:b', '0:t', '0:u', '0:bad', '0:none', '0:c', 'calls', 'last.b'].map((n) =>
      run.value(n),
    );
    expect(got).toEqual([42n, 42n, 0x123456789abn, -5n, -6n, -14n, -25n, 4n, 4n, 0x123456789abn]);
  });

  test('a failed mmap leaves its -ERRNO in the pointer', () => {
    const run = execute(
      `${DRIVER}
P0()
{
	char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, 99, 0);
	long e = (long)p;
	int gone = 1;
	p[0] = 1;
	gone = 2;
}`,
      arch,
    );
    expect(run.value('0:e')).toBe(-9n);
    expect(run.value('0:gone')).toBe(1n);
  });
});

test('lowered code leaves no temporaries behind', () => {
  const run = execute(`${DRIVER}
P0()
{
	int fd = open("/dev/demo", O_RDWR);
	char *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	p[0]++;
	int a = (p[0] && ioctl(fd, 3, 0) < 0) ? p[0] + p[8] : fd;
}`);
  expect(run.value('0:a')).toBe(1n);
  const frame = run.k.thread(0) + 8;
  const words = run.k.routines.find((r) => r.name === 'P0')!.words;
  // fd, p (two words), a; everything behind them is scratch
  expect([...run.k.w.slice(frame + 5, frame + 1 + words)].every((w) => w === 0)).toBe(true);
});

test('cells of narrow values keep no sign, whoever writes them', () => {
  const run = execute(`
struct narrow { signed char a; short b; int c; };
static struct narrow n = { -1, -2, -3 };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == 1)
		return put_user(-5, (short __user *)(arg + 64));
	return copy_to_user((void __user *)arg, &n, sizeof(n)) + copy_from_user(&n, (void __user *)arg, sizeof(n));
}
static const struct file_operations demo_fops = { .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };
P0()
{
	int fd = open("/dev/demo", O_RDWR);
	char *p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct narrow *m = (struct narrow *)p;
	long r = ioctl(fd, 7, (unsigned long)p);
	int a = m->a + m->b;
	m->b = -4;
	r = ioctl(fd, 1, (unsigned long)p);
}`);
  const { k } = run;
  const buf = cellsOf(k, k.mem.regions.find((r) => r.name === 'buf')!.index);
  const word = (offset: number): number => k.w[buf + k.program.cells.find((c) => c.offset === offset)!.word]!;
  expect([word(0), word(2), word(4), word(64)]).toEqual([0xff, 0xfffc, -3, 0xfffb]);
  expect(['n.a', 'n.b', '0:a'].map((name) => run.value(name))).toEqual([-1n, -2n, -3n]);
});
