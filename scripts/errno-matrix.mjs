// What system calls say about kinds of mappings: one table, measured on real kernels, becomes litmus/errno and docs/errno-matrix.md.
//
//   node scripts/errno-matrix.mjs          write the tests and the document
//   node scripts/errno-matrix.mjs --check  fail if one of them is not what the table says
//
// Values are what Debian's x86-64 kernels 6.12.107 and 7.2.13 said; nothing here comes from the model.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DOCUMENT = 'docs/errno-matrix.md';
export const FOLDER = 'litmus/errno';

/** What byte the tests put into the page: calls that give one back are known to have read it. */
const BYTE = 7;

/**
 * The operations, in the order of the table: the variable of the tests, what is done, what success gives (0 if it is left out), and what
 * takes back the reference that success leaves.
 */
const OPERATIONS = [
  { name: 'splice', title: 'vmsplice', call: 'vmsplice(p)', after: 'put(p);' },
  {
    name: 'readv',
    title: 'process_vm_readv',
    call: 'process_vm_readv(getpid(), local, p, 1)',
    success: 1,
  },
  { name: 'memread', title: '/proc/self/mem read', call: 'procmem(p)', success: BYTE },
  { name: 'memwrite', title: '/proc/self/mem write', call: `procmem_write(p, ${BYTE})` },
  {
    name: 'uring',
    title: 'io_uring buffer',
    call: 'gup_fast(p, FOLL_WRITE | FOLL_LONGTERM)',
    after: 'put(p);',
  },
  { name: 'popread', title: 'POPULATE_READ', call: 'madvise(p, PAGE_SIZE, MADV_POPULATE_READ)' },
  { name: 'popwrite', title: 'POPULATE_WRITE', call: 'madvise(p, PAGE_SIZE, MADV_POPULATE_WRITE)' },
  { name: 'wake', title: 'FUTEX_WAKE, shared', call: 'futex(p)' },
];

const ERRNO = { 5: '-EIO', 14: '-EFAULT', 22: '-EINVAL' };

const REMAP = (prot = 'vma->vm_page_prot') =>
  `remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, ${prot})`;

/** An ->mmap handler of these lines. */
const mmap = (...lines) =>
  `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
${lines.map((line) => `        ${line}\n`).join('')}}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };
`;

const ACCESS = `static int demo_access(struct vm_area_struct *vma, unsigned long addr, void *buffer, int len, int write)
{
        return generic_access_phys(vma, addr, buffer, len, write);
}
static const struct vm_operations_struct demo_vm_ops = { .access = demo_access };
`;

const FAULT_PAGE = `static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        struct page *page = pfn_to_page(buf);

        get_page(page);
        vmf->page = page;
        return 0;
}
`;

const FAULT_OPS = 'static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };\n';

const RESERVED = 'reserved buf  = 1 page;';
const OPEN = 'open("/dev/demo", O_RDWR)';
const RW = 'PROT_READ | PROT_WRITE';

/**
 * The mappings: one object for each driver that stands for one, with the releases it stands for. `values` has one number an operation, 0
 * or the errno; null if the model cannot say it, for the reason in UNEXPRESSED.
 */
