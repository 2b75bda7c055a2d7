import { expect, test } from 'vitest';
import { show, showStatement } from './show.js';
import { check, checkOk, ILP32, LP64 } from './support.js';

const TYPES = `
struct in { int a; short b[3]; };
typedef struct outer { u8 first; struct in i; u64 q; void *any; } outer_t;
union u { int i; long l; struct in in; };
`;

test('offsetof() is a constant', async () => {
  const text = `${TYPES}static int n[offsetof(struct outer, q)];\nstatic unsigned long m = offsetof(union u, in);`;
  for (const model of [LP64, ILP32]) {
    const { globals } = (await checkOk(text, model)).program;
    expect(globals[0]!.type).toMatchObject({ kind: 'array', length: 16 });
    expect(show(globals[1]!.init[0]!.value)).toBe('0:unsigned long');
  }
});

test('sizes of unions', async () => {
  const text = `${TYPES}static unsigned long n = sizeof(union u);\nstatic union u x = { 7 }, y = { .l = 8 };`;
  const { globals } = (await checkOk(text)).program;
  expect(globals.map((g) => show(g.init[0]!.value))).toEqual(['16:unsigned long', '7:int', '8:long']);
});

test('container_of() has the type of the container', async () => {
  const { program } = await checkOk(`${TYPES}
static outer_t *f(short *p)
{
	return container_of((p), outer_t, i.b[1]);
}`);
  expect(showStatement(program.functions.get('f')!.body)).toBe(
    'return container_of(p, *0:struct outer *.i.b[1:int])',
  );
});

test.each([
  ['container_of(p, struct outer, i)', 'PFN1108', 'found `int *`'],
  ['container_of(p, struct outer, nothing)', 'PFN1105', 'has no member `nothing`'],
  ['container_of(p, struct outer, i.c)', 'PFN1105', '`struct in` has no member `c`'],
  ['container_of(p, struct outer, q[1])', 'PFN1114', 'is not an array'],
  ['container_of(p, struct file, private_data)', 'PFN1138', 'a struct that the driver defines'],
  ['container_of(p, int, a)', 'PFN1115', 'has no members'],
  ['container_of(p, outer_t)', 'PFN1110', 'a pointer, a type and a member'],
  ['container_of(p, outer_t, i + 1)', 'PFN1110', 'this is not a member'],
  ['container_of(user, outer_t, i.a)', 'PFN1108', 'found `int __user *`'],
  ['offsetof(struct outer, nothing)', 'PFN1105', 'has no member'],
  ['(union in *)p', 'PFN1106', '`in` is a struct'],
])('%s', async (expression, code, text) => {
  const { sink } = await check(`${TYPES}
static void f(int *p, int __user *user)
{
	void *q = ${expression};
}`);
  const [first] = sink.diagnostics;
  expect(first).toMatchObject({ code });
  expect(`${first!.message} ${first!.expected}`).toContain(text);
});

test('a union has one first value', async () => {
  const { sink } = await check(`${TYPES}static union u x = { 1, 2 };`);
  expect(sink.diagnostics.map((d) => d.code)).toEqual(['PFN1125']);
});
