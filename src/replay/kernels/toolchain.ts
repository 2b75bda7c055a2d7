import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { contentHash, directoryOnce, filesHash } from '../cache.js';
import { exec, ExecError } from '../exec.js';
import type { Toolchain } from '../types.js';
import type { KernelSpec } from './catalogue.js';
import { kernelCompiler } from './compiler.js';
import type { Paths } from './paths.js';
import type { KernelRecord } from './record.js';

/** The lines of compilers and linkers that name an error, with what they show of the source; warnings of headers are many. */
export function errorLines(output: string): string {
  const lines = output.split('\n');
  const shown = lines.filter((_, i) =>
    lines.slice(Math.max(0, i - 2), i + 1).some((l) => /\berror\b[:!]?/i.test(l)),
  );
  return (shown.length > 0 ? shown : lines).join('\n').trim();
}

/** C that does not compile, or a module that does not link. */
export class BuildError extends Error {
  constructor(
    readonly target: string,
    readonly messages: string,
  ) {
    super(`cannot build ${target}:\n${errorLines(messages)}`);
    this.name = 'BuildError';
  }
}

type Files = Readonly<Record<string, string>>;

const PROGRAM_FLAGS = ['-static', '-O1', '-std=gnu11', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-Wall'];

/** Compilations leave the machine to whatever else runs. */
const NICE = 10;

function sources(files: Files): string[] {
  return Object.keys(files)
    .filter((file) => file.endsWith('.c'))
    .sort();
}

/**
 * The Kbuild of a module made of all its sources.
 * @throws RangeError if one of several sources is called like the module: kbuild would take it for the whole
 */
export function kbuild(name: string, files: Files): string {
  const objects = sources(files).map((file) => file.replace(/\.c$/, '.o'));
  if (objects.length === 1 && objects[0] === `${name}.o`) return `obj-m := ${name}.o\n`;
  if (objects.length === 0) throw new RangeError(`module ${name} has no sources`);
  if (objects.includes(`${name}.o`)) {
    throw new RangeError(`module ${name} has several sources, so none may be called ${name}.c`);
  }
  return `obj-m := ${name}.o\n${name}-y := ${objects.join(' ')}\nccflags-y := -I$(src)\n`;
}

async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

async function building<T>(target: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ExecError && error.status !== null) throw new BuildError(target, error.output);
    throw error;
  }
}

/** Variables of the kernel's Makefile. */
function makeVariables(spec: KernelSpec, cc: string): string[] {
  if (spec.kind === 'uml') return ['ARCH=um'];
  const { make, triplet } = spec.platform;
  return [
    `ARCH=${make}`,
    `CROSS_COMPILE=${triplet}-`,
    `CC=${cc}`,
    // pahole may be too old for the kernel, and nothing here needs a module's type information.
    'CONFIG_DEBUG_INFO_BTF_MODULES=',
    'CONFIG_DEBUG_INFO_BTF=',
  ];
}

/** The compilers for one kernel that is set up. */
export function toolchain(paths: Paths, spec: KernelSpec, record: KernelRecord): Toolchain {
  const { triplet } = spec.platform;
  const cc = `${triplet}-gcc`;
  // A module fits one kernel binary; a program fits every kernel of the machine.
  const kernelKey = contentHash(JSON.stringify([record.packages, record.changes ?? [], record.compiler]));

  async function make(directory: string, name: string): Promise<void> {
    const compiler = await kernelCompiler(paths, triplet);
    const args = ['-s', '-C', join(paths.root, record.headers), `M=${directory}`];
    await exec('make', [...args, ...makeVariables(spec, compiler), 'modules'], { nice: NICE });
    // Debug information is most of a module, and every boot would carry it.
    await exec(`${triplet}-strip`, ['-g', join(directory, `${name}.ko`)]);
  }

  return {
    cc,
    async buildModule(files, name) {
      const all = 'Kbuild' in files ? files : { ...files, Kbuild: kbuild(name, files) };
      const key = filesHash(all, name, kernelKey);
      const directory = await directoryOnce(join(paths.builds, spec.id, key), (work) =>
        building(`module ${name} for ${spec.id}`, async () => {
          // Beside the module, kbuild leaves a dozen files that nobody needs.
          const build = join(work, 'build');
          await writeFiles(build, all);
          await make(build, name);
          await rename(join(build, `${name}.ko`), join(work, `${name}.ko`));
          await rm(build, { recursive: true });
        }),
      );
      return join(directory, `${name}.ko`);
    },
    async buildProgram(files, name) {
      const key = filesHash(files, name, record.compiler, ...PROGRAM_FLAGS);
      const directory = await directoryOnce(join(paths.builds, triplet, key), (work) =>
        building(`program ${name}`, async () => {
          const build = join(work, 'build');
          await writeFiles(build, files);
          const output = join(work, name);
          await exec(cc, [...PROGRAM_FLAGS, '-I.', '-o', output, ...sources(files)], {
            cwd: build,
            nice: NICE,
          });
          await exec(`${triplet}-strip`, [output]);
          await rm(build, { recursive: true });
        }),
      );
      return join(directory, name);
    },
  };
}
