import { describe, expect, it } from 'vitest';
import { DiagnosticError } from '../../src/c/diagnostics.js';
import { FactError } from '../../src/kernel/facts.js';
import { outcomes, REMAP_BUF, run } from './support.js';

const MAP = `int fd = open("/dev/demo", O_RDWR);
        char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);`;
const OPEN = 'int fd = open("/dev/demo", O_RDWR);';
const one = (body: string): string => `P0()\n{\n        ${body}\n}`;

describe('verdicts', () => {
  it('a test without Result is ok with any answer', async () => {
    const r = await run({ threads: one(MAP), condition: 'exists (0:present(p) = 1)' });
    expect(r).toMatchObject({
      observation: 'Always',
      ok: true,
      positive: 1,
      negative: 0,
      states: 1,
      exhaustive: true,
    });
  });
  it('an expectation that is not met is not ok', async () => {
    const r = await run({
      header: '\n * Result: Never\n',
      threads: one(MAP),
      condition: 'exists (0:present(p) = 1)',
    });
    expect(r).toMatchObject({ expected: 'Never', observation: 'Always', ok: false });
  });
  it('the most specific Result line counts', async () => {
    const header = '\n * Result: Never\n * Result(!pte_special): Always\n * Result(um, 6.1): Sometimes\n';
    const parts = { header, threads: one(MAP), condition: 'exists (0:present(p) = 1)' };
    expect((await run(parts, { arch: 'arm64' })).expected).toBe('Never');
    expect((await run(parts, { arch: 'arm' })).expected).toBe('Always');
    expect((await run(parts, { arch: 'um', release: '6.1' })).expected).toBe('Sometimes');
  });
  it('Only makes other configurations n/a, never ok', async () => {
    const parts = {
      header: '\n * Only: mmap_prepare\n',
      threads: one(MAP),
      condition: 'exists (0:present(p) = 1)',
    };
    expect(await run(parts, { release: '6.12' })).toMatchObject({ status: 'n/a', ok: false, states: 0 });
    expect(await run(parts)).toMatchObject({ status: 'ran' });
  });
  it('filter drops outcomes first', async () => {
    const parts = { threads: one('int x = choose(4);'), condition: 'filter (0:x < 3)\nexists (0:x = 3)' };
    const r = await run(parts);
    expect(outcomes(r)).toEqual(['0:x=0;', '0:x=1;', '0:x=2;']);
    expect(r.observation).toBe('Never');
  });
  it('forall counts what does not hold as negative', async () => {
    const r = await run({ threads: one('int x = choose(4);'), condition: 'forall (0:x < 3)' });
    expect(r).toMatchObject({ positive: 3, negative: 1, observation: 'Sometimes' });
  });
});

describe('bounds', () => {
  const threads = one(
    'int x = choose(4); char *p = mmap(NULL, PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); p[0] = 1;',
  );
  it('a bound on states leaves the question open', async () => {
    const r = await run({ threads, condition: 'exists (0:x = 3)' }, { maxStates: 3 });
    expect(r).toMatchObject({
      observation: 'Unknown',
      ok: false,
      exhaustive: false,
      reason: 'bound: 3 states',
    });
  });
  it('an elapsed time bound is reported as what it is', async () => {
    const both = `${threads}\nP1()\n{\n int y = choose(3); char *q = mmap(NULL, PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); q[0] = 1; q[PAGE_SIZE] = 1;\n}`;
    const r = await run({ threads: both, condition: 'exists (0:x = 7)' }, { timeoutMs: 0 });
    expect(r).toMatchObject({ exhaustive: false, observation: 'Unknown', reason: 'bound: 0 s' });
  });
  it('running out of ram is unknown, not -ENOMEM', async () => {
    const body =
      'char *p = mmap(NULL, 3 * PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); p[0] = 1; p[PAGE_SIZE] = 1; p[2 * PAGE_SIZE] = 1;';
    const r = await run({
      memory: 'ram pool = 2 pages;',
      driver: '',
      threads: one(body),
      condition: 'exists (0:signal = 0)',
    });
    expect(r).toMatchObject({ observation: 'Unknown', reason: 'bound: ram' });
  });
  it('an interrupted run says so', async () => {
    const abort = new AbortController();
    abort.abort();
    const r = await run({ threads, condition: 'exists (0:x = 9)' }, { signal: abort.signal });
    expect(r).toMatchObject({ exhaustive: false, reason: 'interrupted' });
  });
  it('an endless loop without a visible step is a bound, not a hang', async () => {
    const r = await run({ threads: one('int x = 0; while (1) x = 1 - x;'), condition: 'exists (0:x = 9)' });
    expect(r).toMatchObject({ observation: 'Unknown' });
    expect(r.reason).toMatch(/step does not end/);
  });
  it('an ioctl() command that the VFS answers itself is not known', async () => {
    const r = await run({ threads: one(`${OPEN} int x = ioctl(fd, 2, 0);`), condition: 'exists (0:x = 0)' });
    expect(r).toMatchObject({ observation: 'Unknown', reason: expect.stringContaining('no driver sees it') });
  });
  it('an endless loop of system calls closes in the state space: no outcome', async () => {
    const r = await run({ threads: one('while (1) close(9);'), condition: 'exists (0:signal = 0)' });
    expect(r).toMatchObject({ exhaustive: true, states: 0, observation: 'Unknown' });
  });
});

