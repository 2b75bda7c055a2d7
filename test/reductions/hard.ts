/**
 * Small tests that are hard for the symmetry of frames: drivers that keep the numbers of frames they allocated, compare them, make them a
 * mapping's vm_pgoff, look at neighbours, free frames and get them again, while processes make private copies.
 */
import { Dice } from './dice.js';

const KEEP = `        if (!kept)
                kept = alloc_page(GFP_KERNEL | __GFP_ZERO);
`;

/** What ->mmap does. */
const MMAPS = [
  // frames are handled as struct page * only
  `        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
`,
  `${KEEP}        return vm_insert_page(vma, vma->vm_start, kept);
`,
  `        other = alloc_page(GFP_KERNEL);
${KEEP}        seen = kept == other;
        return vm_insert_page(vma, vma->vm_start, kept);
`,
  // the frame's number becomes the mapping's window
  `${KEEP}        vma->vm_pgoff = page_to_pfn(kept);
        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &demo_vm_ops;
        return 0;
`,
  `${KEEP}        return remap_pfn_range(vma, vma->vm_start, page_to_pfn(kept), vma->vm_end - vma->vm_start, vma->vm_page_prot);
`,
  // numbers are kept, compared, taken apart
  `${KEEP}        number = page_to_pfn(kept);
        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
`,
  `${KEEP}        other = alloc_page(GFP_KERNEL);
        seen = page_to_pfn(kept) + 1 == page_to_pfn(other);
        return vm_insert_page(vma, vma->vm_start, other);
`,
  `${KEEP}        number = page_to_phys(kept) >> PAGE_SHIFT;
        seen = number > 0x101;
        return vm_insert_page(vma, vma->vm_start, kept);
`,
  // the program's offset decides what is special
  `        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &demo_vm_ops;
        return 0;
`,
  `        return remap_pfn_range(vma, vma->vm_start, pool + 1, vma->vm_end - vma->vm_start, vma->vm_page_prot);
`,
];

/** What the driver does when it is told to. */
const COMMANDS = [
  `        unmap_mapping_range(file->f_mapping, 0, 0, 1);
`,
  `        if (kept)
                __free_page(kept);
        kept = NULL;
`,
  // the pointer stays
  `        if (kept)
                put_page(kept);
`,
  `        other = alloc_page(GFP_KERNEL);
        seen = page_to_pfn(other) == number;
`,
  `        other = alloc_page(GFP_KERNEL);
        seen = other == kept;
`,
  `        other = alloc_page(GFP_KERNEL);
        seen = page_to_pfn(other) & 1;
`,
  `        if (kept)
                seen = page_address(kept) == page_address(other);
`,
];

const OPERATIONS = [
  'p[0] = 1;',
  'p[PAGE_SIZE] = 2;',
  'x = p[0];',
  'munmap(p, PAGE_SIZE);',
  'r = ioctl(fd, 16, 0);',
  'r = ioctl(fd, 17, 0);',
  'madvise(p, PAGE_SIZE, MADV_DONTNEED);',
  // programs are told numbers of frames, too
  'r = follow_pfnmap(p);',
  'r = kvm_pfn(p, 1);',
  'r = pagemap(p);',
];

/** The test of a number. */
export function hardText(seed: number): string {
  const dice = new Dice(seed);
  const mmap = dice.one(MMAPS);
  const pages = dice.one(['PAGE_SIZE', '2 * PAGE_SIZE']);
  const rival = dice.roll(2) === 0;
  const first = process(dice, pages, dice.roll(rival ? 3 : 5));
  const forks = !rival && dice.roll(3) === 0;
  return `C hard-${seed}
{ ram pool = ${dice.one([3, 4])} pages; reserved buf = 2 pages; }
static struct page *kept;
static struct page *other;
static unsigned long number;
static int seen;
static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
${mmap}}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        if (cmd == 16) {
${dice.one(COMMANDS)}        } else {
${dice.one(COMMANDS)}        }
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };
P0()
{
${first}${forks ? '        if (fork() == 0) {\n                p[0] = 3;\n                return;\n        }\n        p[0] = 4;\n' : ''}}
${rival ? `P1()\n{\n${process(dice, 'PAGE_SIZE', dice.roll(3))}}\n` : ''}forall (seen = 0 /\\ leaked() = 0 /\\ bad_page() = 0 /\\ bad_map() = 0 /\\ bad_rss() = 0 /\\ ${looks('0:')}${rival ? ` /\\ ${looks('1:')}` : ''})
`;
}

function process(dice: Dice, pages: string, operations: number): string {
  const share = dice.one(['MAP_PRIVATE', 'MAP_PRIVATE', 'MAP_SHARED']);
  const offset = dice.one(['0', '0', '(off_t)(pool + 1) << PAGE_SHIFT']);
  const lines = [
    'int fd = open("/dev/demo", O_RDWR);',
    `char *p = mmap(NULL, ${pages}, PROT_READ | PROT_WRITE, ${share}, fd, ${offset});`,
    'long r = 0;',
    'char x;',
    '',
    'p[0] = 1;',
    ...Array.from({ length: operations }, () => dice.one(OPERATIONS)),
  ];
  return lines.map((line) => (line === '' ? '\n' : `        ${line}\n`)).join('');
}

function looks(P: string): string {
  return [
    ...[`${P}signal = 0`, `${P}rss_anon = 0`, `${P}r = 0`],
    ...['p', 'p + PAGE_SIZE'].flatMap((at) => [
      `${P}vm_normal_page(${at}) = NULL`,
      `${P}is_anon(${at}) = 0`,
      `${P}pfn(${at}) = buf`,
    ]),
  ].join(' /\\ ');
}
