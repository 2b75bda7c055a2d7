/** What a search never reached (`pfnmap verify --coverage`): an invariant that holds says little about code that never ran. */
import { lineColumn } from '../c/diagnostics.js';
import { CompiledFunction, type Instruction } from '../litmus/lower/code.js';
import type { Subject } from './subject.js';
import type { Coverage } from './types.js';

/** Collects over all worlds of one verification. */
export class CoverageRecorder {
  /** Whether each statement was reached, by its place in the source: a function may be compiled twice. */
  private readonly statements = new Map<number, boolean>();
  private text = '';

  /** Watches a driver that is about to be searched. Only the first instructions of statements cost anything. */
  watch({ compiled: { test, lowered } }: Subject): void {
    this.text = test.source.text;
    for (const offset of lowered.unused) this.statements.set(offset, false);
    for (const fn of lowered.program.functions) {
      if (!(fn instanceof CompiledFunction) || fn.user) continue;
      const code = [...fn.code];
      for (const { offset, pc } of lowered.starts(fn)) {
        if (!this.statements.has(offset)) this.statements.set(offset, false);
        code[pc] = this.marking(offset, code[pc]!);
      }
      fn.code = code;
    }
  }

  private marking(offset: number, instruction: Instruction): Instruction {
    const { statements } = this;
    let seen = false;
    return (k, f) => {
      if (!seen) {
        seen = true;
        statements.set(offset, true);
      }
      return instruction(k, f);
    };
  }

  result(): Coverage {
    const { statements } = this;
    const reached = [...statements.values()].filter(Boolean).length;
    return { statements: statements.size, reached, unreached: this.unreached() };
  }

  /** One place a line, in their order. */
  private unreached(): Coverage['unreached'] {
    const lines = new Map<number, Coverage['unreached'][number]>();
    const offsets = [...this.statements].flatMap(([offset, reached]) => (reached ? [] : [offset]));
    for (const offset of offsets.toSorted((a, b) => a - b)) {
      const { line, column } = lineColumn(this.text, offset);
      const text = this.text.slice(offset).split(/\r?\n/, 1)[0]!.trim();
      if (!lines.has(line)) lines.set(line, { line, column, text });
    }
    return [...lines.values()];
  }
}
