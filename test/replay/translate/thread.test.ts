import { expect, test } from 'vitest';
import { translate, Untranslatable } from '../../../src/replay/translate/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';
import { litmus, type Parts } from '../../run/support.js';

/** C of a test, as test number 7. */
function translated(parts: Partial<Parts>, arch = 'x86_64') {
  const text = litmus({ threads: 'P0()\n{\n}', condition: 'exists (leaked())', ...parts });
  return translate(parseLitmus({ file: 'dir/t.litmus', text }, grammar), 7, arch, '7.2');
}

/** Statements of P0 with the declarations of `p` and `x` in front. */
function body(statements: string, arch?: string): string {
  const threads = `P0()\n{\n        char *p;\n        int x;\n${statements}\n}`;
  const { program } = translated({ threads }, arch);
  return program.slice(program.indexOf('static void t7_P0'), program.indexOf('static void t7_poke'));
}

test('locals lie in shared memory', () => {
  expect(translated({ threads: 'P0()\n{\n        int x = 1;\n}' }).program).toContain(
    'struct t7_P0 {\n\tint x_0;\n\tchar lit_unused;\n};',
  );
  expect(body('x = 1;')).toContain('({ int lit_v = ((int)1LL); LIT_LOCALS(t7_P0).x_1 = lit_v; lit_v; })');
});

test('the value comes before the place, which fork() moves', () => {
  expect(body('x = fork();')).toContain(
    '({ int lit_v = lit_fork(); LIT_LOCALS(t7_P0).x_1 = lit_v; lit_v; })',
  );
});

test('every access through a pointer is a step', () => {
  expect(body('p[0] = 1;')).toContain('LIT_STORE(char, ');
  expect(body('x = p[PAGE_SIZE];')).toContain('LIT_LOAD(char, ');
});

test('regions are known when the test runs', () => {
  expect(body('x = buf;')).toContain('lit_region(1)');
});

test('integers are those of the architecture', () => {
  expect(body('x = sizeof(long);')).toContain('8LL');
  expect(body('x = sizeof(long);', 'arm')).toContain('4LL');
});

test('a break out of a switch leaves the switch, one out of a loop the loop', () => {
  const text = body('while (x) { switch (x) { case 1: break; default: x = 2; } break; }');
  expect(text).toMatch(/case 1LL: goto case_\d+;/);
  expect(text).toMatch(/goto end_0;[\s\S]*end_0:;[\s\S]*\bbreak;/);
});

test('what is observed becomes C', () => {
  const condition =
    'exists (0:pfn(p + PAGE_SIZE) = buf /\\ refcount(buf + 1) = 1 /\\ (0:vma_flags(p) & IO) /\\ leaked())';
  const { program } = translated({ threads: 'P0()\n{\n        char *p;\n}', condition });
  const p = "lit_variable(lit_process(0, 0, 0), offsetof(struct t7_P0, p_0), sizeof(char *), 'p')";
  expect(program).toContain(
    `lit_of_address("pfn", lit_process(0, 0, 0), lit_binary('+', ${p}, lit_int(4096LL)), -1)`,
  );
  expect(program).toContain(
    `lit_of_frame("refcount", lit_binary('+', lit_frame(lit_region(1)), lit_int(1LL)), 1)`,
  );
  expect(program).toContain(
    `lit_note("0:vma_flags.p.IO", lit_of_address("vma_flags", lit_process(0, 0, 0), ${p}, 10))`,
  );
  expect(program).toMatch(/t7_end\(void\)\n\{\n\tlit_note\("leaked", /);
});

test('the text of a driver stays as it is', () => {
  const { driver, test: parsed } = translated({});
  const { text } = parsed.source;
  const { span } = parsed.driver;
  expect(driver.text).toContain(text.slice(span.start, span.end));
  expect(driver.names).toEqual(['demo_mmap', 'demo_fops', 'pool', 'buf']);
  expect(driver.alone).toBe(false);
});

test('a global called like a member of a kernel struct keeps its driver alone', () => {
  const globals =
    'static struct page *page;\nstatic const struct file_operations demo_fops = { .owner = THIS_MODULE };';
  const { driver } = translated({ driver: globals });
  expect(driver.alone).toBe(true);
  expect(driver.text).toContain('{ (void *)&page, sizeof page, true, false },');
});

test.each([
  [
    'threads in one process',
    {
      memory: 'ram pool = 4 pages; reserved buf = 2 pages; threads P0 P1;',
      threads: 'P0()\n{\n}\nP1()\n{\n}',
    },
  ],
  ['failing allocations', { memory: 'ram pool = 4 pages; reserved buf = 2 pages; faults alloc;' }],
  ['options of the kernel', { memory: 'ram pool = 4 pages; reserved buf = 2 pages; option DEBUG_VM;' }],
  [
    'a thread calls kvm_pfn(): machines run no guest of their own',
    { threads: 'P0()\n{\n        long r = kvm_pfn(arena, 0);\n}' },
  ],
  [
    'a thread calls vfio_pin(): machines have no IOMMU',
    { threads: 'P0()\n{\n        long r = vfio_pin(arena, 0);\n}' },
  ],
  [
    'a thread calls coredump(): who dumps core on a machine is dead',
    { threads: 'P0()\n{\n        int r = coredump(arena);\n}' },
  ],
  [
    'find_normal_page',
    {
      driver: `static struct page *demo_find(struct vm_area_struct *vma, unsigned long addr)
{
        return NULL;
}
static const struct vm_operations_struct demo_vm_ops = { .find_normal_page = demo_find };`,
    },
  ],
])('%s cannot be taken to a machine', (reason, parts) => {
  expect(() => translated(parts)).toThrow(new Untranslatable(reason));
});
