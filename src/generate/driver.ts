/** The driver of a record, as C. `src/replay/machine/lit_record.c` does the same by reading the record. */
import { hasOperation, pagesOf, type TestRecord } from './record.js';

/** VMA flags that a driver sets, in C. */
export const FLAG_TEXTS: Readonly<Record<TestRecord['flags'], string>> = {
  none: '',
  pfnmap: 'VM_PFNMAP',
  mixedmap: 'VM_MIXEDMAP',
  io_pfnmap: 'VM_IO | VM_PFNMAP',
  pfnmap_dontcopy: 'VM_PFNMAP | VM_DONTCOPY',
  io: 'VM_IO',
  both: 'VM_PFNMAP | VM_MIXEDMAP',
};

/** Commands of the driver, in the order of the rivals. Small numbers are the VFS's own: 2 is FIGETBSZ. */
export const IOCTLS = { unmap: 16, unmap_cows: 17, free: 18 } as const;

/** The API with which a record maps, or undefined if the handler returns the page. */
export function apiOf(r: TestRecord): string | undefined {
  if (r.place === 'prepare') return r.call === 'remap' ? 'mmap_action_remap_full' : 'mmap_action_remap';
  switch (r.call) {
    case 'remap':
    case 'remap_first':
      return 'remap_pfn_range';
    case 'insert_pfn':
      return 'vmf_insert_pfn';
    case 'insert_mixed':
      return 'vmf_insert_mixed';
    case 'insert_page':
      return 'vm_insert_page';
    case 'page':
      return undefined;
  }
}

/** C for the first frame that is mapped. */
export function firstFrame(r: TestRecord): string {
  return r.kind === 'ram' ? 'frame' : 'buf';
}

/** C for page `i` of something. */
export function plus(first: string, i: number, unit: string): string {
  return i === 0 ? first : `${first} + ${i === 1 ? '' : `${i} * `}${unit}`;
}

export function driverText(r: TestRecord): string {
  return [ownPage(r), faultText(r), mmapText(r), ioctlText(r), releaseText(r), fopsText(r)].join('');
}

/** A page of its own: the driver allocates it in ->mmap and gives it back when it is told to, or with the file. */
function ownPage(r: TestRecord): string {
  if (r.kind !== 'ram') return '';
  return `static unsigned long frame;
static int freed;
static struct file *owner;

static void give_back(void)
{
        if (!freed)
                __free_page(pfn_to_page(frame));
        freed = 1;
}
`;
}

function hasOps(r: TestRecord): boolean {
  return r.place === 'fault' || r.extra === 'pfn_mkwrite';
}

function faultText(r: TestRecord): string {
  if (!hasOps(r)) return '';
  const mkwrite = `static vm_fault_t demo_pfn_mkwrite(struct vm_fault *vmf)
{
        return 0;
}
`;
  const rows = [
    ...(r.place === 'fault' ? ['        .fault = demo_fault,\n'] : []),
    ...(r.extra === 'pfn_mkwrite' ? ['        .pfn_mkwrite = demo_pfn_mkwrite,\n'] : []),
  ];
  return [
    r.place === 'fault' ? handlerText(r) : '',
    r.extra === 'pfn_mkwrite' ? mkwrite : '',
    `static const struct vm_operations_struct demo_vm_ops = {\n${rows.join('')}};\n`,
  ].join('');
}

function handlerText(r: TestRecord): string {
  const frame = `${firstFrame(r)} + i`;
  const byPage = r.call === 'page' || r.call === 'insert_page';
  const body = {
    page: `        get_page(page);
        vmf->page = page;
        return 0;
`,
    insert_page: `        r = vm_insert_page(vmf->vma, vmf->address, page);
        return r < 0 && r != -EBUSY ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
`,
  };
  const locals = [
    '        unsigned long i = (vmf->address - vmf->vma->vm_start) >> PAGE_SHIFT;\n',
    ...(byPage ? ['        struct page *page;\n'] : []),
    ...(r.call === 'insert_page' ? ['        int r;\n'] : []),
  ];
  return `static vm_fault_t demo_fault(struct vm_fault *vmf)
{
${locals.join('')}
        if (i >= ${pagesOf(r)})
                return VM_FAULT_SIGBUS;
${byPage ? `        page = pfn_to_page(${frame});\n` : ''}${
    r.call === 'page' || r.call === 'insert_page'
      ? body[r.call]
      : `        return ${apiOf(r)!}(vmf->vma, vmf->address, ${frame});\n`
  }}
`;
}

