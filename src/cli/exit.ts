/** What the exit status says; `pfnmap run --help` tells it to users. */
export const EXIT = {
  /** Every run gave what its test expects, or does not apply. */
  ok: 0,
  /** At least one verdict differs. */
  differs: 1,
  /** Bad usage or bad input. */
  usage: 2,
  /** A fault of pfnmap itself. */
  internal: 5,
  /** A bound (time, states, RAM of the model) was hit; the same as timeout(1). */
  bound: 124,
  /** SIGINT, by the shell's convention. */
  interrupted: 130,
  /** The reader of the output went away, by the shell's convention for SIGPIPE. */
  brokenPipe: 141,
} as const;

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

/** A mistake of the user, told in one or a few lines and without a stack trace. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
