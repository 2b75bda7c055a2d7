/** Questions about what litmus text means, put on a machine with a special bit, one without, and one that is neither. */
import { expect, test } from 'vitest';
import { run, type Parts } from '../support.js';

const CONFIGURATIONS = [
  { arch: 'x86_64', release: '7.2' },
  { arch: 'arm', release: '6.1' },
  { arch: 'um', release: '7.2' },
];

/** A test without its driver and memory, which are usual ones by default. `threads` without `P0()` is the body of P0. */
export interface Question extends Omit<Parts, 'header' | 'threads'> {
  readonly threads?: string;
  /** By default `Always`; lines of the header otherwise: `Sometimes`, `Result(!pte_special): Never`. */
  readonly result?: string | readonly string[];
}

/** Asserts that a test is answered as expected. */
export function ask(title: string, question: Question): void {
  const { threads = '', result = 'Always', ...parts } = question;
  const lines = (typeof result === 'string' ? [result] : result).map((r) =>
    r.includes(':') ? r : `Result: ${r}`,
  );
  const header = lines.map((l) => `\n * ${l}`).join('') + '\n ';
  const text = /^\s*P0/.test(threads) ? threads : `P0()\n{\n${threads}\n}`;
  test(title, async () => {
    for (const configuration of CONFIGURATIONS) {
      const r = await run({ ...parts, header, threads: text }, configuration);
      const seen = { ...configuration, outcomes: r.outcomes.map((o) => o.text), reason: r.reason };
      expect({ ...seen, observation: r.observation }).toEqual({ ...seen, observation: r.expected });
    }
  });
}

/** A driver whose ioctl has this body and then returns 0. */
export function ioctl(body: string, globals = ''): string {
  return `${globals}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        ${body}
        return 0;
}
static const struct file_operations demo_fops = { .unlocked_ioctl = demo_ioctl };`;
}

/** A driver whose mmap sets `vm_ops` with a fault handler of this body. */
export function faults(
  body: string,
  { flags = '', globals = '', ops = '' }: { flags?: string; globals?: string; ops?: string } = {},
): string {
  return `${globals}
static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        ${body}
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault, ${ops} };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        ${flags === '' ? '' : `vm_flags_set(vma, ${flags});`}
        vma->vm_ops = &demo_vm_ops;
        return 0;
}
static const struct file_operations demo_fops = { .mmap = demo_mmap };`;
}

/** Body of a fault handler that returns the page \`buf`. */
export const RETURN_PAGE = 'get_page(pfn_to_page(buf)); vmf->page = pfn_to_page(buf); return 0;';

/** Declarations of `fd`, and of `p` as a mapping. */
export const OPEN = 'int fd = open("/dev/demo", O_RDWR);';
const mapping = (prot: string, how: string, fd: string): string =>
  `char *p = mmap(NULL, PAGE_SIZE, ${prot}, ${how}, ${fd}, 0);`;
export const READ_SHARED = `${OPEN} ${mapping('PROT_READ', 'MAP_SHARED', 'fd')}`;
export const SHARED = `${OPEN} ${mapping('PROT_READ | PROT_WRITE', 'MAP_SHARED', 'fd')}`;
export const PRIVATE = `${OPEN} ${mapping('PROT_READ | PROT_WRITE', 'MAP_PRIVATE', 'fd')}`;
export const ANONYMOUS = mapping('PROT_READ | PROT_WRITE', 'MAP_PRIVATE | MAP_ANONYMOUS', '-1');
