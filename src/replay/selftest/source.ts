import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Paths } from '../kernels/paths.js';
import type { Toolchain } from '../types.js';

/**
 * The kernel's own test of PFN mappings, tools/testing/selftests/mm/pfnmap.c, from the source package that User-mode
 * Linux was built of. It is compiled where it is run and never part of this repository.
 */

/** The kernel whose source is used: the test is younger than the other releases, and runs on them all the same. */
const SELFTEST_KERNEL = { id: 'um-7.2' } as const;

const SELFTESTS = 'tools/testing/selftests';

/** Names for the compiler, and where the files are. */
const FILES: Readonly<Record<string, string>> = {
  'pfnmap.c': `${SELFTESTS}/mm/pfnmap.c`,
  'vm_util.c': `${SELFTESTS}/mm/vm_util.c`,
  'vm_util.h': `${SELFTESTS}/mm/vm_util.h`,
  'kselftest.h': `${SELFTESTS}/kselftest.h`,
  'kselftest_harness.h': `${SELFTESTS}/kselftest_harness.h`,
  // Newer than that of the C library.
  'linux/fs.h': 'tools/include/uapi/linux/fs.h',
};

/** The sources of the test, or undefined if User-mode Linux 7.2 was not set up. */
async function selftestSources(paths: Paths): Promise<Record<string, string> | undefined> {
  const source = join(paths.kernel(SELFTEST_KERNEL), 'source');
  const entries = Object.entries(FILES).map(([name, path]) => [name, join(source, path)] as const);
  if (!entries.every(([, path]) => existsSync(path))) return undefined;
  const read = entries.map(async ([name, path]) => [name, await readFile(path, 'utf8')] as const);
  return Object.fromEntries(await Promise.all(read));
}

/** Why a machine has no selftest. */
export const NO_SELFTEST = `not built: it comes with 'npm run replay:setup -- --kernel ${SELFTEST_KERNEL.id}'`;

/**
 * The selftest as a program for the machines of a toolchain, or undefined if there are no sources. Setup has built it; what is asked for
 * again comes from the cache.
 * @throws BuildError
 */
export async function selftestProgram(toolchain: Toolchain, paths: Paths): Promise<Uint8Array | undefined> {
  const sources = await selftestSources(paths);
  return sources === undefined ? undefined : readFile(await toolchain.buildProgram(sources, 'selftest'));
}
