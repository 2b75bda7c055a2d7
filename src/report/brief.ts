/** Steps of a counterexample in few lines: all statements, and as much of what they changed as there is room for. */
import type { VerifyStep, Violation } from '../verify/types.js';

const WIDTH = 78;
const INDENT = '        ';

/** Lines of a text, broken between words. */
export function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}

/** Flags that mmap()'s arguments or every raw mapping have tell nothing. */
const USUAL = /^(READ|WRITE|SHARED|MAYREAD|MAYWRITE|MAYEXEC|MAYSHARE|IO|DONTEXPAND|DONTDUMP|ACCOUNT)$/;

/** A change in fewer words; undefined where it follows from the others. */
function brief(change: string): string | undefined {
  if (/ RSS |^P\d+ created$/.test(change)) return undefined;
  return change.replace(/\b[A-Z]+(\|[A-Z]+)+\b/g, (flags) => {
    const telling = flags.split('|').filter((flag) => !USUAL.test(flag));
    return telling.length === 0 ? 'no special flags' : telling.join('|');
  });
}

/** @param room lines that there are at most */
export function stepLines(v: Violation, room: number): string[] {
  const numbered = v.steps.map((step, i) => ({ step, number: i + 1 }));
  const left = room - v.steps.length;
  if (left < 0) return cut(numbered, room);
  const full = v.steps.map((step) => step.changes.flatMap((change) => wrapped(change, INDENT)));
  if (total(full) <= left) return joined(numbered, full);
  const short = v.steps.map(({ changes }) => {
    const text = changes.flatMap((change) => brief(change) ?? []).join('; ');
    return text === '' ? [] : wrapped(text, INDENT);
  });
  return joined(numbered, total(short) <= left ? short : rationed(short, left, (v.blame?.step ?? 1) - 1));
}

interface Numbered {
  readonly step: VerifyStep;
  readonly number: number;
}

function joined(steps: readonly Numbered[], changes: readonly (readonly string[])[]): string[] {
  return steps.flatMap((one, i) => [statementLine(one), ...changes[i]!]);
}

function total(lists: readonly (readonly string[])[]): number {
  return lists.reduce((n, list) => n + list.length, 0);
}

function statementLine({ step: s, number }: Numbered): string {
  const what = s.operation === '' ? s.thread : `${s.thread}  ${s.operation}`;
  const marks = s.rules.length === 0 ? '' : `    <- ${[...new Set(s.rules)].join(', ')}`;
  return `${String(number).padStart(4)}. ${what}${marks}`;
}

/** The step that breaks the invariant is told first, then the one to blame, then the others, from the last on. */
function rationed(changes: readonly (readonly string[])[], room: number, blamed: number): string[][] {
  const last = changes.length - 1;
  const order = [last, ...(blamed === last ? [] : [blamed])];
  for (let i = last - 1; i >= 0; i--) if (i !== blamed) order.push(i);
  const given = changes.map((): string[] => []);
  let left = room;
  for (const [place, i] of order.entries()) {
    const waiting = place === 0 && left > 1 && order.length > 1 && changes[order[1]!]!.length > 0 ? 1 : 0;
    const lines = Math.max(0, Math.min(changes[i]!.length, left - waiting));
    given[i] = changes[i]!.slice(0, lines);
    if (lines > 0 && lines < changes[i]!.length) given[i]![lines - 1] = `${given[i]![lines - 1]!} ...`;
    left -= lines;
  }
  return given;
}

/** More steps than lines: the first, and the last ones. */
function cut(steps: readonly Numbered[], room: number): string[] {
  const tail = steps.slice(steps.length - Math.max(1, room - 2));
  const hidden = `       ... ${steps.length - 1 - tail.length} steps, which --emit and --html write down`;
  return [statementLine(steps[0]!), hidden, ...tail.map(statementLine)];
}
