import { expect, test } from 'vitest';
import { run } from './support.js';

const DRIVER = `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        vmf_insert_pfn(vma, vma->vm_start, buf);
        return 0;
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        BUG_ON(cmd);
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };
`;

const MAPS = 'int fd = open("/dev/demo", O_RDWR); mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);';
/** Later than the other. */
const CALLS = 'int fd = open("/dev/demo", O_RDWR); for (int i = 0; i < 9; i++) ioctl(fd, i == 8, 0);';

test('of several BUGs that show the same the one is told that comes first by name, whoever meets which first', async () => {
  for (const [p0, p1] of [
    [MAPS, CALLS],
    [CALLS, MAPS],
  ]) {
    const threads = `P0() { ${p0} }\nP1() { ${p1} }`;
    const { outcomes } = await run({ driver: DRIVER, threads, condition: 'exists (leaked())' });
    expect(outcomes.map(({ bug }) => bug)).toEqual(['BUG_ON']);
  }
});
