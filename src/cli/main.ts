import module from 'node:module';
import type { Context } from './context.js';
import { EXIT, type ExitStatus } from './exit.js';

/** The first SIGINT asks the search to stop and to print what is known; the second does not wait. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  });
  return controller.signal;
}

/** `pfnmap run ... | head` is no error worth a trace: nobody reads on, so there is nothing left to do. */
function dieWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
    throw error;
  });
}

/** Help and version need nothing of the rest. */
async function quickAnswer(args: readonly string[]): Promise<string | undefined> {
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  if (args.length > 0 && !options.some((option) => ['--help', '-h', '--version', '-V'].includes(option))) {
    return undefined;
  }
  const { helpText, versionText } = await import('./help.js');
  return options.includes('--version') || options.includes('-V') ? versionText() : helpText(args[0]);
}

async function main(args: readonly string[]): Promise<ExitStatus> {
  const answer = await quickAnswer(args);
  if (answer !== undefined) {
    process.stdout.write(answer);
    return EXIT.ok;
  }
  const { runApplication } = await import('./app.js');
  const context: Context = {
    process: { stdout: process.stdout, stderr: process.stderr },
    env: process.env,
    cwd: process.cwd(),
    signal: interruptible(),
    status: EXIT.ok,
  };
  return runApplication(args, context);
}

// Node 22 and later keep compiled code between runs.
(module as { enableCompileCache?: () => void }).enableCompileCache?.();
dieWithReader(process.stdout);
dieWithReader(process.stderr);
process.exitCode = await main(process.argv.slice(2));
