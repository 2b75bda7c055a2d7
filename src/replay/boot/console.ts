import { DONE_LINE, type BootEnd } from '../types.js';

/** Terminal control sequences: the firmware clears a screen that is not there. */
// eslint-disable-next-line no-control-regex
const CONTROL = /\x1b(?:\[[0-9;?]*[A-Za-z]|c)/g;

/** Cuts the bytes of a console into lines. */
export class ConsoleLines {
  private readonly lines: string[] = [];
  private readonly decoder = new TextDecoder();
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  add(chunk: Uint8Array): void {
    this.rest += this.decoder.decode(chunk, { stream: true });
    const parts = this.rest.split('\n');
    this.rest = parts.pop()!;
    parts.forEach((line) => this.push(line));
  }

  /** All lines; what came after the last line end is one. */
  end(): readonly string[] {
    if (this.rest !== '') this.push(this.rest);
    this.rest = '';
    return this.lines;
  }

  private push(line: string): void {
    // Serial lines end in CR LF, User-mode Linux's in up to two CRs.
    const text = line.replace(/\r+/g, '').replace(CONTROL, '');
    this.lines.push(text);
    this.onLine(text);
  }
}

/**
 * What a boot came to. A machine resets after a panic as after an orderly end, so init says when it is done; a reset
 * without either is an error (a triple fault, or an emulator that did not start).
 */
export function endOf(lines: readonly string[], timedOut: boolean): BootEnd {
  if (lines.some((line) => /Kernel panic - not syncing/.test(line))) return 'panic';
  if (lines.some((line) => line.includes(DONE_LINE))) return 'done';
  return timedOut ? 'timeout' : 'error';
}
