/** Verifies drivers in the tests. */
import { parseLitmus } from '../../src/run/parse.js';
import { verifyTest, type VerifyOptions, type VerifyResult } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';

export interface Driver {
  readonly header?: string;
  readonly memory?: string;
  readonly driver: string;
}

/** A driver without threads, as text. */
export function driverText({ header = '', memory, driver }: Driver): string {
  return `C driver\n(*\n${header} *)\n{ ${memory ?? 'ram pool = 3 pages; reserved buf = 2 pages;'} }\n${driver}\n`;
}

/** Parses and verifies; arm with 7.2 unless told. */
export async function verify(d: Driver, options: Partial<VerifyOptions> = {}): Promise<VerifyResult> {
  const test = parseLitmus({ file: 'driver.litmus', text: driverText(d) }, grammar, { threadless: true });
  return verifyTest(test, { arch: 'arm', release: '7.2', ...options });
}

/** Maps one page that it allocates when it is loaded; ioctl 1 frees it, after `before`. */
export const FREES = (before: string): Driver => ({
  memory: 'ram pool = 3 pages;',
  driver: `static struct page *page;
static int demo_init(void)
{
        page = alloc_page(GFP_KERNEL | __GFP_ZERO);
        return 0;
}
module_init(demo_init);
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (!page || vma->vm_end - vma->vm_start != PAGE_SIZE)
                return -EINVAL;
        return remap_pfn_range(vma, vma->vm_start, page_to_pfn(page), PAGE_SIZE, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        if (cmd != 1 || !page)
                return -EINVAL;
        ${before}
        __free_page(page);
        page = NULL;
        return 0;
}
static const struct file_operations demo_fops = {
        .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl
};`,
});

/** Remaps the region `buf`, so many bytes of it. */
export const REMAP = (size: string): Driver => ({
  memory: 'ram pool = 3 pages; reserved buf = 1 page;',
  driver: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        return remap_pfn_range(vma, vma->vm_start, buf, ${size}, vma->vm_page_prot);
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };`,
});
