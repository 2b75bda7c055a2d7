/** `README` of a bundle. */
import type { LitmusTest } from '../../litmus/ast.js';
import type { KernelSpec } from '../kernels/catalogue.js';
import { installCommand, needs } from '../kernels/host.js';
import type { KernelRecord } from '../kernels/record.js';

/** What unpacking packages takes, which is not what running a bundle takes. */
const SETUP_ONLY: ReadonlySet<string> = new Set([
  'apt-get',
  'dpkg-deb',
  'xz',
  'tar',
  'flex',
  'bison',
  'bc',
  'sed',
  'bash',
]);

function install(spec: KernelSpec): string {
  return installCommand(needs([spec]).filter(({ what }) => !SETUP_ONLY.has(what)));
}

function kernelHelp(spec: KernelSpec, record: KernelRecord | undefined): string {
  if (spec.kind === 'uml') {
    return `KERNEL is the program 'linux' of User-mode Linux ${spec.release} and HEADERS the directory
in which it was built (O=), with modules (CONFIG_MODULES), KALLSYMS_ALL and
PROC_PAGE_MONITOR.`;
  }
  const names = record?.packages.map((p) => `${p.name} ${p.version}`) ?? [
    `linux-image and linux-headers of ${spec.flavour}, ${spec.release}`,
  ];
  return `KERNEL is a kernel image (bzImage, zImage or vmlinux) and HEADERS the directory for
'make -C' that fits it; without arguments those of the running kernel. It was made
for Debian's packages

${names.map((name) => `    ${name}`).join('\n')}

which need not be installed: 'dpkg -x' unpacks them, and the paths that begin with
/usr/src in the Makefile of the headers have to be changed then. Build tools of a
newer Debian need its C library. A compiler older than the kernel's is fine.`;
}

/** Plain text: what is here, and how to run it. */
export function readmeText(
  test: LitmusTest,
  spec: KernelSpec,
  record: KernelRecord | undefined,
  config: boolean,
): string {
  const file = test.source.file.replace(/^.*\//, '');
  return `${test.name}

A driver, a program, and what should come of them. Made by pfnmap, which is not
needed to run it.

Run
---

    ${install(spec).replace(/(--no-install-recommends) /, '$1 \\\n        ')}
    ./run.sh KERNEL HEADERS

${kernelHelp(spec, record)}

run.sh builds module/ against HEADERS and program/ as a static init (in build/),
boots KERNEL with both, prints KTAP, and exits 0 if that is what expected.ktap
says, 1 if not, 2 if something is missing. It needs no root. The console is kept
in build/console.txt, the output of make in build/make.txt. Variables:

    CROSS_COMPILE   prefix of the compiler (${spec.platform.triplet}- if there is one)
    ACCEL           QEMU's accelerator (tcg)
    TIMEOUT         seconds for the boot (300)

Files
-----

    summary.txt         what this is about, for a mail
    ${file}
                        the test
    expected.ktap       what the model says of this kernel: each outcome, and that
                        there are no others. SKIP: an outcome that no choice of the
                        module led to when it was tried
    module/driver.c     the driver, unchanged, with tables behind it
    program/threads.c   the threads
    program/question.c  the condition, and the outcomes of the model
    */lit_*             what steers a run and looks at it
    kernel.txt${config ? ', config ' : '         '} the kernel
    jobs                how often to run it

What a run does
---------------

The program runs the test again and again, each time with other choices, until
there are none left: the module decides which frame the page allocator hands out
(it holds the pages of 'ram' and gives the chosen one back last, and the allocator
hands out first what it got last), and which of several threads goes on. Numbers
behind '# seen in' say in how many runs an outcome was seen; they are not compared.

Licence: MIT, but a driver linked with the kernel is used under the kernel's.
`;
}
