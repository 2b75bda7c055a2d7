import { expect, test } from 'vitest';
import { UnknownError } from '../../../src/kernel/routine.js';
import { execute } from './execute.js';

const TYPES = `
struct in { u8 a; s8 b; short c; };
struct out { u32 n; struct in i; u64 q; void *p; struct in list[2]; };
static struct out o = { .n = 0x11223344, .i = { 0x55, -2, -3 }, .q = 0x0102030405060708, .list = { { 1, 2, 3 }, { 4, 5, 6 } } };
static u8 bytes[8] = { 1, 2, 3, 4, 0xff, 6, 7, 0x88 };
static int numbers[4] = { 10, 20, 30, 40 };
static void *any;
static struct mutex lock;
`;

function run(body: string, arch = 'x86_64'): ReturnType<typeof execute> {
  return execute(
    `${TYPES}
static long long result;
static int demo_init(void)
{
	${body}
	return 0;
}
module_init(demo_init);
P0() { int x; }`,
    arch,
  );
}

test.each([
  ['a narrower look at a number', 'result = *(u8 *)&o.n * 1000 + *(u16 *)&numbers[3];', 0x44n * 1000n + 40n],
  ['signs are those of the look', 'result = *(s8 *)&bytes[4] * 1000 + *(u8 *)&o.i.b;', -1000n + 254n],
  ['a wider look at bytes', 'result = *(u32 *)bytes;', 0x04030201n],
  ['a wider look behind other bytes', 'u32 *p = (u32 *)bytes; result = p[1];', 0x880706ffn],
  ['64 bits of bytes', 'result = *(u64 *)bytes;', BigInt.asIntN(64, 0x880706ff04030201n)],
  ['32 of 64 bits', 'u32 *p = (u32 *)&o.q; result = p[1] - p[0];', 0x01020304n - 0x05060708n + 0x100000000n],
  ['a member, several at once', 'result = *(u32 *)&o.i;', 0xfffdfe55n],
  ['an array of structs as bytes', 'result = ((u32 *)o.list)[1];', 0x00060504n],
  [
    'stores of parts',
    '*(u8 *)&o.n = 9; *(u16 *)&o.i = 0x8001; result = o.n * 1000ull + o.i.a * 10 + o.i.b;',
    0x11223309n * 1000n + 10n - 128n,
  ],
  [
    'stores of several',
    '*(u32 *)bytes = 0xff000001; result = bytes[0] * 1000 + bytes[3] + bytes[4];',
    1000n + 255n + 255n,
  ],
  [
    'offsets in bytes',
    'void *p = &o; result = *(u64 *)(p + sizeof(u32) + sizeof(struct in));',
    0x0102030405060708n,
  ],
  ['offsets through char pointers', 'char *p = (char *)&numbers[3]; p -= 8; result = *(int *)p;', 20n],
  ['from the end backwards', 'int *p = numbers + 4; p--; result = *p; p -= 3; result += *p;', 50n],
  ['differences in bytes', 'result = (char *)&o.list[1].c - (char *)&o;', 8n + 8n + 8n + 4n + 2n],
  [
    'differences in objects',
    'result = &o.list[1] - o.list; result = result * 10 + ((numbers + 4) - numbers);',
    14n,
  ],
  ['through void pointers', 'any = numbers; int *p = any; result = p[2];', 30n],
  [
    'the heap',
    'struct out *p = kzalloc(2 * sizeof(*p), GFP_KERNEL); void *v = p; p[1].i.c = 7; v += sizeof(*p); result = ((struct out *)v)->i.c; kfree(p);',
    7n,
  ],
  [
    'locals',
    'struct in x[2] = { { 1, 2, 3 }, { 4, 5, 6 } }; void *v = x; result = ((struct in *)(v + 4))->c;',
    6n,
  ],
  [
    'NULL moves like a number',
    'struct out *p = NULL; void *q = &p->q; result = q == NULL; q -= 8; result = result * 10 + (q == NULL);',
    1n,
  ],
])('%s', (_, body, expected) => {
  const { undefined: id, value } = run(body);
  expect(id).toBe(undefined);
  expect(value('result')).toBe(expected);
});

test.each([
  ['before an object', 'int *p = numbers; result = p[-1];', 'bad_pointer'],
  [
    'behind an allocation',
    'int *p = kzalloc(8, GFP_KERNEL), *q = kzalloc(8, GFP_KERNEL); result = p[2] + q[0];',
    'bad_pointer',
  ],
  ['freed', 'struct out *p = kzalloc(sizeof(*p), GFP_KERNEL); kfree(p); result = p->i.c;', 'use_after_free'],
  [
    'a freed lock',
    'struct mutex *m = &lock; struct holder { int a; struct mutex m; } *h = kzalloc(sizeof(*h), GFP_KERNEL); m = &h->m; kfree(h); mutex_lock(m);',
    'use_after_free',
  ],
  ['a member behind NULL', 'struct out *p = NULL; u64 *q = &p->q; result = *q;', 'bad_pointer'],
  ['a variable of a call that is over', 'any = dangling(); result = *(int *)any;', 'bad_pointer'],
])('what is not there: %s', (_, body, id) => {
  const text = body.includes('dangling()')
    ? execute(`${TYPES}
static long long result;
static void *dangling(void) { int x = 1; return &x; }
static int demo_init(void) { ${body} return 0; }
module_init(demo_init);
P0() { int x; }`)
    : run(body);
  expect(text.undefined).toBe(id);
});

test.each([
  ['bytes of a pointer', 'result = *(u8 *)&o.p;', /bytes of a kernel pointer/],
  ['a number as a pointer', 'void **p = (void **)&o.q; any = *p;', /a number taken for a kernel pointer/],
  ['a pointer as a number', 'result = *(u64 *)&o.p;', /bytes of a kernel pointer/],
  ['a pointer into a number', 'u8 *p = (u8 *)&o.n; p++; result = *p;', /into the middle/],
  ['unrelated pointers', 'result = &numbers[1] - (int *)&bytes[0];', /different objects/],
])('what is not modelled ends the run: %s', (_, body, message) => {
  expect(() => run(body)).toThrow(UnknownError);
  expect(() => run(body)).toThrow(message);
});
