import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatVerify } from '../../src/report/verify.js';
import type { Coverage, VerifyOptions } from '../../src/verify/index.js';
import { OCCASIONS } from '../../src/verify/occasions.js';
import { FREES, REMAP, verify, type Driver } from './support.js';

const SMALL = { pages: 1, processes: 1, only: ['open', 'mmap', 'ioctl'], coverage: true } as const;

async function coverage(driver: Driver, options: Partial<VerifyOptions> = {}): Promise<Coverage> {
  return (await verify(driver, { ...SMALL, ...options })).coverage!;
}

/** The texts of the lines that were not reached. */
async function unreached(driver: Driver, options?: Partial<VerifyOptions>): Promise<string[]> {
  return (await coverage(driver, options)).unreached.map(({ text }) => text);
}

/** A driver whose ioctl has a body, besides what remaps a page. */
function ioctl(body: string, more = ''): Driver {
  const { driver, memory } = REMAP('PAGE_SIZE');
  const handler = `static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)\n{\n${body}\n}\n`;
  return {
    memory: memory!,
    driver: `static int n;\n${more}${handler}${driver}`.replace(
      '.mmap',
      '.unlocked_ioctl = demo_ioctl, .mmap',
    ),
  };
}

test('all lines of a driver are reached', async () => {
  const result = await verify(REMAP('PAGE_SIZE'), SMALL);
  expect(result.coverage).toMatchObject({ statements: 1, reached: 1, unreached: [] });
  expect(formatVerify(result)).toContain('Reached: 1 of 1 statements of the driver.\n');
});

test('without --coverage nothing is said of it', async () => {
  const result = await verify(REMAP('PAGE_SIZE'), { ...SMALL, coverage: false });
  expect(result.coverage).toBeUndefined();
  expect(formatVerify(result)).not.toContain('Reached');
});

test('a line behind a condition that is never true is shown, with its place', async () => {
  const result = await verify(ioctl('if (n == 3)\nreturn -EBUSY;\nreturn 0;'), SMALL);
  expect(result.coverage).toMatchObject({
    statements: 4,
    reached: 3,
    unreached: [{ line: 9, column: 1, text: 'return -EBUSY;' }],
  });
  expect(formatVerify(result)).toContain('Never:\n    driver.litmus:9:1: return -EBUSY;\n');
});

test('of a line that is reached in part, the rest', async () => {
  expect((await coverage(ioctl('if (n == 3) return -EBUSY;\nreturn 0;'))).unreached).toEqual([
    { line: 8, column: 13, text: 'return -EBUSY;' },
  ]);
});

test.each([
  ['a jump over an else', 'if (cmd == 1) { if (n) n = 0; } else n = 0;\nreturn 0;', ['n = 0; } else n = 0;']],
  ['the end of a loop that its body always leaves', 'for (;;) {\nreturn 0;\n}', []],
  ['a loop that is made once', 'do {\nbreak;\n} while (1);\nreturn 0;', []],
  ['a case', 'switch (cmd) {\ncase 1: return n;\ncase 7: n = n;\nreturn 1;\n}\nreturn 0;', []],
  ['what follows a return', 'return 0;\nn = 1;', ['n = 1;']],
])('%s', async (_, body, texts) => {
  expect(await unreached(ioctl(body))).toEqual(texts);
});

test('a function that nothing refers to, and one that is not called', async () => {
  const more = 'static int unused(void)\n{\nreturn 1;\n}\nstatic int idle(void)\n{\nreturn 2;\n}\n';
  const body = 'if (n == 3) return idle();\nreturn 0;';
  expect(await unreached(ioctl(body, more))).toEqual(['unused(void)', 'return 2;', 'return idle();']);
});

test('what only another operation reaches', async () => {
  expect(await unreached(ioctl('return 0;'), { only: ['open', 'mmap'] })).toEqual(['return 0;']);
});

test('two worlds count together', async () => {
  const { driver, memory } = REMAP('PAGE_SIZE');
  const two = driver.replace('{\n', '{\nif (vma->vm_end - vma->vm_start != PAGE_SIZE)\nreturn -EINVAL;\n');
  const only = ['open', 'mmap'] as const;
  const both = await verify({ memory: memory!, driver: two }, { only, coverage: true });
  expect(both.bounds).toHaveLength(2);
  expect(both.coverage).toMatchObject({ statements: 3, reached: 3, unreached: [] });
  expect(await unreached({ memory: memory!, driver: two })).toEqual(['return -EINVAL;']);
});

