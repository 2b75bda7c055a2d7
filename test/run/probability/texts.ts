/** Tests whose only chance is the allocator's. */
import { litmus } from '../support.js';

const DRIVER = (ioctl: string): string => `static struct page *kept;
static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        struct page *page = pfn_to_page(buf);

        get_page(page);
        vmf->page = page;
        return 0;
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &demo_vm_ops;
        return 0;
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        ${ioctl}
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };`;

/** Takes pages and gives them back; the number is that of the one given back first. */
const TWO = `struct page *a = alloc_page(GFP_KERNEL);
        struct page *b = alloc_page(GFP_KERNEL);
        unsigned long pfn = page_to_pfn(a);

        __free_page(a);
        __free_page(b);
        return pfn;`;
const ONE = `struct page *a = alloc_page(GFP_KERNEL);
        unsigned long pfn = page_to_pfn(a);

        __free_page(a);
        return pfn;`;
/** Keeps one page for ever. */
const KEEP = `kept = alloc_page(GFP_KERNEL);
        return pool + 1;`;

const MAP = (at: string): string =>
  `mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)(${at}) << PAGE_SHIFT)`;

const NULL_COPY = 'exists (0:vm_normal_page(p) = NULL /\\ 0:is_anon(p) = 1)';

function text(pages: number, ioctl: string, body: string, condition = NULL_COPY): string {
  return litmus({
    memory: `ram pool = ${pages} pages; reserved buf = 1 page;`,
    driver: DRIVER(ioctl),
    threads: `P0()\n{\n        int fd = open("/dev/demo", O_RDWR);\n        long n = ioctl(fd, 1, 0);\n        ${body}\n}`,
    condition,
  });
}

/** By name: the test with so many frames of `ram`. */
export const TEXTS: Readonly<Record<string, (pages: number) => string>> = {
  'a number of the machine': (n) => text(n, 'return 0;', `char *p = ${MAP('pool + 1')};\n        p[0] = 1;`),
  'the frame freed last': (n) => text(n, ONE, `char *p = ${MAP('n')};\n        p[0] = 1;`),
  'the frame freed before the last': (n) => text(n, TWO, `char *p = ${MAP('n')};\n        p[0] = 1;`),
  'the frame that was kept': (n) => text(n, KEEP, `char *p = ${MAP('n')};\n        p[0] = 1;`),
  'the second of two copies': (n) =>
    text(
      n,
      TWO,
      `char *q = ${MAP('0')};\n        char *p = ${MAP('n')};\n        q[0] = 1;\n        p[0] = 1;`,
    ),
  'a copy made again': (n) =>
    text(
      n,
      'return 0;',
      `char *q = ${MAP('0')};\n        char *p;\n        q[0] = 1;\n        munmap(q, PAGE_SIZE);
        q = ${MAP('0')};\n        p = ${MAP('pool + 1')};\n        q[0] = 1;\n        p[0] = 1;`,
    ),
};

/** A test for what is not chance: \`ioctl\` and the body may have any choice. */
export const withChoice = (ioctl: string, body: string, condition?: string): string =>
  text(4, ioctl, body, condition);
export { KEEP, MAP, ONE };
