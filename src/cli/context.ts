import type { CommandContext } from '@stricli/core';
import type { ModelWatch } from './model-coverage.js';
import type { ExitStatus } from './exit.js';
import type { Terminal } from './terminal.js';

/** What a command may use of the world around it; tests give their own. */
export interface Context extends CommandContext {
  readonly process: {
    readonly stdout: Terminal;
    readonly stderr: Terminal;
    exitCode?: number | string | null;
  };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by the first SIGINT. */
  readonly signal: AbortSignal;
  /** With `--coverage`: watches the model's own code. */
  readonly model?: ModelWatch;
  /** What the command leaves as its exit status. */
  status: ExitStatus;
}
