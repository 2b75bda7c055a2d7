/**
 * Reductions change no answer: the corpus and generated tests with them and without. A small part of both, unless REDUCTIONS says how many
 * generated tests shall be compared: `npm run check:reductions` takes 10,000 and the whole corpus.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { DriverEffects } from '../../src/litmus/lower/effects.js';
import { Por } from '../../src/run/por.js';
import { Exchange } from '../../src/kernel/exchange.js';
import { parseLitmus } from '../../src/run/parse.js';
import type { RunOptions } from '../../src/run/index.js';
import { grammar } from '../litmus/grammar.js';
import { compare, type Compared } from './compare.js';
import { hardText } from './hard.js';
import { racingText } from './racing.js';

const asked = process.env['REDUCTIONS'];
const ARCHS = ['x86_64', 'arm'] as const;
const TIMEOUT = 7_200_000;

interface Reduction {
  readonly name: string;
  /** Options that switch it off. */
  readonly without: Partial<RunOptions>;
  /** Tests that it can reduce at all. */
  readonly concerns: RegExp;
  /** Of these in the corpus every so many-th is taken, and so many generated ones. */
  readonly every: number;
  readonly count: number;
  /** The test of a number that is hard for it. */
  textOf(seed: number): string;
}

const REDUCTIONS: readonly Reduction[] = [
  {
    name: 'symmetry',
    without: { symmetry: false, por: false },
    concerns: /^/,
    every: asked === undefined ? 40 : 1,
    count: Number(asked ?? 24),
    textOf: hardText,
  },
  {
    name: 'partial-order reduction',
    without: { por: false },
    concerns: /^P1\b/m,
    every: asked === undefined ? 8 : 1,
    count: Number(asked ?? 12),
    textOf: racingText,
  },
];

async function compareText(
  file: string,
  text: string,
  arch: string,
  without: Partial<RunOptions>,
): Promise<Compared> {
  return compare(parseLitmus({ file, text }, grammar), { arch, release: '7.2' }, without);
}

/** What is different, and what was compared. */
class Total {
  readonly different: string[] = [];
  compared = 0;
  reduced = 0;
  plain = 0;

  add(name: string, { difference, reduced, plain }: Compared): void {
    if (difference !== '') this.different.push(`${name}\n${difference}`);
    if (plain === 0) return;
    this.compared += 1;
    this.reduced += reduced;
    this.plain += plain;
  }

  check(): void {
    const { compared, reduced, plain } = this;
    if (asked !== undefined) console.log(`${compared} compared: ${reduced} states for ${plain}`);
    expect(this.different.slice(0, 3).join('\n\n')).toBe('');
    expect(reduced).toBeLessThan(plain);
  }
}

describe.each(REDUCTIONS)('$name', ({ without, concerns, every, count, textOf }) => {
  test('the corpus has the same outcomes', { timeout: TIMEOUT }, async () => {
    const total = new Total();
    const texts = readdirSync('litmus', { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.litmus'))
      .toSorted()
      .map((file) => ({ file, text: readFileSync(join('litmus', file), 'utf8') }))
      .filter(({ text }) => concerns.test(text));
    for (const [i, { file, text }] of texts.entries()) {
      if (i % every !== 0) continue;
      for (const arch of ARCHS) total.add(`${file} ${arch}`, await compareText(file, text, arch, without));
    }
    total.check();
  });

  test('generated tests have the same outcomes', { timeout: TIMEOUT }, async () => {
    const total = new Total();
    for (let i = 0; total.compared < count; i++) {
      const [text, arch] = [textOf(i), ARCHS[i % 2]!];
      total.add(`${text} ${arch}`, await compareText(`hard-${i}`, text, arch, without));
    }
    total.check();
  });
});

test('the check finds what is wrong without pinning', { timeout: TIMEOUT }, async () => {
  const spies = (['number', 'steps', 'meets'] as const).map((name) =>
    vi.spyOn(Exchange.prototype, name).mockImplementation(() => {}),
  );
  try {
    let different = 0;
    for (let i = 0; i < 16; i++) {
      const without = { symmetry: false, por: false };
      different += Number(
        (await compareText('naive', hardText(i), ARCHS[i % 2]!, without)).difference !== '',
      );
    }
    expect(different).toBeGreaterThan(0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});

/** A pointer to a page lies in another page, and frames before both become free. */
const IN_A_PAGE = `C in-a-page
{ ram pool = 5 pages; }
static struct page *list;
static struct page *last;
static struct page *first;
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        struct page **p;

        if (cmd == 10) {
                first = alloc_page(GFP_KERNEL);
                last = alloc_page(GFP_KERNEL);
                list = alloc_page(GFP_KERNEL);
                p = page_address(list);
                *p = alloc_page(GFP_KERNEL);
        } else if (cmd == 11) {
                __free_page(first);
                __free_page(last);
                first = NULL;
                last = alloc_page(GFP_KERNEL);
        } else {
                p = page_address(list);
                __free_page(*p);
                __free_page(list);
                __free_page(last);
        }
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .unlocked_ioctl = demo_ioctl };
P0()
{
        int fd = open("/dev/demo", O_RDWR);
        ioctl(fd, 10, 0);
        ioctl(fd, 11, 0);
        ioctl(fd, 12, 0);
}
exists (leaked())
`;

test('what a page contains names frames, too', async () => {
  for (const arch of ARCHS)
    expect(
      (await compareText('in-a-page', IN_A_PAGE, arch, { symmetry: false, por: false })).difference,
    ).toBe('');
});

/** A thread that reads for ever, and another one that runs into a BUG. */
const ENDLESS = `C endless
{ ram pool = 2 pages; reserved buf = 1 page; }
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        return remap_pfn_range(vma, vma->vm_start, buf, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        BUG_ON(1);
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };
P0()
{
        int fd = open("/dev/demo", O_RDWR);
        char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
        char x;

        for (;;)
                x = p[0];
}
P1()
{
        ioctl(open("/dev/demo", O_RDWR), 16, 0);
}
exists (bug(BUG_ON))
`;

/** What a naive partial-order reduction would leave out, and tests that need it. */
const NAIVE = [
  {
    name: 'steps that freeze the run do not wait for others',
    spoil: () => vi.spyOn(Por.prototype, 'check').mockImplementation(() => {}),
    texts: [racingText(95)],
  },
  {
    name: 'handlers of the driver touch nothing',
    spoil: () => vi.spyOn(DriverEffects.prototype, 'of').mockReturnValue(0),
    texts: [26, 28].map(racingText),
  },
  {
    name: 'a thread may go alone for ever',
    spoil: () => vi.spyOn(Por.prototype, 'advanced').mockReturnValue(true),
    texts: [ENDLESS],
  },
];

test.each(NAIVE)(
  'the check finds that it is wrong that $name',
  { timeout: TIMEOUT },
  async ({ spoil, texts }) => {
    const differences = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const text of texts)
        for (const arch of ARCHS)
          found.push((await compareText('naive', text, arch, { por: false })).difference);
      return found.filter((difference) => difference !== '');
    };
    expect(await differences()).toEqual([]);
    const spy = spoil();
    try {
      expect(await differences()).not.toEqual([]);
    } finally {
      spy.mockRestore();
    }
  },
);
