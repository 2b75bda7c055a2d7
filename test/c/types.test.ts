import { describe, expect, test } from 'vitest';
import type { DataModel } from '../../src/c/types.js';
import { show, showPlace, showStatement } from './show.js';
import { check, checkOk, ILP32, LP64 } from './support.js';

/** The typed value of `return E;` in a function that returns what E is. */
async function valueOf(
  expression: string,
  model: DataModel = LP64,
  result = 'unsigned long long',
): Promise<string> {
  const text = `static ${result} f(int i, unsigned int u, long l, unsigned long ul, char c, unsigned char uc, short s, bool b, u64 q, struct vm_area_struct *vma)
{
	return ${expression};
}`;
  const { program } = await checkOk(text, model);
  return showStatement(program.functions.get('f')!.body).replace(/^return /, '');
}

describe('integer types follow C', () => {
  test.each([
    ['i + u', '((unsigned int)i + u)'],
    ['c + uc', '((int)c + (int)uc)'],
    ['l + u', '(l + (long)u)'],
    ['s << c', '((int)s << (int)c)'],
    ['i < ul', '((unsigned long)i < ul)'],
    ['-1 < 1u', '0:int'],
    ['~0u', '4294967295:unsigned int'],
    ['0x7fffffff + 1', '-2147483648:int'],
    ['1 << 31', '-2147483648:int'],
    ['0xffffffff', '4294967295:unsigned int'],
    ['0x100000000', '4294967296:long'],
    ['18446744073709551615u', '18446744073709551615:unsigned long'],
    ['(u8)300', '44:u8'],
    ['(s8)200', '-56:s8'],
    ['(bool)512', '1:bool'],
    ['-7 / 2', '-3:int'],
    ['-7 % 2', '-1:int'],
    ['-8 >> 1', '-4:int'],
    ['sizeof(long)', '8:unsigned long'],
    ["'a' + 1", '98:int'],
    ['PAGE_SIZE * 2', '8192:unsigned long'],
    ['(u64)pool << PAGE_SHIFT', '((unsigned long long)pool << 12:unsigned int)'],
  ])('%s', async (expression, typed) => {
    expect(await typeOf(expression)).toBe(typed);
  });

  /** As it stands in a call that takes anything, so that no conversion comes on top. */
  async function typeOf(expression: string): Promise<string> {
    const text = `static void f(int i, unsigned int u, long l, unsigned long ul, char c, unsigned char uc, short s, bool b, u64 q)
{
	(void)(${expression});
}`;
    const { program } = await checkOk(text);
    return showStatement(program.functions.get('f')!.body).replace(/^\(void\)/, '');
  }

  test('long and size_t have 32 bits on ILP32', async () => {
    expect(await valueOf('sizeof(long) + sizeof(void *)', ILP32, 'unsigned long')).toBe('8:unsigned long');
    expect(await valueOf('l + u', ILP32, 'unsigned long')).toBe('((unsigned long)l + (unsigned long)u)');
    expect(await valueOf('0xffffffff + 1', ILP32, 'unsigned long')).toBe('0:unsigned long');
    expect(await valueOf('4294967296 >> 4', ILP32, 'unsigned long')).toBe('268435456:unsigned long');
  });
});

describe('parentheses and casts', () => {
  test.each([
    ['(i) & l == 3', '(i & (int)(l == 3:long))', '(i & (l == 3:long))'],
    ['((i)) & u', '', '((unsigned int)i & u)'],
    ['(u32)(i) + 1u', '', '((unsigned int)i + 1:unsigned int)'],
    ['(vma)->vm_end - vma->vm_start', '', '(*vma.vm_end - *vma.vm_start)'],
    ['sizeof (vma)->vm_end', '', '8:unsigned long'],
    ['i ? l : u', '', '(i ? l : (long)u)'],
    ['i ?: u', '', ''],
  ])('%s', async (expression, _, shown) => {
    if (shown === '') await expect(valueOf(expression)).rejects.toThrow(/one type/);
    else expect(await valueOf(expression)).toContain(shown);
  });
});

