/** Codes of C that is not supported. */
import type { CodeDoc } from '../diagnostics.js';

export const UNSUPPORTED_CODES: readonly CodeDoc[] = [
  {
    code: 'PFN1010',
    title: 'Unsupported C',
    explanation:
      'This construct has no meaning in the model, or is so rare in drivers that it is left out: ' +
      'assembly, nested functions, setjmp, variable argument lists, thread-local and register ' +
      'storage.',
    example: `static void f(void)
{
	asm volatile("nop");
}`,
    fix: `static void f(void)
{
}`,
  },
  {
    code: 'PFN1011',
    title: 'Floating point',
    explanation: 'Kernel code has no floating point, and the model neither.',
    example: `static double ratio;`,
    fix: `static unsigned long ratio;`,
  },
  {
    code: 'PFN1012',
    title: 'Bit-field',
    explanation: 'Bit-fields are not supported. A whole integer with masks does the same.',
    example: `struct demo {
	unsigned int busy : 1;
};`,
    fix: `struct demo {
	unsigned int busy;
};`,
  },
  {
    code: 'PFN1013',
    title: 'Unnamed member',
    explanation: 'Structs and unions inside of others are supported if they have a name.',
    example: `struct value {
	union {
		int i;
		long l;
	};
};`,
    fix: `struct value {
	union {
		int i;
		long l;
	} number;
};`,
  },
  {
    code: 'PFN1014',
    title: 'Variadic function',
    explanation: 'Functions with `...` can be declared by the kernel and called, but not defined here.',
    example: `static void log(const char *fmt, ...)
{
}`,
    fix: `static void log(const char *fmt)
{
}`,
  },
  {
    code: 'PFN1015',
    title: 'Array without a size',
    explanation:
      'The size of an array is a constant, or follows from its initialiser. Flexible and variable ' +
      'arrays are not supported.',
    example: `static int slots[];`,
    fix: `static int slots[4];`,
  },
  {
    code: 'PFN1016',
    title: 'Statement expression',
    explanation: 'GNU statement expressions are not supported. A static inline function does the same.',
    example: `static int f(int a)
{
	return ({ a++; a; });
}`,
    fix: `static int f(int a)
{
	a++;
	return a;
}`,
  },
  {
    code: 'PFN1017',
    title: 'Compound literal',
    explanation: 'Objects without a name are not supported.',
    example: `struct s {
	int a;
};
static void f(void)
{
	struct s x;

	x = (struct s){ .a = 1 };
}`,
    fix: `struct s {
	int a;
};
static void f(void)
{
	struct s x = { .a = 1 };

	x.a++;
}`,
  },
  {
    code: 'PFN1018',
    title: 'Unsupported designator',
    explanation:
      'Designators are `.field` and `[index]`, in any combination. Ranges and the old `field:` form are ' +
      'not supported.',
    example: `static int a[4] = { [0 ... 3] = 1 };`,
    fix: `static int a[4] = { 1, 1, 1, 1 };`,
  },
  {
    code: 'PFN1019',
    title: 'Computed goto',
    explanation: 'Labels have no addresses here: `goto` takes the name of a label.',
    example: `static void f(void)
{
	void *p = &&out;
out:
	return;
}`,
    fix: `static void f(void)
{
	goto out;
out:
	return;
}`,
  },
  {
    code: 'PFN1020',
    title: 'Attribute that changes layout',
    explanation:
      'Packed or aligned objects have another layout than C gives them. The model does not follow that.',
    example: `struct s {
	char a;
	int b;
} __packed;`,
    fix: `struct s {
	char a;
	int b;
};`,
  },
  {
    code: 'PFN1021',
    title: 'Bad character or string',
    explanation:
      "A character constant holds one ASCII character; escape sequences are C's; wide literals are not " +
      'supported.',
    example: `static int c = 'ab';`,
    fix: `static int c = 'a';`,
  },
  {
    code: 'PFN1022',
    title: 'Parameters without types',
    explanation: 'Definitions in the style of before 1989 are not supported.',
    example: `static int f(a)
	int a;
{
	return a;
}`,
    fix: `static int f(int a)
{
	return a;
}`,
  },
  {
    code: 'PFN1023',
    title: 'Case range',
    explanation: 'GNU case ranges are not supported.',
    example: `static int f(int a)
{
	switch (a) {
	case 1 ... 3:
		return 1;
	}
	return 0;
}`,
    fix: `static int f(int a)
{
	switch (a) {
	case 1:
	case 2:
	case 3:
		return 1;
	}
	return 0;
}`,
  },
  {
    code: 'PFN1024',
    title: 'Thread with parameters',
    explanation:
      'Threads are `P0()`, `P1()` ... without parameters. Memory is described in the block before the ' +
      'driver, variables are declared inside.',
    example: `P0(int *x)
{
	*x = 1;
}`,
    fix: `P0()
{
	int x = 1;
}`,
  },
  {
    code: 'PFN1025',
    title: 'Misplaced __user',
    explanation: '`__user` marks what a pointer points to, so it stands before a `*`.',
    example: `static unsigned long __user arg;`,
    fix: `static long f(void __user *arg)
{
	return (long)(unsigned long)arg;
}`,
  },
  {
    code: 'PFN1026',
    title: 'Macro that contains itself',
    explanation: 'The value of a macro is expanded where it is used; one that needs itself has none.',
    example: `#define A (B + 1)
#define B (A + 1)
static int x = A;`,
    fix: `#define A (B + 1)
#define B 1
static int x = A;`,
  },
  {
    code: 'PFN1027',
    title: 'Bad integer',
    explanation:
      'Integers are decimal, octal (0...), hexadecimal (0x...) or binary (0b...), with a suffix of u, ' +
      'l, ll; they have at most 64 bits.',
    example: `static unsigned long x = 0x1ffffffffffffffff;`,
    fix: `static unsigned long x = 0x1fffffff;`,
  },
  {
    code: 'PFN1028',
    title: 'Object too large',
    explanation:
      'Every word of every object is part of every state: large objects make a state space that nobody ' +
      'can search.',
    example: `static char image[1000000];`,
    fix: `static char image[16];`,
  },
  {
    code: 'PFN1029',
    title: 'Function pointer outside a table',
    explanation:
      'Functions are called by their names. Their addresses can stand only in `struct file_operations` ' +
      'and `struct vm_operations_struct`.',
    example: `static int f(void)
{
	return 0;
}
static int (*hook)(void) = f;`,
    fix: `static int f(void)
{
	return 0;
}
static int g(void)
{
	return f();
}`,
  },
  {
    code: 'PFN1030',
    title: 'String that is not an argument',
    explanation:
      'Strings are understood as arguments of calls, such as the path of open(). The model has no ' +
      'objects for their characters.',
    example: `static void f(void)
{
	const char *name = "demo";
}`,
    fix: `static void f(void)
{
	printk("demo");
}`,
  },
];
