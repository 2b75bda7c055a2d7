import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { loadCached } from './cached.js';
import type { Context } from './context.js';
import { EXIT, type ExitStatus } from './exit.js';
import { flagsForLoading } from './v8-flags.js';

/** The first SIGINT asks the search to stop and to print what is known; the second does not wait. */
function interruptible(): AbortSignal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  });
  return controller.signal;
}

/** `pfnmap run ... | head` is no error worth a word: nobody reads on, so there is nothing left to do. A full disk is, but no trace. */
function dieWithReader(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
    if (stream === process.stdout) process.stderr.write(`pfnmap: cannot write: ${error.message}\n`);
    process.exit(EXIT.usage);
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

/** The commands, from the bundle beside this one. */
function application(file: string): typeof import('./app.js') {
  flagsForLoading();
  return loadCached(file) as typeof import('./app.js');
}

/** The same where it is to be told what of it runs: compiled anew, because compiled code that was kept does not count. */
async function watched(file: string): Promise<Pick<Context, 'model'> & typeof import('./app.js')> {
  const { ModelWatch } = await import('./model-coverage.js');
  const model = new ModelWatch(file);
  return { model, ...(createRequire(file)(file) as typeof import('./app.js')) };
}

async function main(args: readonly string[]): Promise<ExitStatus> {
  const answer = await quickAnswer(args);
  if (answer !== undefined) {
    process.stdout.write(answer);
    return EXIT.ok;
  }
  const file = fileURLToPath(new URL('./app.cjs', import.meta.url));
  const { runApplication, model } = args.includes('--coverage')
    ? await watched(file)
    : { ...application(file), model: undefined };
  const context: Context = {
    process: { stdout: process.stdout, stderr: process.stderr },
    env: process.env,
    cwd: process.cwd(),
    signal: interruptible(),
    status: EXIT.ok,
    ...(model && { model }),
  };
  return runApplication(args, context);
}

dieWithReader(process.stdout);
dieWithReader(process.stderr);
process.exitCode = await main(process.argv.slice(2));
