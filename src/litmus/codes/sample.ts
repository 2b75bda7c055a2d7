/** Small complete tests for the examples of `pfnmap explain`, of which one part is given and the rest is as short as can be. */

interface Parts {
  readonly first?: string;
  readonly header?: string;
  readonly memory?: string;
  readonly driver?: string;
  readonly threads?: string;
  readonly clause?: string;
}

const THREAD = 'P0()\n{\n\tint x = 0;\n}';

/** The text of a test with these parts. */
export function sample(parts: Parts): string {
  const { first = 'C example', header, memory = '{ ram pool = 4 pages; }', driver, threads = THREAD } = parts;
  const { clause = 'exists (0:x = 0)' } = parts;
  return (
    [first, header, memory, driver, threads, clause].filter((p) => p !== undefined && p !== '').join('\n') +
    '\n'
  );
}

/** A test whose P0 maps the device, so that `p` is an address to ask about. */
export function mapping(clause: string): string {
  const driver = [
    'static int demo_mmap(struct file *file, struct vm_area_struct *vma)',
    '{',
    '\treturn remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);',
    '}',
    'static const struct file_operations demo_fops = { .mmap = demo_mmap };',
  ];
  const thread = [
    'P0()',
    '{',
    '\tint fd = open("/dev/demo", O_RDWR);',
    '\tchar *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);',
    '}',
  ];
  const memory = '{ ram pool = 4 pages; reserved buf = 1 page; }';
  return sample({ memory, driver: driver.join('\n'), threads: thread.join('\n'), clause });
}

/** A test with this header comment. */
export function headed(line: string): string {
  return sample({ header: `(* ${line} *)` });
}

/** A test with this condition. */
export function asking(clause: string): string {
  return sample({ clause });
}

/** A test with these statements in its memory block. */
export function withMemory(...lines: string[]): string {
  return sample({ memory: ['{', ...lines.map((l) => `  ${l}`), '}'].join('\n') });
}
