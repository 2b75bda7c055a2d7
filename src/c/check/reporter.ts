/** Recording errors and leaving the construct they are in. */
import { Abandon } from '../build/context.js';
import type { Diagnostic, DiagnosticExtra, DiagnosticSink, Span } from '../diagnostics.js';

export class Reporter {
  constructor(readonly sink: DiagnosticSink) {}

  error(code: Diagnostic['code'], message: string, at: Span, extra?: DiagnosticExtra): void {
    this.sink.error(code, message, { start: at.start, end: at.end }, extra);
  }

  /** Records an error and leaves the construct: callers go on behind {@link attempt}. */
  fail(code: Diagnostic['code'], message: string, at: Span, extra?: DiagnosticExtra): never {
    this.error(code, message, at, extra);
    throw new Abandon();
  }

  /** Runs `check`; undefined if it was abandoned. */
  attempt<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (e) {
      if (e instanceof Abandon) return undefined;
      throw e;
    }
  }
}
