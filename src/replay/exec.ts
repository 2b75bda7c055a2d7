import { spawn, type ChildProcess } from 'node:child_process';

/** A program that ended with a status other than 0, or could not be started. */
export class ExecError extends Error {
  constructor(
    readonly command: string,
    readonly status: number | null,
    /** The end of what it wrote, standard error last. */
    readonly output: string,
  ) {
    super(`${command} ${status === null ? 'could not run' : `failed (${status})`}: ${output.trim()}`);
    this.name = 'ExecError';
  }
}

export interface ExecOptions {
  readonly cwd?: string;
  /** Variables added to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes for standard input, which is empty otherwise. */
  readonly input?: Uint8Array;
  /** Priority as for nice(1): compilations leave the machine to others. */
  readonly nice?: number;
}

const running = new Set<ChildProcess>();

/** Ends all programs that run: whoever waits for one gets an {@link ExecError}. */
export function endPrograms(): void {
  for (const child of running) child.kill('SIGTERM');
}

/** Longest piece of output that an error message repeats. */
const TAIL = 4000;

/**
 * Runs a program and returns its standard output.
 * @throws ExecError if it fails
 */
export async function exec(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<Buffer> {
  const [file, argv] =
    options.nice === undefined ? [command, args] : ['nice', ['-n', String(options.nice), command, ...args]];
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      // Messages are parsed, so they must not be translated.
      env: { ...process.env, LC_ALL: 'C.UTF-8', LANGUAGE: 'C', ...options.env },
    });
    running.add(child);
    const out: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (error) => {
      running.delete(child);
      reject(new ExecError(command, null, error.message));
    });
    child.on('close', (status) => {
      running.delete(child);
      const stdout = Buffer.concat(out);
      if (status === 0) return resolve(stdout);
      const tail = Buffer.concat([stdout.subarray(-TAIL), ...errors]).toString();
      reject(new ExecError([command, ...args].join(' '), status ?? -1, tail.slice(-TAIL)));
    });
    // A program that does not read its input is no error here.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
  });
}

/** {@link exec}, its output as text without the last line end. */
export async function execText(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  return (await exec(command, args, options)).toString().replace(/\n$/, '');
}
