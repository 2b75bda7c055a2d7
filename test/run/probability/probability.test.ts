import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../src/run/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { probabilities, type Probability } from '../../../src/run/probability/index.js';
import { grammar } from '../../litmus/grammar.js';
import { bruteLastFreed, bruteUniform } from './brute.js';
import { KEEP, MAP, TEXTS, withChoice } from './texts.js';

async function ask(
  text: string,
  frames?: number,
): Promise<readonly [uniform: Probability, lastFreed: Probability]> {
  const test = parseLitmus({ file: 't.litmus', text }, grammar);
  const options = {
    allocators: ['uniform', 'last-freed'],
    ...(frames === undefined ? {} : { frames }),
  } as const;
  const [uniform, lastFreed] = await probabilities(test, factsOf('arm', '7.2'), options);
  return [uniform!, lastFreed!];
}

const exactly = (p: Probability): string => {
  expect(p.reason).toBeUndefined();
  expect(p.atLeast).toEqual(p.atMost);
  return p.atMost!.fraction;
};

const ANONYMOUS = 'mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)';

describe('by hand', () => {
  // The copy is the first allocation: of N frames one has the number. What was freed last is first on the list. Of two that were freed the
  // later one is first on it, so that the earlier one is never the copy's. A frame that is kept is no copy's, and takes a place of N.
  it.each([
    ['a number of the machine', 4, '1/4', '1/4'],
    ['a number of the machine', 65536, '1/65536', '1/65536'],
    ['the frame freed last', 4, '1/4', '1'],
    ['the frame freed last', 61440, '1/61440', '1'],
    ['the frame freed before the last', 61440, '1/61440', '0'],
    // (N - 1)/N that the kept frame is another one, times 1/(N - 1)
    ['the frame that was kept', 6, '1/6', '1/6'],
    ['the frame that was kept', 1048576, '1/1048576', '1/1048576'],
    // Uniform: not the first copy's, (N - 1)/N, and then 1/(N - 1). The list: the first copy takes the later one, the second the earlier.
    ['the second of two copies', 1000, '1/1000', '1'],
    // The list: pool + 1 is the second frame from below.
    ['a copy made again', 1000, '1/1000', '1/1000'],
  ] as const)('%s, of %i', async (name, frames, uniform, lastFreed) => {
    const found = await ask(TEXTS[name]!(4), frames);
    expect(found.map(exactly)).toEqual([uniform, lastFreed]);
  });
});

describe.each(Object.entries(TEXTS))('%s: brute force agrees', (_, text) => {
  it.each([4, 5, 6])('with %i frames that are all there, and with some that stand for others', async (n) => {
    const all = await ask(text(n));
    const few = await ask(text(3), n);
    expect(few.map(exactly)).toEqual(all.map(exactly));
    expect(all[0].atMost!.decimal).toBeCloseTo(bruteUniform(text(n)), 12);
    const { hits, of } = bruteLastFreed(text(n));
    expect(all[1].atMost!.decimal).toBeCloseTo(hits / of, 12);
  });
});

describe('what is not chance', () => {
  it('is a range: whoever decides can bring about either end', async () => {
    const [uniform, lastFreed] = await ask(
      withChoice('return choose(2) ? pool + 1 : 0;', `char *p = ${MAP('n')};\n        p[0] = 1;`),
      100,
    );
    for (const one of [uniform, lastFreed]) {
      expect([one.atLeast!.fraction, one.atMost!.fraction]).toEqual(['0', '1/100']);
    }
  });

  it('may wait for chance: a decision after the draw knows it', async () => {
    const body = `char *p = ${MAP('pool')};\n        p[0] = 1;\n        n = ioctl(fd, 1, 0);`;
    const [uniform] = await ask(
      withChoice(
        'return choose(2);',
        body,
        'exists ((0:n = 1 /\\ 0:pfn(p) = pool) \\/ (0:n = 0 /\\ 0:pfn(p) != pool))',
      ),
      10,
    );
    expect(uniform.reason).toBeUndefined();
    expect([uniform.atLeast!.fraction, uniform.atMost!.fraction]).toEqual(['0', '1']);
  });

  it('may go round in circles', async () => {
    const body = `char *p;\n        while (ioctl(fd, 1, 0) == 0)\n                ;\n        p = ${MAP('pool + 1')};\n        p[0] = 1;`;
    const found = await ask(withChoice('return choose(2);', body), 50);
    expect(found.map(exactly)).toEqual(['1/50', '1/50']);
  });
});

describe('what cannot be answered says so', () => {
  it.each([
    ['too little RAM', TEXTS['the frame freed last']!(4), 3, /the test itself has 4 frames/],
    [
      'an allocation that is made again and again',
      withChoice(
        'return 0;',
        `char *p;\n        do {\n                p = ${ANONYMOUS};\n                p[0] = 1;\n                n = pagemap(p);\n                munmap(p, PAGE_SIZE);\n        } while (n != pool);`,
        'exists (0:n = 1)',
      ),
      4,
      /repeated for ever/,
    ],
    [
      'blocks in a larger RAM',
      withChoice('kept = alloc_pages(GFP_KERNEL, 1);\n        return 0;', '', 'exists (0:n = 0)'),
      8,
      /blocks of several frames/,
    ],
  ])('%s', async (_, text, frames, reason) => {
    const [uniform] = await ask(text, frames);
    expect(uniform.atMost).toBeUndefined();
    expect(uniform.reason).toMatch(reason);
  });

  it('a number beside one that was handed out', async () => {
    const text = withChoice(
      `${KEEP.split('\n')[0]}\n        return page_to_pfn(kept);`,
      `char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off_t)n << PAGE_SHIFT);\n        p[PAGE_SIZE] = 1;`,
      'exists (0:vm_normal_page(p + PAGE_SIZE) = NULL)',
    );
    expect((await ask(text, 8))[0].reason).toMatch(/beside one that was allocated/);
    expect((await ask(text))[0].atMost).toBeDefined();
  });
});
