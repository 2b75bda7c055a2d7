/**
 * What the parts of the replay agree on: a real kernel, how to compile for it, and how to boot it.
 *
 * A machine kernel stands for one column of the model (`arch`, `release`) and is a fixed, recorded binary (`version`).
 */

/** What init prints, on a line of its own, before it ends the machine: all that was to be done was done. */
export const DONE_LINE = 'pfnmap: done';

/** Why a boot ended: `done` = init printed {@link DONE_LINE}, `panic` = the kernel died, `error` = the
 * machine reset or never started. */
export type BootEnd = 'done' | 'panic' | 'timeout' | 'error';

/** A real kernel on which tests are replayed. */
export interface MachineKernel {
  /** Name used on the command line, e.g. `amd64-7.2`, `armmp-lpae-7.2`, `um-6.1`. */
  readonly id: string;
  /** The model's architecture for which this kernel speaks: `x86_64`, `arm`, `arm_lpae`, `arm64` or `um`. */
  readonly arch: string;
  /** The model's release, e.g. `7.2`. */
  readonly release: string;
  /** What `uname -r` says, e.g. `7.2.13+deb14-cloud-amd64`; empty before `replay:setup`. */
  readonly version: string;
  /** Whether kernel modules can be built and loaded. */
  readonly modules: boolean;
  /** Whether it is User-mode Linux: a host process, no QEMU. */
  readonly uml: boolean;
  /** Whether `BUG()` ends the whole machine (um) instead of the process that ran into it. */
  readonly bugIsPanic: boolean;
  /** How kernel symbols can be found: by a kprobe in the module, and by init from /proc/kallsyms. */
  readonly hooks: { readonly kprobes: boolean; readonly kallsyms: boolean };
  /** Size of a C `long` in the kernel and its programs, in bits. */
  readonly bits: 32 | 64;
  /**
   * I/O memory that may be mapped: `[first pfn, number of frames]`; absent if there is none. It has no `struct page` and
   * keeps what is stored. It is BAR 2 of a PCI device (1af4:1110) that must be enabled first: by pci_enable_device(), or
   * by writing 1 to /sys/bus/pci/devices/0000:00:01.0/enable.
   */
  readonly mmio?: readonly [pfn: number, frames: number];
}

/** Compiles for one kernel. Results are cached by the contents of the files. */
export interface Toolchain {
  /** The C compiler of user programs, e.g. `arm-linux-gnueabihf-gcc`. */
  readonly cc: string;
  /**
   * Builds the module `name` of C sources and headers and returns the path of `name.ko`.
   *
   * `files` maps a file name relative to the build directory to its text. Every `*.c` becomes part of the module,
   * unless `files` has a `Kbuild`, which then says it all.
   * @throws BuildError with the compiler's messages
   */
  buildModule(files: Readonly<Record<string, string>>, name: string): Promise<string>;
  /**
   * Builds a static user program of all `*.c` among `files` and returns its path.
   * @throws BuildError with the compiler's messages
   */
  buildProgram(files: Readonly<Record<string, string>>, name: string): Promise<string>;
}

/** A file of the initramfs; parent directories are made. */
export interface BootFile {
  /** Path without a leading slash; `init` is what the kernel runs. */
  readonly path: string;
  readonly data: Uint8Array;
  /** Permission bits; 0o755 if absent. */
  readonly mode?: number;
}

export interface BootOptions {
  /** Wall-clock limit of the whole boot, in milliseconds. */
  readonly timeoutMs: number;
  /** A machine that prints nothing for so long hangs, and is ended; in milliseconds, asked for after each line. */
  readonly silentMs?: () => number;
  /** Text added to the kernel's command line. */
  readonly append?: string;
  /** Called for each console line as it comes. */
  readonly onLine?: (line: string) => void;
  /** Ends the machine. */
  readonly signal?: AbortSignal;
}

export interface BootResult {
  /** The console, without line ends. */
  readonly lines: readonly string[];
  readonly end: BootEnd;
  /** From start to end, in milliseconds. */
  readonly timeMs: number;
}

/** Boots a kernel with an initramfs made of `files`. */
export interface Boot {
  run(files: readonly BootFile[], options: BootOptions): Promise<BootResult>;
}

/** A kernel that is set up, with all that is needed to use it. */
export interface Machine {
  readonly kernel: MachineKernel;
  readonly toolchain: Toolchain;
  readonly boot: Boot;
  /** What QEMU runs it with; absent where there is no QEMU. */
  readonly accelerator?: 'tcg' | 'kvm';
}