function mmapText(r: TestRecord): string {
  if (r.place === 'prepare') return prepareText(r);
  const remaps = r.place === 'mmap' && (r.call === 'remap' || r.call === 'remap_first');
  const needsResult = r.place === 'mmap' && (remaps || r.call === 'insert_page');
  const flags = FLAG_TEXTS[r.flags];
  const locals = [
    ...(r.kind === 'ram' ? ['        struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);\n'] : []),
    ...(r.extra === 'restore_pgoff' ? ['        unsigned long pgoff = vma->vm_pgoff;\n'] : []),
    ...(needsResult ? ['        int r;\n'] : []),
  ];
  const lines = [
    ...(r.kind === 'ram'
      ? ['if (!page)', '        return -ENOMEM;', 'frame = page_to_pfn(page);', 'owner = file;']
      : []),
    ...(r.extra === 'clear_maywrite' ? ['vm_flags_clear(vma, VM_MAYWRITE);'] : []),
    ...(flags === '' ? [] : [`vm_flags_set(vma, ${flags});`]),
    ...(hasOps(r) ? ['vma->vm_ops = &demo_vm_ops;'] : []),
    ...(r.place === 'mmap' ? mapLines(r) : []),
    ...(r.extra === 'zap' ? ['zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);'] : []),
    ...(r.extra === 'restore_pgoff' ? ['vma->vm_pgoff = pgoff;'] : []),
    remaps ? 'return r;' : 'return 0;',
  ];
  return `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
${locals.join('')}${locals.length > 0 ? '\n' : ''}${lines.map((l) => `        ${l}\n`).join('')}}
`;
}

function mapLines(r: TestRecord): string[] {
  const first = firstFrame(r);
  if (r.call === 'remap' || r.call === 'remap_first') {
    const size = r.call === 'remap' ? 'vma->vm_end - vma->vm_start' : 'PAGE_SIZE';
    return [`r = remap_pfn_range(vma, vma->vm_start, ${first}, ${size}, vma->vm_page_prot);`];
  }
  return Array.from({ length: pagesOf(r) }, (_, i) => {
    const at = plus('vma->vm_start', i, 'PAGE_SIZE');
    const frame = i === 0 ? first : `${first} + ${i}`;
    if (r.call === 'insert_page')
      return [`r = vm_insert_page(vma, ${at}, pfn_to_page(${frame}));`, 'if (r)', '        return r;'];
    return [`if (${apiOf(r)!}(vma, ${at}, ${frame}) != VM_FAULT_NOPAGE)`, '        return -EFAULT;'];
  }).flat();
}

function prepareText(r: TestRecord): string {
  const action =
    r.call === 'remap'
      ? 'mmap_action_remap_full(desc, buf);'
      : 'mmap_action_remap(desc, desc->start, buf, PAGE_SIZE);';
  return `static int demo_mmap_prepare(struct vm_area_desc *desc)
{
        ${action}
        return 0;
}
`;
}

/** Whether anybody calls the driver's ioctl. */
function hasIoctl(r: TestRecord): boolean {
  return r.rival !== 'none' || hasOperation(r, 'unmap') || hasOperation(r, 'free');
}

function ioctlText(r: TestRecord): string {
  if (!hasIoctl(r)) return '';
  const unmap = `unmap_mapping_range(file->f_mapping, 0, 0, cmd == ${IOCTLS.unmap_cows});`;
  const body =
    r.kind === 'ram'
      ? `        if (cmd == ${IOCTLS.free})
                give_back();
        else
                ${unmap}
`
      : `        ${unmap}\n`;
  return `static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
${body}        return 0;
}
`;
}

function releaseText(r: TestRecord): string {
  if (r.kind !== 'ram') return '';
  return `static int demo_release(struct inode *inode, struct file *file)
{
        if (file == owner)
                give_back();
        return 0;
}
`;
}

function fopsText(r: TestRecord): string {
  const rows = [
    'owner = THIS_MODULE',
    r.place === 'prepare' ? 'mmap_prepare = demo_mmap_prepare' : 'mmap = demo_mmap',
    ...(hasIoctl(r) ? ['unlocked_ioctl = demo_ioctl'] : []),
    ...(r.kind === 'ram' ? ['release = demo_release'] : []),
  ];
  return `static const struct file_operations demo_fops = {
${rows.map((row) => `        .${row},\n`).join('')}};
`;
}
