import { describe, expect, test } from 'vitest';
import { INVARIANTS } from '../../../src/contract/invariants/list.js';
import { verifyPage, type Shown } from '../../../src/report/html/page.js';
import { escaped, markup } from '../../../src/report/html/markup.js';
import { verifyObject } from '../../../src/report/verify.js';
import { FREES, REMAP, verify } from '../../verify/support.js';
import { ATTACK, hostile } from './hostile.js';

const SMALL = { pages: 1, processes: 1 } as const;

async function shown(...results: Parameters<typeof verify>[]): Promise<Shown[]> {
  return Promise.all(
    results.map(async (args) => ({ result: await verify(...args), confirmed: 'Sometimes' })),
  );
}

/** The text of elements without their tags, as a reader sees it. */
function plain(page: string): string {
  return page
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, '')
    .replace(/\s+/g, ' ');
}

describe('what is put into a template', () => {
  test('is text, unless it is markup', () => {
    expect(markup`<b title="${'"'}">${['<i>', markup`<i>`]}${false}${undefined}${0}</b>`.text).toBe(
      '<b title="&quot;">&lt;i&gt;<i>0</b>',
    );
    expect(escaped(`<>&"'`)).toBe('&lt;&gt;&amp;&quot;&#39;');
  });

  test('cannot break out of the page, wherever it stands', async () => {
    const page = verifyPage([await hostile()]);
    expect(page).not.toContain('<img');
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page.match(/<\/script/g)).toHaveLength(2);
    expect(page.match(/<\/style/g)).toHaveLength(1);
    const data = /<script type="application\/json"[^>]*>([\s\S]*?)<\/script>/.exec(page)![1]!;
    expect(JSON.parse(data)).toMatchObject([{ test: ATTACK, excludes: [ATTACK] }]);
  });
});

test('the head has verdict, invariant, rule, blame and configuration', async () => {
  const text = plain(verifyPage(await shown([FREES(''), SMALL])));
  expect(text).toContain('violated driver, arm, Linux 7.2');
  expect(text).toContain('Invariant not-freed: no frame is in the page allocator');
  expect(text).toContain('Rule F-1a: A frame that is mapped raw is not freed');
  expect(text).toContain('Blame the driver, in step 4: __free_page() frees');
  expect(text).toContain('Configuration arm, Linux 7.2; file driver.litmus');
});

test('the steps stand there as C, each with a picture in which only what changed is marked', async () => {
  const page = verifyPage(await shown([FREES(''), SMALL]));
  const steps = [...page.matchAll(/<section class="step"[\s\S]*?<\/section>/g)].map(([step]) => step);
  expect(steps.map((step) => plain(/<h3[\s\S]*?<\/h3>/.exec(step)![0]).trim())).toEqual([
    '1. module_init()',
    '2. P0 fd = open(&quot;/dev/demo&quot;, O_RDWR);',
    '3. P0 mmap(p, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);',
    '4. P0 ioctl(fd, 1, 0);',
  ]);
  const marked = (step: string): string[] =>
    [...step.matchAll(/<(ins|del)>(.*?)<\/\1>/g)].map(([all]) => plain(all));
  expect(marked(steps[1]!)).toEqual(['3: /dev/demo, O_RDWR']);
  expect(marked(steps[3]!)).toEqual(
    expect.arrayContaining(['was the struct page of pool.0', 'NULL', 'was allocated', 'free', 'was 1', '0']),
  );
  expect(plain(steps[3]!)).toContain('vm_normal_page: NULL (mapping is not COW)');
  expect(steps[3]).toContain('broken here');
});

test('several results get a selector and a table, and JSON that holds all of them', async () => {
  const all = await shown([FREES(''), SMALL], [REMAP('PAGE_SIZE'), SMALL]);
  const page = verifyPage(all);
  expect(page.match(/<option /g)).toHaveLength(2);
  expect(page).toContain('<summary>All 2 results</summary>');
  const data = /<script type="application\/json"[^>]*>([\s\S]*?)<\/script>/.exec(page)![1]!;
  expect(JSON.parse(data)).toEqual(
    JSON.parse(
      JSON.stringify(all.map(({ result, confirmed }) => verifyObject(result, confirmed, undefined, true))),
    ),
  );
});

test('what holds says what was covered, and what not', async () => {
  const text = plain(verifyPage(await shown([REMAP('PAGE_SIZE'), SMALL])));
  expect(text).toContain('holds driver, arm, Linux 7.2');
  expect(text).toMatch(
    /1 process with 1 page and 1 descriptor: \d+ states, \d+ operations tried; these are all/,
  );
  expect(text).toContain(`Looked at in every state: ${INVARIANTS.length} invariants`);
  expect(text).toContain('Not covered more than 1 process');
});

test('it loads nothing', async () => {
  const page = verifyPage(await shown([FREES(''), SMALL]));
  expect(page).toContain(`content="default-src 'none';`);
  expect(page).not.toMatch(/\b(src|href)="(?!#)|@import|url\(/);
});

test('a page without results says so', () => {
  expect(plain(verifyPage([]))).toContain('Nothing was verified.');
});
