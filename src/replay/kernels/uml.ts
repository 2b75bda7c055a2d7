import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, relative } from 'node:path';
import { directoryOnce, writeWhole } from '../cache.js';
import { exec } from '../exec.js';
import { RELEASE_SOURCE, type Release } from '../../kernel/release.js';
import type { UmlSpec } from './catalogue.js';
import { findPackage, hostArchitecture, type Prepared, type Setup, type Steps } from './setup.js';
import { unpack } from './tree.js';

/** User-mode Linux: the kernel of Debian's source package, built as a program of this machine. */

/** Options beside `allnoconfig`: what tests and their observers need, and the checks of CONFIG_DEBUG_VM. */
const OPTIONS = `
  64BIT EXPERT BLK_DEV_INITRD RD_GZIP MODULES MODULE_UNLOAD PRINTK PRINTK_TIME BUG DEBUG_KERNEL DEBUG_BUGVERBOSE
  KALLSYMS KALLSYMS_ALL PROC_FS PROC_PAGE_MONITOR SYSFS DEVTMPFS TMPFS SHMEM DEVMEM BINFMT_ELF BINFMT_SCRIPT FUTEX
  EPOLL EVENTFD SIGNALFD TIMERFD IO_URING AIO ADVISE_SYSCALLS MEMBARRIER CROSS_MEMORY_ATTACH MULTIUSER POSIX_TIMERS
  FILE_LOCKING BLOCK USERFAULTFD TTY UNIX98_PTYS SSL STDERR_CONSOLE NULL_CHAN FD_CHAN HOSTFS DEBUG_VM DEBUG_VM_RB
  DEBUG_VM_PGFLAGS DEBUG_INFO_NONE`;

/** Sources that no build for User-mode Linux reads; their Kconfig and Makefiles stay. */
const UNUSED = [
  ...['gpu', 'net', 'media', 'staging', 'infiniband', 'scsi', 'iio', 'pinctrl', 'clk', 'usb'].map(
    (driver) => `*/drivers/${driver}/*.[ch]`,
  ),
  ...['*/sound/*.[ch]', '*/Documentation/*.rst', '*/Documentation/*.yaml', '*/arch/*.dts', '*/arch/*.dtsi'],
  ...['*/tools/perf/*', '*/tools/testing/selftests/bpf/*', '*/tools/testing/selftests/net/*'],
];

/** What `make M=` reads of a source tree, and what tests are made of. */
const KEPT = ['include', 'scripts', 'arch/um', 'arch/x86', 'tools/include', 'tools/testing/selftests'];

/** Files that are read wherever they are. */
const NAMES = ['Makefile*', 'Kconfig*', 'Kbuild*', 'CHANGES'];

/** The configuration, for KCONFIG_ALLCONFIG. */
export function umlConfig(spec: Pick<UmlSpec, 'static'>): string {
  const options = OPTIONS.trim()
    .split(/\s+/)
    .concat(spec.static ? ['STATIC_LINK'] : []);
  return [...options.map((name) => `CONFIG_${name}=y`), 'CONFIG_PANIC_TIMEOUT=-1', ''].join('\n');
}

async function unpackSource(deb: string, release: string, work: string): Promise<void> {
  const archive = `./usr/src/linux-source-${release}.tar.xz`;
  await unpack(deb, work, archive);
  const excludes = UNUSED.map((pattern) => `--exclude=${pattern}`);
  const args = ['-xJf', join(work, archive), '-C', work, '--strip-components=1', ...excludes];
  await exec('tar', args, { nice: 10 });
  await rm(join(work, 'usr/src'), { recursive: true });
}

/** Applies the edits whose text is still there, and returns their reasons. */
async function edit(source: string, edits: UmlSpec['edits']): Promise<string[]> {
  const applied: string[] = [];
  for (const { file, sed, why } of edits) {
    const path = join(source, file);
    const before = await readFile(path, 'utf8');
    await exec('sed', ['-i', sed, path]);
    if ((await readFile(path, 'utf8')) !== before) applied.push(why);
  }
  return applied;
}

/** The source tree, edited; CHANGES says how. */
async function sourceTree(path: string, deb: () => Promise<string>, spec: UmlSpec): Promise<string[]> {
  await directoryOnce(path, async (work) => {
    await unpackSource(await deb(), spec.release, work);
    await writeWhole(join(work, 'CHANGES'), (await edit(work, spec.edits)).join('\n'));
  });
  return (await readFile(join(path, 'CHANGES'), 'utf8')).split('\n').filter((line) => line !== '');
}

async function build(source: string, output: string, spec: UmlSpec): Promise<void> {
  const config = `${output}.config`;
  const make = ['-C', source, 'ARCH=um', `O=${output}`];
  await mkdir(output, { recursive: true });
  if (!existsSync(join(output, '.config'))) {
    await writeWhole(config, umlConfig(spec));
    const env = { KCONFIG_ALLCONFIG: config };
    await exec('make', ['-s', ...make, 'allnoconfig'], { env, nice: 19 });
  }
  await exec('make', ['-s', ...make, `-j${cpus().length}`, 'all'], { nice: 19 });
}

/** Reduces 1 GB of sources to what building a module reads. */
async function prune(source: string): Promise<void> {
  const kept = [...KEPT.map((path) => ['-path', `./${path}/*`]), ...NAMES.map((name) => ['-name', name])];
  await exec('find', ['.', '-type', 'f', ...kept.flatMap((test) => ['!', ...test]), '-delete'], {
    cwd: source,
  });
}

/** Builds User-mode Linux of one release, or goes on where a build was interrupted. */
export async function setupUml(setup: Setup, spec: UmlSpec, steps: Steps): Promise<Prepared> {
  const { paths } = setup;
  const directory = paths.kernel(spec);
  const [source, output] = [join(directory, 'source'), join(directory, 'build')];
  const apt = await steps.step('package lists', async () =>
    setup.archive(await hostArchitecture(), spec.release, spec.suites),
  );
  const upstream = RELEASE_SOURCE[spec.release as Release];
  const wanted = await findPackage(apt, `linux-source-${spec.release.replace('.', '[.]')}`, upstream);
  const changes = await steps.step('unpack', () =>
    sourceTree(source, async () => (await apt.download([wanted]))[0]!, spec),
  );
  const image = join(directory, 'linux');
  if (!existsSync(image)) {
    await steps.step('build', () => build(source, output, spec));
    await rename(join(output, 'linux'), image);
  }
  await prune(source);
  return {
    packages: [wanted],
    image: relative(paths.root, image),
    headers: relative(paths.root, output),
    changes,
  };
}