const MAPPINGS = [
  {
    row: 'anon',
    name: 'anon',
    why: 'Anonymous memory that the process has written: everything works.',
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)`,
    prepare: `p[0] = ${BYTE};`,
    ram: 3,
    values: [0, 0, 0, 0, 0, 0, 0, 0],
  },
  {
    row: 'PCI BAR, shared',
    name: 'pci-bar',
    why: 'The BAR that sysfs offers as resource0: remap_pfn_range() of device memory, with an ->access handler. GUP refuses the VMA (VM_IO | VM_PFNMAP), /proc/self/mem goes through ->access.',
    memory: 'mmio     buf  = 1 page;',
    driver: ACCESS + mmap('vma->vm_ops = &demo_vm_ops;', `return io_${REMAP()};`),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_SHARED, fd, 0)`,
    values: [14, 14, 0, 0, 14, 22, 22, 14],
  },
  {
    row: '/dev/mem, private',
    name: 'devmem-private',
    why: 'A private mapping of /dev/mem before it is written. ->access reads the frame; it does not write, since the entry is not writable.',
    memory: RESERVED,
    driver: ACCESS + mmap('vma->vm_ops = &demo_vm_ops;', `return ${REMAP()};`),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_PRIVATE, fd, 0)`,
    values: [14, 14, 0, 5, 14, 22, 22, 14],
  },
  {
    row: '/dev/mem, private, COWed',
    name: 'devmem-cowed',
    why: 'A private mapping of /dev/mem after it is written. GUP-fast sees an ordinary anonymous page and takes it; slow GUP still refuses the VMA, and ->access cannot read the copy, since x86 does not ioremap RAM.',
    memory: RESERVED,
    driver: ACCESS + mmap('vma->vm_ops = &demo_vm_ops;', `return ${REMAP()};`),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_PRIVATE, fd, 0)`,
    prepare: `p[0] = ${BYTE};`,
    ram: 3,
    values: [0, 14, 5, 5, 0, 22, 22, 0],
  },
  {
    row: 'perf ring',
    name: 'perf-pages',
    releases: ['6.12'],
    why: 'The first page of a perf ring, which up to 6.12 a fault handler returns. It has a page_mkwrite handler, so that a long-term pin for writing is refused: its writes could not be tracked.',
    memory: RESERVED,
    driver:
      FAULT_PAGE +
      `static vm_fault_t demo_page_mkwrite(struct vm_fault *vmf)
{
        lock_page(vmf->page);
        return VM_FAULT_LOCKED;
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault, .page_mkwrite = demo_page_mkwrite };
` +
      mmap(
        'vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);',
        'vma->vm_ops = &demo_vm_ops;',
        'return 0;',
      ),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_SHARED, fd, 0)`,
    values: [0, 0, 0, 0, 14, 0, 0, null],
  },
  {
    row: 'perf ring',
    name: 'perf-raw',
    releases: ['7.2'],
    why: 'The first page of a perf ring, which since 6.16 is a raw mapping of RAM, made writable by a pfn_mkwrite handler. There is no ->access.',
    memory: RESERVED,
    driver:
      `static vm_fault_t demo_pfn_mkwrite(struct vm_fault *vmf)
{
        return 0;
}
static const struct vm_operations_struct demo_vm_ops = { .pfn_mkwrite = demo_pfn_mkwrite };
` +
      mmap(
        'vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);',
        'vma->vm_ops = &demo_vm_ops;',
        `return ${REMAP('vm_get_page_prot(vma->vm_flags & ~VM_SHARED)')};`,
      ),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_SHARED, fd, 0)`,
    values: [14, 14, 5, 5, 14, 22, 22, 14],
  },
  {
    row: 'io_uring ring',
    name: 'io-uring-ring',
    why: 'Pages of the driver in a VM_MIXEDMAP VMA, put there by vm_insert_pages(): ordinary pages for GUP. A futex needs a page->mapping, which they have not.',
    memory: RESERVED,
    driver: mmap(
      'struct page *pages[1];',
      'unsigned long num = 1;',
      '',
      'pages[0] = pfn_to_page(buf);',
      'return vm_insert_pages(vma, vma->vm_start, pages, &num);',
    ),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_SHARED, fd, 0)`,
    values: [0, 0, 0, 0, 0, 0, 0, 14],
  },
  {
    row: 'packet ring',
    name: 'packet-ring',
    why: 'Pages of the driver in a VM_MIXEDMAP VMA, put there by vm_insert_page(): ordinary pages for GUP, but without a page->mapping.',
    memory: RESERVED,
    driver: mmap('return vm_insert_page(vma, vma->vm_start, pfn_to_page(buf));'),
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_SHARED, fd, 0)`,
    values: [0, 0, 0, 0, 0, 0, 0, 14],
  },
  {
    row: 'BPF ring',
    name: 'bpf-ring',
    why: 'Pages of the driver in a VM_MIXEDMAP VMA, put there by remap_vmalloc_range(): ordinary pages for GUP, but without a page->mapping.',
    driver: `static char *ring;
static int __init demo_init(void)
{
        ring = vmalloc_user(PAGE_SIZE);
        ring[0] = ${BYTE};
        return 0;
}
module_init(demo_init);
${mmap('return remap_vmalloc_range(vma, ring, 0);')}`,
    map: `mmap(NULL, PAGE_SIZE, ${RW}, MAP_SHARED, fd, 0)`,
    ram: 3,
    values: [0, 0, 0, 0, 0, 0, 0, 14],
  },
  {
    row: 'vvar',
    name: 'vvar-raw',
    releases: ['6.12'],
    why: '[vvar] as it is up to 6.12: read-only for good, VM_IO | VM_PFNMAP, its fault handler inserts a raw frame. There is no ->access.',
    memory: RESERVED,
    driver:
      `static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
}
` +
      FAULT_OPS +
      mmap(
        'vm_flags_mod(vma, VM_IO | VM_DONTDUMP | VM_PFNMAP | VM_DONTEXPAND, VM_MAYWRITE | VM_MAYEXEC);',
        'vma->vm_ops = &demo_vm_ops;',
        'return 0;',
      ),
    map: 'mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0)',
    values: [14, 14, 5, 5, 14, 22, 22, 14],
  },
  {
    row: 'vvar',
    name: 'vvar-pages',
    releases: ['7.2'],
    why: '[vvar] as it is in 7.2: VM_MIXEDMAP with ordinary pages, but VM_IO, at which GUP stops.',
    memory: RESERVED,
    driver:
      FAULT_PAGE +
      FAULT_OPS +
      mmap(
        'vm_flags_mod(vma, VM_IO | VM_DONTDUMP | VM_MIXEDMAP | VM_DONTEXPAND, VM_MAYWRITE | VM_MAYEXEC);',
        'vma->vm_ops = &demo_vm_ops;',
        'return 0;',
      ),
    map: 'mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0)',
    values: [14, 14, 5, 5, 14, 22, 22, 14],
  },
  ...['6.12', '7.2'].map((release) => ({
    row: 'vdso',
    name: release === '6.12' ? 'vdso-forced' : 'vdso',
    releases: [release],
    why:
      '[vdso]: pages of the kernel, private, not writable but for debuggers. ' +
      (release === '6.12'
        ? '/proc/self/mem writes over the protection, and so into a copy.'
        : "Debian's 7.2 lets only a tracer write over protection (CONFIG_PROC_MEM_FORCE_PTRACE)."),
    memory: RESERVED,
    driver:
      FAULT_PAGE +
      FAULT_OPS +
      mmap('vm_flags_set(vma, VM_DONTEXPAND);', 'vma->vm_ops = &demo_vm_ops;', 'return 0;'),
    map: 'mmap(NULL, PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0)',
    ram: 3,
    values: [0, 0, 0, release === '6.12' ? 0 : 5, 14, 0, 22, 14],
  })),
];

