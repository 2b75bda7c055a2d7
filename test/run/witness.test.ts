import { describe, expect, it } from 'vitest';
import { run } from './support.js';

const threads = `P0()
{
        int fd = open("/dev/demo", O_RDWR);
        char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        p[0] = 1;
}`;

describe('witness', () => {
  it('leads from the start to the outcome, with thread, line, function and changes', async () => {
    const r = await run({ threads, condition: 'exists (0:is_anon(p) = 1)' }, { witness: true, arch: 'arm' });
    const steps = r.witness!.steps;
    expect(r.witness!.outcome).toBe('0:is_anon.p=1;');
    expect(steps.every((s) => s.thread === 'P0' && s.changes.length > 0)).toBe(true);
    const remap = steps.find((s) => s.kernel === 'remap_pfn_range')!;
    expect(remap.source).toContain('return remap_pfn_range(');
    expect(remap.changes).toContain('P0 pte of page 0: none -> buf.0 (read-only)');
    const copy = steps.findLast((s) => s.changes.some((c) => c.includes('anon RSS 0 -> 1')))!;
    expect(copy.kernel).toBe('mm/memory.c:handle_mm_fault');
    expect(copy.source).toBe('p[0] = 1;');
  });
  it('of forall is the counterexample', async () => {
    const r = await run(
      { threads: 'P0()\n{\n        int x = choose(3);\n}', condition: 'forall (0:x < 2)' },
      { witness: true },
    );
    expect(r.witness!.outcome).toBe('0:x=2;');
    expect(r.witness!.steps.at(-1)!.changes).toEqual(['0:x = 2']);
  });
  it('is a shortest one: the same steps on every run', async () => {
    const parts = { threads, condition: 'exists (0:is_anon(p) = 1)' };
    const [a, b] = [await run(parts, { witness: true }), await run(parts, { witness: true })];
    expect(a.witness).toEqual(b.witness);
  });
  it('is missing where there is nothing to show', async () => {
    const r = await run({ threads, condition: 'exists (0:is_anon(p) = 0)' }, { witness: true });
    expect(r.witness).toBeUndefined();
  });
});
