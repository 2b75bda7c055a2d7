/** The page in a real browser: Debian's chromium, where it is installed (CONTRIBUTING.md). */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { verifyPage } from '../../../src/report/html/page.js';
import { FREES, REMAP, verify } from '../../verify/support.js';
import { hostile } from './hostile.js';
import { attacked, background, faint, focused, ids, outside, unfold } from './inside.js';

const PROGRAM = [process.env['CHROMIUM'] ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser'].find(
  (path) => existsSync(path),
);
const WHERE = PROGRAM === undefined ? 'left out, for there is no chromium: see CONTRIBUTING.md' : 'chromium';

/** A browser takes its time to start on a busy machine. */
const START_MS = 60_000;

interface Media {
  readonly width?: number;
  readonly media?: 'print';
  readonly colorScheme?: 'light' | 'dark';
}

describe.skipIf(PROGRAM === undefined)(`in a browser (${WHERE})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'pfnmap-html-'));
  const file = join(dir, 'page.html');
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    const bounds = { pages: 1, processes: 1 };
    const results = [await verify(FREES(''), bounds), await verify(REMAP('PAGE_SIZE'), bounds)];
    const shown = results.map((result) => ({ result, confirmed: 'Sometimes' }));
    writeFileSync(file, verifyPage([...shown, await hostile()]));
    browser = await chromium.launch({ executablePath: PROGRAM!, args: ['--no-sandbox'] });
    page = await browser.newPage();
    listen(page);
  }, START_MS);

  afterEach(() => expect(complaints.splice(0)).toEqual([]));

  afterAll(async () => {
    await browser?.close();
    rmSync(dir, { recursive: true });
  });

  /** One page for all tests: a new one for each took longer than the rest. */
  async function open(hash = '', { width = 1400, ...media }: Media = {}): Promise<void> {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ media: 'screen', colorScheme: 'light', ...media });
    await page.goto('about:blank');
    await page.goto(`file://${file}${hash}`);
  }

  function listen(to: Page): void {
    to.on('console', (message) => complaints.push(message.text()));
    to.on('pageerror', (error) => complaints.push(String(error)));
    to.on('request', (request) => {
      if (!request.url().startsWith(`file://${file}`)) complaints.push(`asks for ${request.url()}`);
    });
  }

  const visibleSteps = () => page.locator('.step:visible').evaluateAll(ids);

  test('the arrow keys step, and the page says where it is', async () => {
    await open();
    expect(await visibleSteps()).toEqual(['r1.1']);
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await visibleSteps()).toEqual(['r1.3']);
    expect(await page.locator('#r1 [role=status]').textContent()).toBe('Step 3 of 4');
    expect(await page.locator('#r1 [aria-current=step]').getAttribute('href')).toBe('#r1.3');
    expect(new URL(page.url()).hash).toBe('#r1.3');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    expect(await visibleSteps()).toEqual(['r1.4']);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Home');
    expect(await visibleSteps()).toEqual(['r1.1']);
  });

  test('everything is reached with the keyboard alone', async () => {
    await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate(focused)).toBe('SELECT');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('.result:visible').evaluateAll(ids)).toEqual(['r2']);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await visibleSteps()).toEqual(['r1.2']);
    for (let i = 0; i < 3; i++) await page.keyboard.press('Tab');
    expect(await page.evaluate(focused)).toBe('#r1.3');
    await page.keyboard.press('Enter');
    expect(await visibleSteps()).toEqual(['r1.3']);
  });

  test('a link leads to a step, and shows the line from the entry to the frame', async () => {
    await open('#r1.4');
    expect(await visibleSteps()).toEqual(['r1.4']);
    expect(await page.locator('.step:visible .arrows path').count()).toBe(2);
  });

  test('names are texts, whatever is in them', async () => {
    await open('#r3.4');
    expect(await visibleSteps()).toEqual(['r3.4']);
    expect(await page.evaluate(attacked)).toBe(false);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('#r3 h2').textContent()).toContain('onerror=');
  });

  test.each([400, 1400])('nothing sticks out at %i pixels', async (width) => {
    for (const id of ['r1', 'r2', 'r3']) {
      await open(`#${id}.4`, { width });
      await page.locator('details').evaluateAll(unfold);
      expect(await page.locator(`#${id}, #${id} *:visible`).evaluateAll(outside)).toEqual([]);
    }
  });

  test.each(['light', 'dark'] as const)(
    'texts stand out from what is behind them: %s',
    async (colorScheme) => {
      await open('#r1.4', { colorScheme });
      const found = await page.locator('#r1 *:visible').evaluateAll(faint);
      expect(found).toEqual([]);
      const back = await page.evaluate(background);
      expect(back).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(21, 23, 26)');
    },
  );

  test('on paper stands every step of the result, and nothing else', async () => {
    await open('', { media: 'print', colorScheme: 'dark' });
    expect(await visibleSteps()).toEqual(['r1.1', 'r1.2', 'r1.3', 'r1.4']);
    expect(await page.locator('button:visible, select:visible').count()).toBe(0);
    expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)');
  });

  test('without JavaScript everything is shown', async () => {
    const still = await browser.newPage({ javaScriptEnabled: false });
    listen(still);
    await still.goto(`file://${file}`);
    expect(await still.locator('.result:visible').count()).toBe(3);
    expect(await still.locator('.step:visible').count()).toBe(8);
  });
});
