import { describe, expect, test } from 'vitest';
import { translate, Untranslatable } from '../../../src/replay/translate/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';

const HANDLERS: Readonly<Record<string, string>> = {
  pmd: 'return order == PMD_ORDER ? vmf_insert_pfn_pmd(vmf, bar, false) : VM_FAULT_FALLBACK;',
  pud: 'return order == PUD_ORDER ? vmf_insert_pfn_pud(vmf, bar, false) : VM_FAULT_FALLBACK;',
};

function translated(memory: string, arch = 'x86_64', release = '7.2', handler = 'pmd') {
  const text = `C t
{
  ${memory}
}
static vm_fault_t demo_huge_fault(struct vm_fault *vmf, unsigned int order)
{
        ${HANDLERS[handler]!}
}
static const struct vm_operations_struct demo_vm_ops = { .huge_fault = demo_huge_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        vma->vm_ops = &demo_vm_ops;
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };
P0()
{
        char *p = arena + PMD_SIZE;
}
exists (0:pfn(p + PMD_SIZE) = bar + PTRS_PER_PTE)
`;
  return translate(parseLitmus({ file: 'dir/t.litmus', text }, grammar), 7, arch, release);
}

describe('leaves on a machine', () => {
  test('sizes are those of its page tables', () => {
    const { program, driver } = translated('mmio bar = 2 * PTRS_PER_PTE pages;');
    expect(program).toContain('{ "bar", LIT_MMIO, 1024 }');
    expect(driver.text).toContain('{ &bar, LIT_MMIO, 1024 }');
    expect(program).toContain('for (int i = 0; i < 1024; i++)');
    expect(program).toContain('lit_int(2097152LL)');
  });

  const why = (...args: Parameters<typeof translated>): string => {
    try {
      translated(...args);
      return '';
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      return error.message;
    }
  };

  test('what it has not is said', () => {
    const bar = 'mmio bar = PTRS_PER_PTE pages;';
    expect(why(bar)).toBe('');
    expect(why(bar, 'arm64', '6.12')).toBe('');
    expect(why(bar, 'um')).toBe('huge leaves: the kernel has none');
    expect(why(bar, 'x86_64', '6.1')).toBe('huge leaves: huge_fault has other arguments');
    expect(why(bar, 'arm64', '7.2', 'pud')).toBe('huge leaves: the kernel has no vmf_insert_pfn_pud()');
    expect(why('mmio bar = PTRS_PER_PTE * PTRS_PER_PMD pages;')).toBe('huge leaves: the window is too small');
    expect(why('reserved bar = 2 * PTRS_PER_PTE pages;')).toBe('huge leaves: so much RAM in one block');
  });
});
