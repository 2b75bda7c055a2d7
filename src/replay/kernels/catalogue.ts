import type { MachineKernel } from '../types.js';

/** A processor family as Debian, the kernel's Makefile, GCC and QEMU name it. */
export interface Platform {
  /** Debian's name of the architecture. */
  readonly debian: 'amd64' | 'armhf' | 'arm64';
  /** `ARCH=` of the kernel's Makefile. */
  readonly make: string;
  /** Prefix of GCC and binutils. */
  readonly triplet: string;
  readonly bits: 32 | 64;
  readonly qemu: Qemu;
}

/** How QEMU plays a machine. */
export interface Qemu {
  readonly program: string;
  /** Debian's package of the program. */
  readonly package: string;
  readonly args: readonly string[];
  /** The kernel's command line. */
  readonly append: string;
}

/**
 * A page of I/O memory that tests can map: a PCI device whose BAR is RAM of the host. It keeps what is stored and has
 * no `struct page`.
 */
const IVSHMEM = [
  '-object',
  'memory-backend-ram,size=16M,share=on,id=window',
  '-device',
  'ivshmem-plain,memdev=window',
];

/** Serial console on standard output; a reset ends QEMU; nothing else is attached. */
const BARE = ['-nographic', '-nodefaults', '-no-reboot', '-serial', 'stdio', '-monitor', 'none', '-smp', '1'];

/** `panic=-1` resets at once after a panic. */
const QUIET = 'panic=-1 quiet loglevel=4';

const AMD64: Platform = {
  debian: 'amd64',
  make: 'x86_64',
  triplet: 'x86_64-linux-gnu',
  bits: 64,
  qemu: {
    program: 'qemu-system-x86_64',
    package: 'qemu-system-x86',
    // Without -cx16, Linux 6.12 dies now and then right after SLUB's cmpxchg16b under QEMU 7.2's TCG.
    args: ['-M', 'q35', '-accel', 'tcg', '-cpu', 'qemu64,-cx16', '-m', '512', ...BARE, ...IVSHMEM],
    append: `console=ttyS0 ${QUIET}`,
  },
};

const ARMHF: Platform = {
  debian: 'armhf',
  make: 'arm',
  triplet: 'arm-linux-gnueabihf',
  bits: 32,
  qemu: {
    program: 'qemu-system-arm',
    package: 'qemu-system-arm',
    // The window must lie below 4 GiB: without LPAE nothing else can be mapped.
    args: ['-M', 'virt,highmem=off', '-accel', 'tcg', '-cpu', 'cortex-a15', '-m', '256', ...BARE, ...IVSHMEM],
    // CMA would make room for a DMA buffer by moving pages of processes, to frames of the test that are free at that moment.
    append: `console=ttyAMA0 ${QUIET} mem=240M cma=0`,
  },
};

const ARM64: Platform = {
  debian: 'arm64',
  make: 'arm64',
  triplet: 'aarch64-linux-gnu',
  bits: 64,
  qemu: {
    program: 'qemu-system-aarch64',
    package: 'qemu-system-arm',
    args: ['-M', 'virt', '-accel', 'tcg', '-cpu', 'cortex-a72', '-m', '512', ...BARE, ...IVSHMEM],
    append: `console=ttyAMA0 ${QUIET}`,
  },
};

/** Where one release of Debian's kernel comes from. */
export interface DebianRelease {
  /** Suites of the archive that may have it, the most specific first. */
  readonly suites: readonly string[];
  /** Pattern of what `uname -r` says, before `-` and the flavour. */
  readonly abi: string;
  /** Package of the image, and the part of it that holds vmlinuz; `%` stands for `uname -r`. */
  readonly image: { readonly package: string; readonly part: string };
  /** Package with objtool and modpost; `%` stands for the abi. */
  readonly kbuild: string;
}

const DEBIAN: Readonly<Record<string, DebianRelease>> = {
  '6.1': {
    suites: ['bookworm-security', 'bookworm'],
    abi: '6\\.1\\.0-[0-9]+',
    image: { package: 'linux-image-%(-unsigned)?', part: './boot' },
    kbuild: 'linux-kbuild-6.1',
  },
  '6.12': {
    suites: ['trixie-security', 'trixie'],
    abi: '6\\.12\\.[0-9]+[+]deb13',
    image: { package: 'linux-image-%(-unsigned)?', part: './boot' },
    kbuild: 'linux-kbuild-%',
  },
  '7.2': {
    suites: ['sid'],
    abi: '7\\.2\\.[0-9]+[+]deb[0-9]+',
    // The image alone: modules are another package, and linux-image-% is an empty one.
    image: { package: 'linux-binary-%', part: './usr/lib/modules' },
    kbuild: 'linux-kbuild-%',
  },
};