test('initialisers: designators, nesting, elided braces', async () => {
  const { program } = await checkOk(`
struct in { int a, b; };
struct out { struct in x[2]; int n; };
static struct out o = { { { 1 }, { .b = 4 } }, 5 };
static struct out p = { 1, 2, 3, 4, 5 };
static struct out q = { .x[1].a = 7, .n = 8, };
static int m[] = { 1, [4] = 2, 3 };
`);
  const shown = program.globals.map((g) =>
    g.init.map((e) => `${showPlace(e.target)}=${show(e.value)}`.replaceAll(':int', '')).join(' '),
  );
  expect(shown).toEqual([
    'o.x[0].a=1 o.x[1].b=4 o.n=5',
    'p.x[0].a=1 p.x[0].b=2 p.x[1].a=3 p.x[1].b=4 p.n=5',
    'q.x[1].a=7 q.n=8',
    'm[0]=1 m[4]=2 m[5]=3',
  ]);
  expect(program.globals[3]!.type).toMatchObject({ kind: 'array', length: 6 });
});

test('layout of structs', async () => {
  const text = `
struct s { char c; long l; short h; u64 q; void *p; };
static unsigned long n = sizeof(struct s);
`;
  const size = async (model: DataModel): Promise<string> =>
    show((await checkOk(text, model)).program.globals[0]!.init[0]!.value);
  expect(await size(LP64)).toBe('40:unsigned long');
  expect(await size(ILP32)).toBe('32:unsigned long');
});

test('compound assignment computes in the common type and converts back', async () => {
  const { program } = await checkOk(`static void f(unsigned char c, int i, u64 q)
{
	c += i;
	i <<= q;
	c++;
	--q;
}`);
  expect(showStatement(program.functions.get('f')!.body).split('\n')).toEqual([
    'c +=[int, new] i',
    'i <<=[int, new] q',
    'c +=[int, old] 1:int',
    'q -=[unsigned long long, new] 1:unsigned long long',
  ]);
});

test('threads: every pointer is a byte address; memory through it has the type written', async () => {
  const { threads } = await checkOk(`
struct msg { int a; u64 b; };
#define CMD _IOW('D', 1, int)
P0()
{
	char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, 3, 0);
	long r = ioctl(3, CMD, (unsigned long)p);
	p[PAGE_SIZE] = 1;
	((struct msg *)p)->b = 2;
	r = (int)(p == MAP_FAILED);
}`);
  expect(showStatement(threads[0]!.body).split('\n')).toEqual([
    'local p; p = (char __user *)mmap(0:void __user *, 4096:size_t, 1:int, 1:int, 3:int, 0:loff_t)',
    'local r; r = ioctl(3:int, 1074021377:unsigned int, (unsigned long)p)',
    '*(p + 4096:unsigned long*1) = 1:char',
    '*(struct msg __user *)p.b = 2:u64',
    'r = (long)(p == 18446744073709551615:void __user *)',
  ]);
});

test('switch, goto, static locals, recursion, macros', async () => {
  const { program } = await checkOk(`
#define LIMIT (4 * 2)
enum state { IDLE, BUSY = 5, DONE };
static int depth(int n);
static int f(int n)
{
	static int calls = LIMIT;

	calls++;
	switch (n) {
	case BUSY:
		n = 1;
	case DONE: {
		default:
			goto out;
	}
	}
out:
	return n ? depth(n - 1) : calls;
}
static int depth(int n)
{
	return f(n);
}`);
  expect(program.globals.map((g) => g.name)).toEqual(['f.calls']);
  expect(showStatement(program.functions.get('f')!.body)).toContain('switch n {5:@0 6:@1}');
});

test('messages name types as they were written', async () => {
  const { sink } = await check(`
typedef u32 mode_bits;
struct demo { mode_bits mode; pgprot_t prot; };
static void f(struct demo *d, u64 *wide, mode_bits *bits)
{
	wide = bits;
	d->prot = d->mode;
	bits = d->mode + 1;
}`);
  expect(sink.diagnostics.map((d) => d.expected)).toEqual([
    '`u64 *`, found `mode_bits *`',
    '`pgprot_t`, found `mode_bits`',
    '`mode_bits *`, found `unsigned int`',
  ]);
});
