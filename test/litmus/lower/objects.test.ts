import { expect, test } from 'vitest';
import { UnknownError } from '../../../src/kernel/routine.js';
import { execute, type Executed } from './execute.js';

const TYPES = `
struct in { u8 a; s8 b; short c; };
struct demo { int n; struct in i[2]; u64 q; struct mutex lock; void *p; unsigned long bits[2]; atomic_t count; refcount_t refs; };
static struct demo one = { .n = -5, .i = { { 1, -2, -3 }, { 4, -5, -6 } }, .q = 1ull << 40, .p = &one };
static struct demo two;
static u8 bytes[6];
static unsigned long flags;
static int state = 3;
static void *owner;
union word { u64 both; struct { u32 low, high; } half; s64 list[1]; };
union tagged { struct { u8 kind; u32 size; } head; struct { u8 kind; u32 size; u64 more; } large; };
struct inner { int pad; struct in list[3]; };
struct outer { u16 first; struct inner in; struct mutex lock; union word w; };
static struct outer outer = { .w.half.high = 7 };
static union word word = { 5 };
`;

function run(body: string, arch: string): Executed {
  const text = `${TYPES}
static long long result;
static int demo_init(void)
{
	${body}
	return 0;
}
module_init(demo_init);
P0() { int x; }`;
  return execute(text, arch);
}

