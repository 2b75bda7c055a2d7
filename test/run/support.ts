/** Runs litmus text in the tests. */
import { parseLitmus } from '../../src/run/parse.js';
import { runTest } from '../../src/run/index.js';
import type { RunOptions, RunResult } from '../../src/run/result.js';
import { grammar } from '../litmus/grammar.js';

/** A driver that remaps the region `buf` over the whole VMA. */
export const REMAP_BUF = `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };
`;

export interface Parts {
  readonly header?: string;
  readonly memory?: string;
  readonly driver?: string;
  readonly threads: string;
  readonly condition: string;
}

/** A whole test from its parts. */
export function litmus(p: Parts): string {
  const memory = p.memory ?? 'ram pool = 4 pages; reserved buf = 2 pages;';
  return `C t\n(* ${p.header ?? ''} *)\n{ ${memory} }\n${p.driver ?? REMAP_BUF}\n${p.threads}\n${p.condition}\n`;
}

/** Parses and runs; x86_64 with 7.2 unless told. */
export async function run(p: Parts, options: Partial<RunOptions> = {}): Promise<RunResult> {
  const test = parseLitmus({ file: 't.litmus', text: litmus(p) }, grammar);
  return runTest(test, { arch: 'x86_64', release: '7.2', ...options });
}

/** Texts of the outcomes. */
export function outcomes(r: RunResult): string[] {
  return r.outcomes.map((o) => o.text);
}
