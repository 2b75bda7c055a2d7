/** PFN3001 to PFN3049: C that is right, but that the model cannot run. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { sample } from './sample.js';

const MMAP = [
  'static int demo_mmap(struct file *file, struct vm_area_struct *vma)',
  '{',
  '\treturn 0;',
  '}',
].join('\n');
const FOPS = 'static const struct file_operations demo_fops = { .mmap = demo_mmap };';
const MAPPED = [
  '\tint fd = open("/dev/demo", O_RDWR);',
  '\tchar *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);',
].join('\n');

/** A driver and a P0 that maps it and goes on with these lines. */
function thread(...lines: string[]): string {
  return sample({
    driver: `${MMAP}\n${FOPS}`,
    threads: `P0()\n{\n${MAPPED}\n${lines.map((l) => `\t${l}\n`).join('')}\tint x = 0;\n}`,
  });
}

/** A driver whose ioctl has this body. */
function ioctl(before: string, ...lines: string[]): string {
  const driver = [
    before,
    'static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)',
    '{',
    ...lines.map((l) => `\t${l}`),
    '\treturn 0;',
    '}',
    'static const struct file_operations demo_fops = { .unlocked_ioctl = demo_ioctl };',
  ];
  return sample({ driver: driver.filter((l) => l !== '').join('\n') });
}