test.each([
  [
    'memcpy() of a struct',
    'memcpy(&two, &one, sizeof(two)); result = two.n + two.i[1].c + (two.q >> 40) + (two.p == &one);',
    -9n,
  ],
  [
    'memcpy() gives its first argument',
    'struct demo *d = memcpy(&two, &one, sizeof(one)); result = d->n;',
    -5n,
  ],
  [
    'memcpy() of a part',
    'memcpy(&two.i[1], &one.i[0], sizeof(struct in)); result = two.i[1].c * 10 + two.i[0].c;',
    -30n,
  ],
  [
    'memcpy() into bytes',
    'memcpy(bytes + 1, &one.n, 4); result = bytes[0] * 1000 + bytes[1] + bytes[5];',
    251n,
  ],
  [
    'memcpy() of bytes into numbers',
    'bytes[2] = 1; bytes[4] = 0xff; memcpy(&one.i[0].c, bytes + 2, 2); result = one.i[0].c; memcpy(&one.i[0].b, bytes + 4, 1); result = result * 10 + one.i[0].b;',
    9n,
  ],
  [
    'memset() to 0',
    'memset(&one, 0, sizeof(one)); result = one.n + one.q + one.i[1].a + (one.p == NULL);',
    1n,
  ],
  [
    'memset() to ones',
    'memset(one.i, 0xff, sizeof(one.i)); result = one.i[0].a * 10 + one.i[0].b + one.i[1].c;',
    2548n,
  ],
  ['memset() of a part of a number', 'memset(&one.n, 0, 2); result = one.n;', -65536n],
  [
    'assignment through pointers',
    'struct demo *a = &one, *b = &two; *b = *a; result = b->i[1].b + (two.p == a);',
    -4n,
  ],
  [
    'assignment of a member',
    'struct in x = one.i[1]; two.i[0] = x; one.i[0] = two.i[0]; result = one.i[0].a * 10 + one.i[0].b;',
    35n,
  ],
  [
    'assignment to an element of a local array',
    'struct in x[2], *p = &one.i[1]; int i = 1; x[i] = *p; result = x[1].c;',
    -6n,
  ],
  ['initialisation by a value', 'struct in x = one.i[1], *p = &x; struct in y = *p; result = y.c;', -6n],
  [
    'copies of page contents',
    'char *k = page_address(alloc_page(GFP_KERNEL)); struct in *w = (struct in *)k; w[1] = one.i[1]; memcpy(&two.i[0], &w[1], sizeof(*w)); struct in z = w[1]; result = two.i[0].c * 10 + z.b; memset(k, 0, PAGE_SIZE); result = result * 10 + w[1].c;',
    -650n,
  ],
  [
    'vmalloc areas',
    'u32 *v = vmalloc_user(2 * PAGE_SIZE); u32 seven = 7; *v = 5; result = *v; memcpy(v, &seven, sizeof(seven)); result = result * 10 + *v; vfree(v);',
    57n,
  ],
  [
    'container_of()',
    'struct mutex *m = &outer.lock; struct outer *p = container_of(m, struct outer, lock); result = (p == &outer) * 10 + (container_of(&p->in, struct outer, in) == p);',
    11n,
  ],
  [
    'container_of() of parts',
    'short *s = &outer.in.list[2].c; struct outer *p = container_of(s, struct outer, in.list[2].c); result = (p == &outer);',
    1n,
  ],
  [
    'container_of() of locals and the heap',
    'struct outer x; struct outer *h = kzalloc(sizeof(*h), GFP_KERNEL); void *v = &h->w; result = (container_of(&x.in, struct outer, in) == &x) * 10 + (container_of(v, struct outer, w) == h);',
    11n,
  ],
  [
    'offsetof()',
    'result = offsetof(struct outer, in) * 100 + sizeof(union word); static int a[offsetof(struct outer, in)]; result = result * 10 + ARRAY_SIZE(a);',
    4084n,
  ],
  [
    'unions',
    'result = word.half.low + outer.w.both / (1ull << 32); word.list[0] = -1; word.half.low = 1; result = result * 10 + word.half.high / 0x10000001 + (word.both == 0xffffffff00000001);',
    136n,
  ],
  [
    'unions of structs',
    'union tagged t; t.large.more = 9; t.head.size = 3; t.large.kind = 1; union tagged u = t; union tagged *p = &u; result = p->large.more * 100 + p->large.size * 10 + p->head.kind;',
    931n,
  ],
  [
    'xchg()',
    'result = xchg(&state, 7) * 10 + state; owner = &one; result = result * 10 + (xchg(&owner, NULL) == &one) + (owner == NULL);',
    372n,
  ],
  [
    'cmpxchg()',
    'result = cmpxchg(&state, 4, 9) * 10 + state; result = result * 100 + cmpxchg(&state, 3, 9) * 10 + state; ',
    3339n,
  ],
  [
    'cmpxchg() of 64 bits',
    'u64 was = cmpxchg(&one.q, 1ull << 40, 1ull << 41); result = (was >> 40) * 10 + (one.q >> 40);',
    12n,
  ],
  [
    'bits',
    'set_bit(1, &flags); set_bit(3, &flags); clear_bit(1, &flags); result = flags * 100 + test_bit(3, &flags) * 10 + test_and_set_bit(0, &flags); result = result * 10 + flags;',
    8109n,
  ],
  ['more bits', 'change_bit(5, &flags); result = test_and_clear_bit(5, &flags) * 10 + flags;', 10n],
  ['bitmaps', 'set_bit(BITS_PER_LONG + 2, one.bits); result = one.bits[0] * 10 + one.bits[1];', 4n],
  ['the highest bit', 'set_bit(BITS_PER_LONG - 1, &flags); result = flags >> (BITS_PER_LONG - 8);', 128n],
  [
    'atomic_xchg() and atomic_cmpxchg()',
    'result = atomic_xchg(&one.count, 5) * 10 + atomic_cmpxchg(&one.count, 4, 1); result = result * 10 + atomic_cmpxchg(&one.count, 5, 1); result = result * 10 + atomic_read(&one.count);',
    551n,
  ],
  [
    'conditional increments',
    'result = refcount_inc_not_zero(&one.refs); refcount_set(&one.refs, 1); result = result * 10 + refcount_inc_not_zero(&one.refs); result = result * 10 + refcount_read(&one.refs); result = result * 10 + atomic_add_unless(&one.count, 4, 0); result = result * 10 + atomic_inc_not_zero(&one.count);',
    1200n,
  ],
])('%s', (_, body, expected) => {
  for (const arch of ['x86_64', 'arm']) {
    const done = run(body, arch);
    expect(done.undefined).toBe(undefined);
    expect(done.value('result')).toBe(expected);
  }
});

test.each([
  ['memset() of a pointer to ones', 'memset(&one.p, 1, sizeof(one.p));', UnknownError],
  ['memcpy() of half a pointer', 'memcpy(&two.p, &one.p, 2);', UnknownError],
  ['memcpy() of a pointer into bytes', 'memcpy(bytes, &one.p, 4);', UnknownError],
  ['a bit of something else', 'set_bit(0, (unsigned long *)&one.p);', UnknownError],
])('%s ends the run', (_, body, error) => {
  expect(() => run(body, 'x86_64')).toThrow(error);
});

test.each([
  ['memset() beyond the object', 'memset(&state, 0, 8);'],
  ['memcpy() from NULL', 'memcpy(&one, NULL, sizeof(one));'],
  ['a bit beyond the object', 'set_bit(200, &flags);'],
])('%s is undefined', (_, body) => {
  expect(run(body, 'x86_64').undefined).toBe('bad_pointer');
});