describe('what freezes a run', () => {
  const fault = (body: string): string => `static vm_fault_t f(struct vm_fault *vmf)\n{\n        ${body}\n}
static const struct vm_operations_struct ops = { .fault = f };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &ops;
        return 0;
}
static const struct file_operations demo_fops = { .mmap = demo_mmap };
`;
  it('BUG: every other observer is none, variables stay', async () => {
    const r = await run({
      driver: fault('return vmf_insert_pfn(vmf->vma, vmf->address, buf);'),
      threads: one(`${MAP}\n        int x = 5;\n        x = p[0];`),
      condition: 'exists (bug(vmf_insert_pfn) /\\ 0:x = 5 /\\ 0:present(p) = none /\\ 0:rss_anon = none)',
    });
    expect(r).toMatchObject({ observation: 'Always', states: 1 });
  });
  it('undefined behaviour that is not asked about is Undef', async () => {
    const parts = {
      driver: fault('vmf->page = NULL; return 0;'),
      threads: one(`${MAP}\n        char x = p[0];`),
    };
    const r = await run({ ...parts, condition: 'exists (0:signal = 0)' });
    expect(r).toMatchObject({ observation: 'Undef', ok: false, undefined: ['bad_pointer'] });
    const asked = await run({ ...parts, condition: 'forall (undefined(bad_pointer))' });
    expect(asked).toMatchObject({ observation: 'Always', undefined: [] });
  });
  it('pfn_to_page of a frame without a struct page', async () => {
    const r = await run({
      memory: 'ram pool = 2 pages; mmio bar = 1 page;',
      driver: fault('vmf->page = pfn_to_page(bar); return 0;'),
      threads: one(`${MAP}\n        char x = p[0];`),
      condition: 'exists (undefined(pfn_to_page))',
    });
    expect(r.observation).toBe('Always');
  });
});

describe('after the condition', () => {
  const leak = REMAP_BUF.replace('return remap', 'get_page(pfn_to_page(buf)); return remap');
  it('all processes exit, then leaks and RSS are counted', async () => {
    const r = await run({
      driver: leak,
      threads: one(MAP),
      condition: 'exists (leaked() /\\ 0:present(p) = 1 /\\ 0:bad_rss = 0)',
    });
    expect(r.observation).toBe('Always');
  });
  it('without a condition the question is whether the invariants hold', async () => {
    expect(await run({ threads: one(MAP), condition: '' })).toMatchObject({
      quantifier: 'forall',
      observation: 'Always',
    });
    expect(await run({ driver: leak, threads: one(MAP), condition: '' })).toMatchObject({
      observation: 'Never',
    });
  });
  it('open files keep their release handler for the exit', async () => {
    const driver = `static int closed;
static int demo_release(struct inode *inode, struct file *file) { closed++; return 0; }
static const struct file_operations demo_fops = { .release = demo_release };
`;
    const r = await run({
      driver,
      threads: one('int fd = open("/dev/demo", O_RDWR);'),
      condition: 'forall (closed = 0)',
    });
    expect(r.observation).toBe('Always');
  });
});

