/** Codes of statements, constants and initialisers. */
import type { CodeDoc } from '../diagnostics.js';

export const SEMANTIC_CODES: readonly CodeDoc[] = [
  {
    code: 'PFN1118',
    title: 'break or continue outside of a loop',
    explanation: '`break` leaves a loop or switch, `continue` goes on with a loop.',
    example: `static void f(void)
{
	break;
}`,
    fix: `static void f(void)
{
	for (;;)
		break;
}`,
  },
  {
    code: 'PFN1119',
    title: 'Unknown label',
    explanation: '`goto` needs a label of the same function.',
    example: `static void f(void)
{
	goto out;
}`,
    fix: `static void f(void)
{
	goto out;
out:
	return;
}`,
  },
  {
    code: 'PFN1120',
    title: 'Label twice',
    explanation: 'A label stands once in a function.',
    example: `static void f(void)
{
out:
out:
	return;
}`,
    fix: `static void f(void)
{
out:
	return;
}`,
  },
  {
    code: 'PFN1121',
    title: 'case outside of a switch',
    explanation: '`case` and `default` belong to a switch.',
    example: `static void f(void)
{
	case 1: return;
}`,
    fix: `static void f(int a)
{
	switch (a) {
	case 1: return;
	}
}`,
  },
  {
    code: 'PFN1122',
    title: 'case twice',
    explanation: 'A value has one `case`, and a switch one `default`.',
    example: `static void f(int a)
{
	switch (a) {
	case 1:
	case 1:
		break;
	}
}`,
    fix: `static void f(int a)
{
	switch (a) {
	case 1:
	case 2:
		break;
	}
}`,
  },
  {
    code: 'PFN1123',
    title: 'Not a constant',
    explanation:
      'Array sizes, case labels, enumerators and static initialisers must be known before the program ' +
      'runs.',
    example: `static int n = 3;
static int m = n;`,
    fix: `#define N 3
static int n = N;
static int m = N;`,
  },
  {
    code: 'PFN1124',
    title: 'Region name where a constant is needed',
    explanation:
      'The names of the memory block are numbers that are known when the test starts, not before: on a ' +
      'real machine the memory is allocated then.',
    example: `static unsigned long first = buf;`,
    fix: `static unsigned long first(void)
{
	return buf;
}`,
  },
  {
    code: 'PFN1125',
    title: 'Bad initialiser',
    explanation:
      'The initialiser does not fit the object: too many values, a list for one value, a value for an ' +
      'array.',
    example: `static int a[2] = { 1, 2, 3 };`,
    fix: `static int a[2] = { 1, 2 };`,
  },
  {
    code: 'PFN1127',
    title: 'User pointer dereferenced',
    explanation:
      'Kernel code must not follow a pointer into user memory: the page may be absent, or not be what ' +
      'it seems.',
    example: `static int f(int __user *p)
{
	return *p;
}`,
    fix: `static int f(int __user *p)
{
	int x = 0;

	if (get_user(x, p))
		return -EINVAL;
	return x;
}`,
  },
  {
    code: 'PFN1129',
    title: 'Handler with a wrong signature',
    explanation: 'The function in a table of operations must have exactly the type of its slot.',
    example: `static int demo_fault(struct vm_fault *vmf)
{
	return 0;
}
static const struct vm_operations_struct ops = { .fault = demo_fault };`,
    fix: `static vm_fault_t demo_fault(struct vm_fault *vmf)
{
	return 0;
}
static const struct vm_operations_struct ops = { .fault = demo_fault };`,
  },
  {
    code: 'PFN1130',
    title: "Address of a thread's variable",
    explanation:
      'In threads all pointers point to mapped memory; variables are what the condition observes, and ' +
      'have no address.',
    example: `P0()
{
	int x = 0;
	int *p = &x;
}`,
    fix: `P0()
{
	int *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, 3, 0);
	int x = *p;
}`,
  },
  {
    code: 'PFN1132',
    title: 'Driver name in a thread',
    explanation:
      'Threads are user programs: they share types, enumerators and macros with the driver, as by a ' +
      'header, but neither objects nor functions.',
    example: `static int revoked;
P0()
{
	revoked = 1;
}`,
    fix: `static int revoked;
P0()
{
	int fd = open("/dev/demo", O_RDWR);
	ioctl(fd, 1, 0);
}`,
  },
  {
    code: 'PFN1133',
    title: 'Struct by value',
    explanation: 'Structs are passed and returned by pointers.',
    example: `struct s {
	int a;
};
static int f(struct s s)
{
	return s.a;
}`,
    fix: `struct s {
	int a;
};
static int f(struct s *s)
{
	return s->a;
}`,
  },
  {
    code: 'PFN1135',
    title: 'Index outside of the array',
    explanation: 'The constant index is not that of an element.',
    example: `static int a[4];
static int f(void)
{
	return a[4];
}`,
    fix: `static int a[4];
static int f(void)
{
	return a[3];
}`,
  },
  {
    code: 'PFN1136',
    title: 'Division by zero',
    explanation: 'The divisor is the constant 0.',
    example: `static int f(int a)
{
	return a / 0;
}`,
    fix: `static int f(int a)
{
	return a / 2;
}`,
  },
  {
    code: 'PFN1137',
    title: 'Shift too far',
    explanation:
      'The shift count is negative or not less than the width of the left operand: C leaves the result ' +
      'undefined.',
    example: `static unsigned long long f(unsigned int pfn)
{
	return pfn << 32;
}`,
    fix: `static unsigned long long f(unsigned int pfn)
{
	return (unsigned long long)pfn << 32;
}`,
  },
  {
    code: 'PFN1138',
    title: 'Size not known',
    explanation: 'The type is opaque in the model, or not defined.',
    example: `static unsigned long f(void)
{
	return sizeof(struct file);
}`,
    fix: `static unsigned long f(void)
{
	return sizeof(struct file *);
}`,
  },
  {
    code: 'PFN1139',
    title: 'Parameter without a name',
    explanation: 'In a definition every parameter has a name.',
    example: `static int f(int)
{
	return 0;
}`,
    fix: `static int f(int a)
{
	return 0;
}`,
  },
  {
    code: 'PFN1140',
    title: 'Unknown macro at file scope',
    explanation:
      'Outside of functions, calls are macros that declare something: DEFINE_MUTEX(), module_init() and ' +
      'the like.',
    example: `static DEFINE_MUTX(lock);`,
    fix: `static DEFINE_MUTEX(lock);`,
  },
];