/** A kernel of a Debian package, played by QEMU. */
export interface DebianSpec {
  readonly kind: 'debian';
  readonly id: string;
  readonly arch: string;
  readonly release: string;
  readonly platform: Platform;
  readonly flavour: string;
  readonly debian: DebianRelease;
}

/** User-mode Linux, built from Debian's source package. */
export interface UmlSpec {
  readonly kind: 'uml';
  readonly id: string;
  readonly arch: 'um';
  readonly release: string;
  readonly platform: Platform;
  readonly suites: readonly string[];
  /** Whether the kernel links statically: 6.1 does, but its processes then die at once. */
  readonly static: boolean;
  /** Changes that the release needs before it builds or works. */
  readonly edits: readonly SourceEdit[];
}

/** One change of a source file, as sed would do it: our text, not the kernel's. */
export interface SourceEdit {
  readonly file: string;
  readonly sed: string;
  readonly why: string;
}

export type KernelSpec = DebianSpec | UmlSpec;

function debian(id: string, arch: string, release: string, platform: Platform, flavour: string): DebianSpec {
  return { kind: 'debian', id, arch, release, platform, flavour, debian: DEBIAN[release]! };
}

/** All kernels that tests are replayed on, the most telling first. */
export const CATALOGUE: readonly KernelSpec[] = [
  debian('amd64-7.2', 'x86_64', '7.2', AMD64, 'cloud-amd64'),
  debian('amd64-6.12', 'x86_64', '6.12', AMD64, 'cloud-amd64'),
  debian('amd64-6.1', 'x86_64', '6.1', AMD64, 'cloud-amd64'),
  debian('armmp-7.2', 'arm', '7.2', ARMHF, 'armmp'),
  debian('armmp-6.12', 'arm', '6.12', ARMHF, 'armmp'),
  debian('armmp-lpae-7.2', 'arm_lpae', '7.2', ARMHF, 'armmp-lpae'),
  debian('arm64-7.2', 'arm64', '7.2', ARM64, 'cloud-arm64'),
  {
    kind: 'uml',
    id: 'um-7.2',
    arch: 'um',
    release: '7.2',
    platform: AMD64,
    suites: ['sid'],
    static: true,
    edits: [
      {
        file: 'arch/um/include/asm/pgtable.h',
        sed: 's/(nr << PFN_PTE_SHIFT)/(1UL << PFN_PTE_SHIFT)/',
        why: 'set_ptes() of arch/um (6.12 to 7.2) advances by the number of entries left, not by one page',
      },
    ],
  },
  {
    kind: 'uml',
    id: 'um-6.1',
    arch: 'um',
    release: '6.1',
    platform: AMD64,
    suites: ['bookworm-security', 'bookworm'],
    static: false,
    edits: [
      {
        file: 'arch/um/os-Linux/user_syms.c',
        sed: '/__xmknod/d',
        why: 'glibc has no __xmknod() since 2.33',
      },
    ],
  },
];

/**
 * The kernels with these ids, in the catalogue's order; all if there are none.
 * @throws RangeError naming the ids that there are
 */
export function selectKernels(ids: readonly string[]): KernelSpec[] {
  const known = CATALOGUE.map(({ id }) => id);
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length > 0) {
    throw new RangeError(`unknown kernel '${unknown.join("', '")}': expected ${known.join(', ')}`);
  }
  return CATALOGUE.filter(({ id }) => ids.length === 0 || ids.includes(id));
}

/** What setup found out about one kernel. */
export type KernelFindings = Pick<MachineKernel, 'version' | 'mmio' | 'hooks'>;

/** The kernel as the replay sees it. */
export function machineKernel(spec: KernelSpec, { version, hooks, mmio }: KernelFindings): MachineKernel {
  return {
    id: spec.id,
    arch: spec.arch,
    release: spec.release,
    modules: true,
    uml: spec.kind === 'uml',
    bugIsPanic: spec.kind === 'uml',
    bits: spec.platform.bits,
    version,
    hooks,
    ...(mmio === undefined ? {} : { mmio }),
  };
}
