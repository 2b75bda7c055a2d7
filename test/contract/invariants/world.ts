/** A world with every kind of mapping in it, in which all invariants hold, to be damaged. */
import { InvariantChecker } from '../../../src/contract/invariants/check.js';
import { INVARIANTS } from '../../../src/contract/invariants/list.js';
import type { Kernel } from '../../../src/kernel/kernel.js';
import { INITIAL_CAPACITIES } from '../../../src/kernel/layout.js';
import { pteAt } from '../../../src/kernel/mm/pgtable.js';
import { bootKernel, booting, compile, runModuleInit } from '../../../src/run/boot.js';
import { factsOf } from '../../../src/run/configurations.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';

/** Where P0 maps what: its own page of `ram` raw and shared, `buf` raw and private, a copy, a page that was inserted. Page 4 is free. */
export const PAGES = { raw: 0, window: 1, copy: 2, inserted: 3, free: 4 } as const;

/** With its child, which has the copy and the others, too. */
const TEXT = `C world
(*
 * Result: Always
 *)
{ ram pool = 6 pages; reserved buf = 2 pages; mmio bar = 1 page; }
static struct page *own;
static struct page *inserted;
static int demo_init(void)
{
        own = alloc_page(GFP_KERNEL | __GFP_ZERO);
        inserted = alloc_page(GFP_KERNEL | __GFP_ZERO);
        return 0;
}
module_init(demo_init);
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (vma->vm_pgoff == 0)
                return remap_pfn_range(vma, vma->vm_start, page_to_pfn(own), PAGE_SIZE, vma->vm_page_prot);
        if (vma->vm_pgoff == 1)
                return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
        return vm_insert_page(vma, vma->vm_start, inserted);
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };
P0()
{
        int fd = open("/dev/demo", O_RDWR);

        mmap(arena, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
        mmap(arena + PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, PAGE_SIZE);
        char *p = mmap(arena + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, PAGE_SIZE);
        p[0] = 1;
        mmap(arena + 3 * PAGE_SIZE, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 2 * PAGE_SIZE);
        fork();
}
exists (0:p != 0)
`;

export class World {
  readonly k: Kernel;
  readonly readonly: Uint8Array;
  private readonly checker: InvariantChecker;

  /** On x86_64 with 7.2. */
  constructor() {
    const test = parseLitmus({ file: 'world.litmus', text: TEXT }, grammar);
    const c = compile(test, factsOf('x86_64', '7.2', {}), 4);
    this.k = bootKernel(c, {
      ...INITIAL_CAPACITIES,
      procs: 2,
      threads: 2,
      vmas: 9,
      files: 2,
      stack: 256,
      heap: 16,
    });
    this.k.chooser = () => 0;
    if (booting(this.k)) runModuleInit(this.k, c);
    for (let i = 0; i < 2; i++) while (!this.k.frozen && this.k.enabled(i)) this.k.run(i);
    const reachable = new Uint8Array(c.mem.frames);
    for (const { name, index, pages } of c.mem.regions)
      if (name === 'buf') reachable.fill(1, index, index + pages);
    this.readonly = new Uint8Array(c.mem.frames);
    this.checker = new InvariantChecker(this.k, { reachable, readonly: this.readonly });
  }

  /** The invariant that is found broken, or `holds`. */
  check(): string {
    const found = this.checker.check();
    return found < 0 ? 'holds' : INVARIANTS[found]!.id;
  }

  /** Word of a process's entry for a page; the flags are in the next. */
  entry(page: number, proc = 0): number {
    return pteAt(this.k, proc, page);
  }

  /** The struct page behind an entry of P0's. */
  page(page: number) {
    return this.k.pages[this.k.mem.frame(this.k.w[this.entry(page)]!)]!;
  }
}
