import type { Terminal } from '../../src/cli/terminal.js';

/** A stream that remembers what was written to it. */
export class FakeTerminal implements Terminal {
  text = '';

  constructor(
    readonly isTTY = false,
    readonly columns = 80,
  ) {}

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}
