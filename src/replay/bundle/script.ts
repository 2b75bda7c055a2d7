/** `run.sh` of a bundle. */
import type { LitmusTest } from '../../litmus/ast.js';
import type { RunResult } from '../../run/result.js';
import type { KernelSpec } from '../kernels/catalogue.js';

/** A word of the shell. */
function quoted(word: string): string {
  return /^[\w./=,+:-]+$/.test(word) ? word : `'${word}'`;
}

function start(spec: KernelSpec): string {
  if (spec.kind === 'uml') {
    return [
      // without -R, Linux 6.1 puts its memory at a random place
      '  HOME=$PWD/build TMPDIR=$PWD/build timeout -k 5 "$TIMEOUT" setarch -R "$KERNEL" mem=128M \\',
      '    initrd=build/initramfs.gz con=null con0=null,fd:1 con1=null ssl=null panic=-1 loglevel=6 </dev/null',
    ].join('\n');
  }
  const { program, args, append } = spec.platform.qemu;
  const words = args.map((word, i) => (args[i - 1] === '-accel' ? '"$ACCEL"' : quoted(word)));
  return [
    `  timeout -k 5 "$TIMEOUT" ${program} ${words.join(' ')} \\`,
    `    -kernel "$KERNEL" -initrd build/initramfs.gz -append '${append}' </dev/null`,
  ].join('\n');
}

/** Fills the names in `template` in. */
export function scriptText(template: string, test: LitmusTest, model: RunResult, spec: KernelSpec): string {
  const values: Readonly<Record<string, string>> = {
    TEST: test.name,
    TRIPLET: spec.platform.triplet,
    PROGRAM: spec.kind === 'uml' ? 'setarch' : spec.platform.qemu.program,
    START: start(spec),
    LAST: String(model.outcomes.length + 1),
  };
  return template.replace(/@([A-Z]+)@/g, (_, name: string) => values[name]!);
}
