/** The kernel ids of `--kernel ID,...` (or `--kernel=ID,...`), or undefined if the arguments are wrong. */
export function parseKernels(args: readonly string[]): string[] | undefined {
  const ids: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const [name, inline] = args[at]!.split('=', 2);
    const value = inline ?? args[++at];
    if (name !== '--kernel' || !value) return undefined;
    ids.push(...value.split(','));
  }
  return ids;
}