export const LOWERING_CODES = {
  PFN3001: {
    code: 'PFN3001',
    title: 'an offset inside a page that is not constant',
    explanation:
      'A page has one cell for each constant offset that the test uses. The offset of every access must follow from the text: whole ' +
      'pages may be counted by variables, bytes inside a page not.',
    example: thread('for (int i = 0; i < 100; i++)', '\tp[i] = 1;'),
    fix: thread('for (int i = 0; i < 100; i++)', '\tp[i * PAGE_SIZE] = 1;'),
  },
  PFN3002: {
    code: 'PFN3002',
    title: 'accesses of different widths at one place',
    explanation:
      'A cell has the width of the first access to it. Accesses that overlap in part have no meaning in the model.',
    example: thread('p[0] = 1;', '*(int *)p = 2;'),
    fix: thread('p[0] = 1;', '*(int *)(p + 4) = 2;'),
  },
  PFN3003: {
    code: 'PFN3003',
    title: 'a table of operations used as data',
    explanation:
      'Tables of operations are fixed when the test is compiled: a VMA is given the address of one, and nothing else can be done with them.',
    example: ioctl('static struct vm_operations_struct ops;', 'ops.fault = NULL;'),
    fix: ioctl('static const struct vm_operations_struct ops = { .fault = NULL };'),
  },
  PFN3004: {
    code: 'PFN3004',
    title: 'the address of a member of a kernel object',
    explanation:
      'Members of kernel objects are read and assigned one by one; they have no addresses in the model.',
    example: ioctl('', 'void **p = &file->private_data;'),
    fix: ioctl('', 'void *p = file->private_data;'),
  },
  PFN3005: {
    code: 'PFN3005',
    title: 'a table of file operations that serves no device',
    explanation:
      'The `struct file_operations` called NAME_fops serves /dev/NAME. A table with another name is never used.',
    example: sample({
      driver: `${MMAP}\nstatic const struct file_operations operations = { .mmap = demo_mmap };`,
    }),
    fix: sample({ driver: `${MMAP}\n${FOPS}` }),
  },
  PFN3006: {
    code: 'PFN3006',
    title: 'no driver serves this path',
    explanation:
      'open() takes the path of a device of the test: /dev/NAME, where the driver part has a table NAME_fops.',
    example: sample({
      driver: `${MMAP}\n${FOPS}`,
      threads: 'P0()\n{\n\tint x = open("/dev/dmeo", O_RDWR);\n}',
    }),
    fix: sample({
      driver: `${MMAP}\n${FOPS}`,
      threads: 'P0()\n{\n\tint x = open("/dev/demo", O_RDWR);\n}',
    }),
  },
  PFN3007: {
    code: 'PFN3007',
    title: 'a macro that needs constants',
    explanation: 'Numbers of ioctl commands are computed when the test is compiled.',
    example: ioctl('', 'if (_IO(arg, 1) == cmd)', '\treturn 1;'),
    fix: ioctl('', "if (_IO('D', 1) == cmd)", '\treturn 1;'),
  },
  PFN3008: {
    code: 'PFN3008',
    title: 'a whole struct read or written at once',
    explanation:
      'Structs are copied between objects of the driver, or from and to user memory by copy_from_user() and copy_to_user(). ' +
      'Threads access members one by one.',
    example: sample({
      driver: `struct pair {\n\tint a, b;\n};\n${MMAP}\n${FOPS}`,
      threads: `P0()\n{\n${MAPPED}\n\tstruct pair s;\n\ts = *(struct pair *)p;\n\tint x = 0;\n}`,
    }),
    fix: sample({
      driver: `struct pair {\n\tint a, b;\n};\n${MMAP}\n${FOPS}`,
      threads: `P0()\n{\n${MAPPED}\n\tstruct pair s;\n\ts.a = ((struct pair *)p)->a;\n\tint x = 0;\n}`,
    }),
  },
  PFN3009: {
    code: 'PFN3009',
    title: 'a user copy of unknown size',
    explanation:
      'A copy between user memory and the kernel moves cells, so its size must be that of the object, and constant.',
    example: ioctl('static int value;', 'copy_from_user(&value, (void __user *)arg, cmd);'),
    fix: ioctl('static int value;', 'copy_from_user(&value, (void __user *)arg, sizeof(value));'),
  },
  PFN3010: {
    code: 'PFN3010',
    title: 'a function that is too large',
    explanation: 'A compiled function has at most 8000 steps and 500 words of variables.',
    example: ioctl('', 'long big[300];', 'big[0] = 1;'),
    fix: ioctl('', 'long small[30];', 'small[0] = 1;'),
  },
  PFN3011: {
    code: 'PFN3011',
    title: 'an allocation of something unknown',
    explanation:
      'Objects lie in words, not in bytes: what is allocated must follow from the type of the pointer that takes the result, or from a ' +
      '`sizeof` in the size.',
    example: ioctl('', 'void *p = kzalloc(16, GFP_KERNEL);', 'kfree(p);'),
    fix: ioctl('', 'u64 *p = kzalloc(16, GFP_KERNEL);', 'kfree(p);'),
  },
  PFN3012: {
    code: 'PFN3012',
    title: 'a kernel pointer copied as bytes',
    explanation:
      'Pointers to kernel objects have no numeric value in the model, and locks and counters no bytes: user space can neither be shown them ' +
      'nor set them.',
    example: ioctl(
      'struct msg {\n\tvoid *p;\n};',
      'struct msg m;',
      'copy_from_user(&m, (void __user *)arg, sizeof(m));',
    ),
    fix: ioctl(
      'struct msg {\n\tvoid __user *p;\n};',
      'struct msg m;',
      'copy_from_user(&m, (void __user *)arg, sizeof(m));',
    ),
  },
  PFN3013: {
    code: 'PFN3013',
    title: 'a union whose members do not share words',
    explanation:
      'Every scalar of an object has words of its own in the model. Members of a union share them if they have the same widths at the same ' +
      'offsets, or are numbers of 32 and 64 bits. Pointers and integers do not.',
    example: ioctl(
      'union where {\n\tstruct page *page;\n\tunsigned long pfn;\n};',
      'union where w;',
      'w.pfn = arg;',
    ),
    fix: ioctl(
      'struct where {\n\tstruct page *page;\n\tunsigned long pfn;\n};',
      'struct where w;',
      'w.pfn = arg;',
    ),
  },
} satisfies Record<string, CodeDoc>;
