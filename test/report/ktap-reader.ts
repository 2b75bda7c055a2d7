/** A reader of KTAP version 1, strict about plans, numbers and indentation, as kselftest's parsers are not. */

export interface KtapTest {
  readonly ok: boolean;
  readonly name: string;
  readonly directive?: string;
  readonly diagnostics: readonly string[];
  readonly subtests: readonly KtapTest[];
}

interface Cursor {
  readonly lines: readonly string[];
  at: number;
}

const RESULT = /^(ok|not ok) (\d+) ([^#]*?)(?: # (SKIP|ERROR|TIMEOUT)(?: .*)?)?$/;

function readLevel(cursor: Cursor, indent: string): KtapTest[] {
  const { lines } = cursor;
  const line = (): string | undefined => {
    const text = lines[cursor.at];
    return text?.startsWith(indent) === true ? text.slice(indent.length) : undefined;
  };
  if (line() !== 'KTAP version 1') throw new Error(`line ${cursor.at + 1}: expected a version line`);
  cursor.at++;
  while (line()?.startsWith('# Subtest')) cursor.at++;
  const plan = /^1\.\.(\d+)$/.exec(line() ?? '');
  if (plan === null) throw new Error(`line ${cursor.at + 1}: expected a plan`);
  cursor.at++;
  const tests: KtapTest[] = [];
  let subtests: KtapTest[] = [];
  let diagnostics: string[] = [];
  for (;;) {
    const text = line();
    const match = RESULT.exec(text ?? '');
    if (text?.startsWith('  KTAP')) subtests = readLevel(cursor, `${indent}  `);
    else if (text?.startsWith('# ')) diagnostics.push(lines[cursor.at++]!.trim());
    else if (match !== null) {
      if (Number(match[2]) !== tests.length + 1) throw new Error(`line ${cursor.at + 1}: wrong number`);
      const directive = match[4] === undefined ? {} : { directive: match[4] };
      tests.push({ ok: match[1] === 'ok', name: match[3]!, ...directive, diagnostics, subtests });
      subtests = [];
      diagnostics = [];
      cursor.at++;
    } else break;
  }
  if (tests.length !== Number(plan[1])) throw new Error(`planned ${plan[1]} tests, found ${tests.length}`);
  return tests;
}

/** @returns the tests and the `# Totals:` line. */
export function readKtap(text: string): { tests: KtapTest[]; totals: string } {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  const totals = lines.pop() ?? '';
  const cursor = { lines, at: 0 };
  const tests = readLevel(cursor, '');
  if (cursor.at !== lines.length) throw new Error(`line ${cursor.at + 1}: left over: ${lines[cursor.at]}`);
  return { tests, totals };
}