/** A driver whose fault handler inserts a frame. */
const INSERTS: Driver = {
  memory: 'ram pool = 3 pages; reserved buf = 1 page;',
  driver: `static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
}
static const struct vm_operations_struct demo_ops = { .fault = demo_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (!(vma->vm_flags & VM_SHARED))
                return -EINVAL;
        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &demo_ops;
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };`,
};

async function idle(driver: Driver, options?: Partial<VerifyOptions>): Promise<string[]> {
  return (await coverage(driver, options)).idleRules.map(({ rule }) => rule);
}

describe('rules without an occasion', () => {
  const only = ['open', 'mmap', 'load'] as const;

  test('a driver that remaps gives none to rules about inserts', async () => {
    const rules = await idle(REMAP('PAGE_SIZE'), { only });
    expect(rules).toEqual(expect.arrayContaining(['F-5', 'F-6', 'F-7', 'F-10', 'F-21', 'F-25', 'F-28']));
    for (const rule of ['F-1a', 'F-1b', 'F-2', 'F-3', 'F-9', 'F-13', 'F-17', 'F-18'])
      expect(rules).not.toContain(rule);
  });

  test('one that inserts in faults, shared only, gives none to those about private remaps', async () => {
    const rules = await idle(INSERTS, { only });
    for (const rule of ['F-1a', 'F-5', 'F-10', 'F-18']) expect(rules).not.toContain(rule);
    expect(rules).toEqual(expect.arrayContaining(['F-1b', 'F-2', 'F-3', 'F-9', 'F-13']));
  });

  test('no program faults: the handler is not called', async () => {
    expect(await idle(INSERTS, { only: ['open', 'mmap'] })).toEqual(expect.arrayContaining(['F-1a', 'F-5']));
  });

  test('a frame of RAM is one for the core; a revocation and a mapping that grows are others', async () => {
    const frees = FREES('unmap_mapping_range(file->f_mapping, 0, 0, 0);');
    const revokes = { ...frees, header: ' * Revoke: 1\n' };
    const one = { only: ['open', 'mmap', 'ioctl'], arch: 'x86_64' } as const;
    expect(await idle(frees, one)).toContain('F-21');
    expect(await idle(revokes, one)).not.toContain('F-21');
    expect(await idle(revokes, one)).not.toContain('F-25');
    const grows = { pages: 2, only: ['open', 'mmap', 'mremap'], arch: 'x86_64' } as const;
    expect(await idle(frees, { ...grows, only: ['open', 'mmap'] })).toContain('F-28');
    expect(await idle(frees, grows)).not.toContain('F-28');
  });

  test('rules of another kind of architecture are not listed', async () => {
    const none = await idle(REMAP('PAGE_SIZE'), { only: ['open'] });
    expect(none).not.toContain('F-35');
    expect(none).toContain('F-1b');
    const bit = await idle(REMAP('PAGE_SIZE'), { only: ['open'], arch: 'x86_64' });
    expect(bit).toContain('F-35');
    expect(bit).not.toContain('F-1b');
  });

  test('the rules that are watched have occasions, and no others', () => {
    const watched = new Set(readFileSync('src/verify/breaches.ts', 'utf8').match(/F-\d+[ab]?/g));
    expect(new Set(OCCASIONS.map(({ rule }) => rule))).toEqual(watched);
  });
});

test('facts that the model never asked are named, and those that it asked are not', async () => {
  const driver = REMAP('PAGE_SIZE');
  const only = ['open', 'mmap'] as const;
  const { unaskedFacts } = await coverage(driver, { only });
  expect(unaskedFacts).not.toContain('pteSpecial');
  const asked = await coverage(driver, { only: [...only, 'gup', 'mremap', 'fork', 'procmem'], pages: 2 });
  expect(asked.unaskedFacts.length).toBeLessThan(unaskedFacts.length);
  expect(unaskedFacts).toEqual(expect.arrayContaining([...asked.unaskedFacts]));
  expect(formatVerify(await verify(driver, { ...SMALL, only }))).toContain('Facts of the model');
});
