/**
 * Small tests that are hard for the partial-order reduction: threads that fault, revoke, lock, count, allocate until nothing is left, run
 * into BUGs, wait for each other, fork and loop, in any combination.
 */
import { Dice } from './dice.js';

/** What ->mmap does. */
const MMAPS = [
  `        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
`,
  `        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, PAGE_SHARED);
`,
  `        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &demo_vm_ops;
        return 0;
`,
  `        users++;
        vm_flags_set(vma, VM_PFNMAP);
        vma->vm_ops = &demo_vm_ops;
        return 0;
`,
  `        vm_flags_set(vma, VM_MIXEDMAP);
        vma->vm_ops = &demo_vm_ops;
        return 0;
`,
  `        if (!kept)
                kept = alloc_page(GFP_KERNEL | __GFP_ZERO);
        return vm_insert_page(vma, vma->vm_start, kept);
`,
];

/** What ->fault does. */
const PLAIN = `        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
`;
const FAULTS = [
  PLAIN,
  `        vm_fault_t ret = VM_FAULT_SIGBUS;

        mutex_lock(&lock);
        if (!gone)
                ret = vmf_insert_pfn(vmf->vma, vmf->address, buf);
        mutex_unlock(&lock);
        return ret;
`,
  `        if (gone)
                return VM_FAULT_SIGBUS;
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
`,
  `        BUG_ON(gone);
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
`,
  // the access is tried for ever, until somebody else helps
  `        return gone ? vmf_insert_pfn(vmf->vma, vmf->address, buf) : VM_FAULT_NOPAGE;
`,
  `        seen = users;
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
`,
  `        return vmf_insert_mixed(vmf->vma, vmf->address, buf);
`,
];

/** What the driver does when it is told to. */
const REVOKE = `        unmap_mapping_range(file->f_mapping, 0, 0, 1);
`;
const COMMANDS = [
  `        BUG_ON(cmd == 16);
`,
  `        BUG_ON(cmd == 17);
`,
  `        unmap_mapping_range(file->f_mapping, 0, PAGE_SIZE, 0);
`,
  `        mutex_lock(&lock);
        gone = 1;
        unmap_mapping_range(file->f_mapping, 0, 0, 1);
        mutex_unlock(&lock);
`,
  `        gone = 1;
`,
  `        gone = !gone;
`,
  `        users++;
`,
  `        atomic_inc(&count);
        seen = atomic_read(&count);
`,
  `        mutex_lock(&lock);
        mutex_lock(&other);
        seen++;
        mutex_unlock(&other);
        mutex_unlock(&lock);
`,
  `        mutex_lock(&other);
        mutex_lock(&lock);
        seen--;
        mutex_unlock(&lock);
        mutex_unlock(&other);
`,
  `        BUG_ON(users == 1);
`,
  `        WARN_ON(users == 1);
`,
  `        if (seen)
                return -EBUSY;
        return users;
`,
  `        if (!kept)
                kept = alloc_page(GFP_KERNEL);
`,
  `        if (kept)
                __free_page(kept);
        kept = NULL;
`,
  `        return 0;
`,
];

const RELEASES = ['', '', '', '', '', '        users--;\n', '        seen = 1;\n'];

const OPERATIONS = [
  ...['p[0] = 1;', 'p[PAGE_SIZE] = 2;', 'x = p[0];', 'x = p[PAGE_SIZE];', 'p[0] = 3;'],
  ...['munmap(p, PAGE_SIZE);', 'madvise(p, PAGE_SIZE, MADV_DONTNEED);', 'mprotect(p, PAGE_SIZE, PROT_READ);'],
  ...['r = ioctl(fd, 16, 0);', 'r = ioctl(fd, 17, 0);', 'r = ioctl(fd, 16, 0);', 'close(fd);'],
];
const RARE = [
  'r = gup(p, FOLL_GET);',
  'if (fork() == 0) {\n                p[0] = 4;\n                return;\n        }',
  'exit(0);',
  'while (p[0] == 0);',
  'r = choose(2);',
  'r = procmem(p);',
];

/** The test of a number. */
export function racingText(seed: number): string {
  const dice = new Dice(seed ^ 0x5eed);
  // in half of the tests processes meet only where commands make them
  const apart = dice.roll(2) === 0;
  const mmap = apart ? MMAPS[dice.roll(3)]! : dice.one(MMAPS);
  const fault = apart ? PLAIN : dice.one(FAULTS);
  const first = dice.roll(3) === 0 ? REVOKE : dice.one(COMMANDS);
  // what one command changes hides that the other could go alone
  const second = dice.roll(2) === 0 ? first : dice.one(COMMANDS);
  const release = apart ? '' : dice.one(RELEASES);
  const threads = dice.roll(6) === 0 ? 3 : 2;
  const group = dice.roll(12) === 0;
  const bodies = Array.from({ length: threads }, (_, i) =>
    thread(dice, threads === 3 ? 1 : 1 + dice.roll(2), i),
  );
  return `C racing-${seed}
{ ram pool = ${1 + dice.roll(4)} pages; reserved buf = 2 pages; buf[0] = 5;${group ? ' threads P0 P1;' : ''} }
static struct page *kept;
static int gone;
static int users;
static int seen;
static atomic_t count;
static DEFINE_MUTEX(lock);
static DEFINE_MUTEX(other);
static vm_fault_t demo_fault(struct vm_fault *vmf)
{
${fault}}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
${mmap}}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        if (cmd == 16) {
${first}        } else {
${second}        }
        return 0;
}
static int demo_release(struct inode *inode, struct file *file)
{
${release}        return 0;
}
static const struct file_operations demo_fops = {
        .owner = THIS_MODULE,
        .mmap = demo_mmap,
        .unlocked_ioctl = demo_ioctl,${release === '' ? '' : '\n        .release = demo_release,'}
};
${bodies.join('')}forall (gone = 0 /\\ users = 0 /\\ seen = 0 /\\ leaked() = 0 /\\ bad_page() = 0 /\\ bad_map() = 0 /\\ bad_rss() = 0 /\\ mem(buf) = 5 /\\ refcount(buf) = 1 /\\ warned(WARN_ON) = 0 /\\ deadlock() = 0 /\\ ${bodies.map((_, i) => looks(`${i}:`)).join(' /\\ ')})
`;
}

function thread(dice: Dice, operations: number, index: number): string {
  const share = dice.one(['MAP_PRIVATE', 'MAP_PRIVATE', 'MAP_SHARED']);
  const flags = dice.roll(8) === 0 ? `${share} | MAP_POPULATE` : share;
  const one = (): string => (dice.roll(7) === 0 ? dice.one(RARE) : dice.one(OPERATIONS));
  // some have nothing mapped
  const maps = dice.roll(3) > 0;
  const lines = [
    'int fd = open("/dev/demo", O_RDWR);',
    `char *p = ${maps ? `mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, ${flags}, fd, 0)` : 'arena'};`,
    'long r = 0;',
    'char x = 0;',
    '',
    ...Array.from({ length: operations }, () =>
      maps ? one() : `r = ioctl(fd, ${dice.one(['16', '17'])}, 0);`,
    ),
  ];
  return `P${index}()\n{\n${lines.map((line) => (line === '' ? '\n' : `        ${line}\n`)).join('')}}\n`;
}

function looks(P: string): string {
  return [
    ...[`${P}signal = 0`, `${P}rss_anon = 0`, `${P}r = 0`, `${P}x = 0`],
    ...['p', 'p + PAGE_SIZE'].flatMap((at) => [`${P}present(${at}) = 0`, `${P}is_anon(${at}) = 0`]),
  ].join(' /\\ ');
}
