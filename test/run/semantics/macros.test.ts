import { expect, test } from 'vitest';
import { run } from '../support.js';

/** Value of a C expression in a driver, as `r` is printed. */
async function value(expression: string, arch: string, declarations = ''): Promise<string> {
  const r = await run(
    {
      driver: `static long long r;
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        ${declarations}
        r = ${expression};
        return 0;
}
static const struct file_operations demo_fops = { .unlocked_ioctl = demo_ioctl };`,
      threads: 'P0()\n{\n\tint fd = open("/dev/demo", O_RDWR);\n\tioctl(fd, 1, 0);\n}',
      condition: 'exists (r = 0)',
    },
    { arch },
  );
  return r.outcomes[0]!.values.r!;
}

// expected: what gcc computes for the kernel's own definitions, on x86_64 and arm
test.each([
  ['round_up(5, 4)', '8'],
  ['round_up(-5, 4)', '-4'],
  ['round_down(7ul, 4)', '4'],
  ['roundup(7, 3)', '9'],
  ['rounddown(7, 3)', '6'],
  ['DIV_ROUND_UP(9, 2)', '5'],
  ['DIV_ROUND_UP(-5, 2)', '-2'],
  ['ALIGN((u8)5, 8)', '8'],
  ['IS_ALIGNED(0x2000, PAGE_SIZE)', '1'],
  ['PAGE_ALIGNED(0x2001ul)', '0'],
  ['offset_in_page(0x12345)', '837'],
  ['clamp(7, 1, 5) + min3(3, 2, 4) + max3(3, 2, 4)', '11'],
  ['vmf_error(-ENOMEM) == VM_FAULT_OOM', '1'],
  ['vmf_error(-EFAULT) == VM_FAULT_SIGBUS', '1'],
  ['BIT(2) + BIT_ULL(40)', '1099511627780'],
  ['lower_32_bits(0x500000001ULL) + upper_32_bits(0x500000001ULL)', '6'],
])('%s is %s', async (expression, expected) => {
  expect(await value(expression, 'x86_64')).toBe(expected);
  expect(await value(expression, 'arm')).toBe(expected);
});

test.each([
  ['PAGE_ALIGN(x)', '78187495424', '78187495424'],
  ['PFN_DOWN(x)', '19088743', '19088743'],
  ['PFN_UP(x)', '19088744', '19088744'],
  ['round_down(x, PAGE_SIZE)', '78187491328', '78187491328'],
  ['PFN_PHYS(0x123456)', '4886716416', '591749120'],
])('%s keeps 64 bits where the kernel does', async (expression, x86, arm) => {
  const x = 'unsigned long long x = 0x123456789aULL;';
  expect(await value(expression, 'x86_64', x)).toBe(x86);
  expect(await value(expression, 'arm', x)).toBe(arm);
});

test.each(['PAGE_ALIGN(x)', 'round_up(x, 4096)', 'DIV_ROUND_UP(x, PAGE_SIZE)'])(
  '%s of a size near the end wraps around to 0',
  async (expression) => {
    expect(await value(expression, 'x86_64', 'unsigned long x = ~0ul;')).toBe('0');
    expect(await value(expression, 'arm', 'unsigned long x = ~0ul;')).toBe('0');
  },
);

test('macros are constants where C wants them', async () => {
  const uses = 'int a[DIV_ROUND_UP(9, 2)]; switch (cmd) { case BIT(0): a[4] = ARRAY_SIZE(a); }';
  expect(await value('a[4]', 'x86_64', uses)).toBe('5');
});
