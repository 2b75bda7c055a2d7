import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../cache.js';
import type { Paths } from './paths.js';

/**
 * Kernels come from newer compilers than the machine may have, and their headers ask for options that an older GCC does
 * not know. Those change warnings, padding and alignment only.
 * @param gcc the compiler, as a word of the shell
 */
export function compilerScript(gcc: string): string {
  return `#!/bin/bash
# ${gcc} for the headers of kernels that a newer GCC built: options unknown to it are rewritten or left out.
args=()
for arg in "$@"; do
  case $arg in
    -fmin-function-alignment=*) args+=("-falign-functions=\${arg#*=}") ;;
    -fzero-init-padding-bits=* | -fdiagnostics-show-context=*) ;;
    -Wno-unterminated-string-initialization) ;;
    *) args+=("$arg") ;;
  esac
done
exec ${gcc} "\${args[@]}"
`;
}

/** The compiler for kernel code of a machine, as a program of its own. */
export async function kernelCompiler(paths: Paths, triplet: string): Promise<string> {
  const path = join(paths.bin, `${triplet}-kernel-gcc`);
  if (!existsSync(path)) await writeWhole(path, compilerScript(`${triplet}-gcc`), 0o755);
  return path;
}