describe('processes', () => {
  it('a child that never existed is none everywhere', async () => {
    const body = 'int pid = 0, x = 0; if (choose(2)) { pid = fork(); if (pid == 0) { x = 7; return; } }';
    const r = await run({ threads: one(body), condition: 'exists (0:c1.x = 7)' });
    expect(outcomes(r)).toEqual(['0:c1.x=7;', '0:c1.x=none;']);
  });
  it('a child of a child has a path of its own', async () => {
    const body = 'int x = 1; if (fork() == 0) { x = 2; if (fork() == 0) x = 3; }';
    const r = await run({
      threads: one(body),
      condition: 'forall (0:x = 1 /\\ 0:c1.x = 2 /\\ 0:c1.c1.x = 3)',
    });
    expect(r.observation).toBe('Always');
  });
  it('a fatal signal ends the process: observers are dead, variables stay', async () => {
    const body =
      'char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); int x = 4; p[0] = 1; x = 5;';
    const r = await run({
      threads: one(body),
      condition: 'forall (0:signal = SIGSEGV /\\ 0:x = 4 /\\ 0:present(p) = dead /\\ 0:rss_anon = dead)',
    });
    expect(r.observation).toBe('Always');
  });
  it('threads of one process share its memory', async () => {
    const r = await run({
      memory: 'ram pool = 4 pages; threads P0 P1;',
      driver: '',
      threads: `P0()\n{\n char *p = mmap(arena, PAGE_SIZE, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);\n p[0] = 1;\n}
P1()\n{\n char *q = arena; int pid = 0; char x = q[0];\n}`,
      condition: 'exists (1:x = 1)',
    });
    expect(outcomes(r)).toEqual(['1:x=0;', '1:x=1;']);
  });
  it('who waits for ever with nobody left to move is a deadlock', async () => {
    const driver = `static DEFINE_MUTEX(m);
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg) { mutex_lock(&m); return 0; }
static const struct file_operations demo_fops = { .unlocked_ioctl = demo_ioctl };
`;
    const body = 'int fd = open("/dev/demo", O_RDWR); int r = ioctl(fd, 1, 0);';
    const r = await run({
      driver,
      threads: `${one(body)}\nP1()\n{\n        ${body}\n}`,
      condition: 'forall (deadlock())',
    });
    expect(r.observation).toBe('Always');
  });
});

it.each([
  ['a fault that installs nothing', 'return VM_FAULT_NOPAGE;', 'no execution ends'],
  ['a handler that loops', 'for (;;) n ^= 1; return 0;', 'no execution ends'],
])('%s leaves nothing to judge', async (_, body, reason) => {
  const r = await run({
    header: 'Result: Never',
    driver: `static int n;
static vm_fault_t demo_fault(struct vm_fault *vmf) { ${body} }
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma) { vma->vm_ops = &demo_vm_ops; return 0; }
static const struct file_operations demo_fops = { .mmap = demo_mmap };`,
    threads: `P0()\n{\n\tint fd = open("/dev/demo", O_RDWR);
\tchar *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);\n\tchar x = p[0];\n}`,
    condition: 'exists (0:x = 1)',
  });
  expect([r.observation, r.ok, r.states]).toEqual(['Unknown', false, 0]);
  expect(r.reason).toContain(reason);
});

describe('module_init', () => {
  it('that always fails leaves nothing to judge', async () => {
    const driver = `static int init(void) { return -EBUSY; }\nmodule_init(init);\n${REMAP_BUF}`;
    const r = await run({ driver, threads: 'P0()\n{\n}', condition: 'exists (true)' });
    expect([r.observation, r.reason]).toEqual(['Unknown', 'module_init fails in every execution']);
  });

  it('runs before all threads, with all its choices', async () => {
    const driver = `static int n;\nstatic int init(void) { n = choose(3); return n == 2 ? -EBUSY : 0; }\nmodule_init(init);\n${REMAP_BUF}`;
    const r = await run({ driver, threads: one('int x = 1;'), condition: 'exists (n = 2)' });
    expect(outcomes(r)).toEqual(['n=0;', 'n=1;']);
  });
});

describe('configurations', () => {
  it('facts can be overridden', async () => {
    const driver = REMAP_BUF.replace('vma->vm_end - vma->vm_start', 'PAGE_SIZE');
    const parts = { driver, threads: one(MAP), condition: 'exists (0:p = -EINVAL)' };
    expect((await run(parts)).observation).toBe('Always');
    expect((await run(parts, { facts: { remapRefusesPartialCow: false } })).observation).toBe('Never');
    await expect(run(parts, { facts: { remapRefusesPartialCov: false } })).rejects.toBeInstanceOf(FactError);
  });
  it('the number of entries in a page table makes no difference', async () => {
    const body = `${MAP}\n        p[PAGE_SIZE] = 1;\n        if (fork() == 0) p[PAGE_SIZE] = 2;`;
    const parts = { threads: one(body), condition: 'exists (0:vm_normal_page(p + PAGE_SIZE) = NULL)' };
    const all = await Promise.all([2, 4, 8].map((ptrs) => run(parts, { ptrs, arch: 'arm' })));
    expect(outcomes(all[1]!)).toEqual(outcomes(all[0]!));
    expect(outcomes(all[2]!)).toEqual(outcomes(all[0]!));
  });
  it('C that cannot be lowered is a diagnostic', async () => {
    await expect(
      run({ threads: one('int x = nothing();'), condition: 'exists (0:x = 1)' }),
    ).rejects.toBeInstanceOf(DiagnosticError);
  });
});