/** Rows, or cells of rows, that no test stands for. */
const UNEXPRESSED = [
  {
    row: 'tmpfs',
    values: [0, 0, 0, 0, 0, 0, 0, 0],
    reason:
      'The model has no page cache: a page of a file differs from a page of a driver in its page->mapping.',
  },
  {
    row: 'secretmem',
    values: [14, 14, 5, 5, 14, 22, 22, 14],
    reason:
      'What GUP refuses there is the address_space of secretmem, not a flag or an entry. (mlock() of it is ENOMEM.)',
  },
  {
    row: 'perf ring',
    cells: '6.12: FUTEX_WAKE, shared 0',
    reason:
      'Up to 6.12 perf sets page->mapping of its pages, so that a futex takes them for pages of a file. Drivers in the model cannot.',
  },
];

const releasesOf = (mapping) => mapping.releases ?? ['6.12', '7.2'];

/** The word a test expects of an operation. */
const expected = (op, value) => (value === 0 ? String(op.success ?? 0) : ERRNO[value]);

/** Text broken into lines of a comment. */
function wrap(text, width = 100) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== '' && last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** Ids of the contract that a mapping's errnos show. */
const SHOWS = {
  anon: 'D.1-page',
  'pci-bar': 'D.1-1, D.3-access, D.3-process-vm, D.8-gup-users, F.V-8',
  'devmem-private': 'D.1-1, D.3-access, D.3-process-vm, F.V-8',
  'devmem-cowed': 'D.2-no-vma, D.3-access-cowed, D.3-process-vm, F.V-14',
  'perf-pages': 'D.1-6',
  'perf-raw': 'B.10-perf, D.1-1, D.3-access-none, D.8-gup-users',
  'io-uring-ring': 'B.1-insert-page, D.1-page, D.2-mapping',
  'packet-ring': 'B.1-insert-page, D.1-page',
  'bpf-ring': 'B.1-remap-vmalloc, D.1-page',
  vdso: 'B.10-vdso, D.1-page',
  'vdso-forced': 'B.10-vdso, D.1-7, D.1-page',
  'vvar-raw': 'B.10-vdso, D.1-1, D.8-gup-users, F.V-11',
  'vvar-pages': 'B.10-vdso, D.1-1, F.V-11',
};

/** One test: each operation has a mapping of its own, so that none sees what another has done. */
export function litmusOf(mapping) {
  const operations = OPERATIONS.filter((_, i) => mapping.values[i] !== null);
  const device = mapping.driver !== undefined;
  const memory = [`ram      pool = ${mapping.ram ?? 2} pages;`];
  if (mapping.memory) memory.push(mapping.memory, `buf[0] = ${BYTE};`);
  const steps = operations.flatMap((op) => [
    '',
    `p = ${mapping.map};`,
    ...(mapping.prepare ? [mapping.prepare] : []),
    `${op.name} = ${op.call};`,
    ...(op.after && mapping.values[OPERATIONS.indexOf(op)] === 0 ? [op.after] : []),
    'munmap(p, PAGE_SIZE);',
  ]);
  const cells = operations.map(
    (op) => `0:${op.name} = ${expected(op, mapping.values[OPERATIONS.indexOf(op)])}`,
  );
  const locals = [
    ...(device ? [`int fd = ${OPEN};`] : []),
    `char *local = mmap(NULL, PAGE_SIZE, ${RW}, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);`,
    'char *p;',
    `int ${operations.map((op) => op.name).join(', ')};`,
    '',
    'local[0] = 0;',
  ];
  const comment = [
    'Result: Always',
    `Only: x86_64, ${releasesOf(mapping).join(', ')}`,
    ...(SHOWS[mapping.name] ? [`Shows: ${SHOWS[mapping.name]}`] : []),
    '',
    ...wrap(mapping.why),
    '',
    ...wrap(`Measured (${mapping.row}); written by scripts/errno-matrix.mjs.`),
  ];
  return `C errno-${mapping.name}
(*
${comment.map((line) => ` * ${line}`.trimEnd()).join('\n')}
 *)
{
${memory.map((line) => `  ${line}\n`).join('')}}
${mapping.driver ?? ''}P0()
{
${[...locals, ...steps].map((line) => `        ${line}`.trimEnd()).join('\n')}
}
forall (${cells.slice(0, 4).join(' /\\ ')}
        /\\ ${cells.slice(4).join(' /\\ ')})
`;
}

/** Values as the table shows them: one number, or two if the releases differ. */
function cell(values) {
  const shown = values.map((v) => (v === null ? '-' : (ERRNO[v]?.slice(1) ?? String(v))));
  return new Set(shown).size === 1 ? shown[0] : shown.join(' / ');
}

function table(lines) {
  const widths = lines[0].map((_, i) => Math.max(3, ...lines.map((line) => line[i].length)));
  const print = (line) => `| ${line.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [print(lines[0]), rule, ...lines.slice(1).map(print)].join('\n');
}

/** The document. */
export function documentText() {
  const rows = [...new Set(MAPPINGS.map((m) => m.row))].map((row) => {
    const own = MAPPINGS.filter((m) => m.row === row);
    const tests = own.map((m) => `[${m.name}](../${FOLDER}/errno-${m.name}.litmus)`).join(', ');
    return [row, ...OPERATIONS.map((_, i) => cell(own.map((m) => m.values[i]))), tests];
  });
  const missing = UNEXPRESSED.map((u) => [
    u.row,
    u.cells ?? u.values.map((v, i) => `${OPERATIONS[i].title} ${ERRNO[v]?.slice(1) ?? v}`).join(', '),
    u.reason,
  ]);
  return `# Errno matrix

Generated by \`node scripts/errno-matrix.mjs\`, which also writes the tests in litmus/errno: what eight operations say about kinds of
mappings, measured on Debian's x86-64 kernels 6.12 and 7.2. Where the two differ, both stand there. Each operation of a test has a mapping of
its own; the outcome that \`pfnmap run\` prints has one variable for each, called as the column is:

${table([['Column', 'Operation'], ...OPERATIONS.map((op) => [op.name, `\`${op.call.replaceAll('|', '\\|')}\`, ${op.title}`])])}

${table([['Mapping', ...OPERATIONS.map((op) => op.name), 'Test'], ...rows])}

0 is success; - is a cell below.

## What the model cannot express

${table([['Mapping', 'Measured', 'Why not'], ...missing])}
`;
}

/** All generated files by name. */
export function files() {
  return new Map([
    [DOCUMENT, documentText()],
    ...MAPPINGS.map((m) => [`${FOLDER}/errno-${m.name}.litmus`, litmusOf(m)]),
  ]);
}

/** Names of files that are missing, old or too many. */
export function stale() {
  const wanted = files();
  const there = existsSync(ROOT + FOLDER) ? readdirSync(ROOT + FOLDER).map((f) => `${FOLDER}/${f}`) : [];
  const wrong = [...wanted].filter(
    ([name, text]) => !existsSync(ROOT + name) || readFileSync(ROOT + name, 'utf8') !== text,
  );
  return [...wrong.map(([name]) => name), ...there.filter((name) => !wanted.has(name))];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = stale();
  if (process.argv.includes('--check')) {
    if (names.length > 0) console.error(`not what the table says: ${names.join(', ')}`);
    process.exitCode = names.length > 0 ? 1 : 0;
  } else {
    const wanted = files();
    for (const name of names) {
      if (wanted.has(name)) writeFileSync(ROOT + name, wanted.get(name));
      else rmSync(ROOT + name);
    }
  }
}
