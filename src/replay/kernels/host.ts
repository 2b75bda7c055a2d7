import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { execText } from '../exec.js';
import type { KernelSpec } from './catalogue.js';

/** A program or file that this machine must have, and Debian's package of it. */
export interface Need {
  readonly what: string;
  readonly package: string;
  /** A library that this compiler must find, instead of a program on the path. */
  readonly libraryOf?: string;
}

const need = (what: string, from = what): Need => ({ what, package: from });

const ALWAYS: readonly Need[] = [
  need('apt-get', 'apt'),
  need('dpkg-deb', 'dpkg'),
  need('bash'),
  need('tar'),
  need('xz', 'xz-utils'),
  need('make'),
  need('setarch', 'util-linux'),
];

/** For the programs that the kernel's build makes for itself. */
const BUILD: readonly Need[] = [need('gcc'), need('flex'), need('bison'), need('bc'), need('sed')];

function compilers({ platform }: KernelSpec): Need[] {
  const { triplet, debian } = platform;
  const gcc = `${triplet}-gcc`;
  const native = debian === 'amd64' && process.arch === 'x64';
  const dashed = triplet.replaceAll('_', '-');
  return [
    need(gcc, native ? 'gcc' : `gcc-${dashed}`),
    need(`${triplet}-strip`, native ? 'binutils' : `binutils-${dashed}`),
    { what: 'libc.a', package: native ? 'libc6-dev' : `libc6-dev-${debian}-cross`, libraryOf: gcc },
  ];
}

/** What setting up and running these kernels takes. */
export function needs(specs: readonly KernelSpec[]): Need[] {
  const all = [
    ...ALWAYS,
    ...specs.flatMap(compilers),
    ...specs.flatMap((spec) =>
      spec.kind === 'uml' ? BUILD : [need(spec.platform.qemu.program, spec.platform.qemu.package)],
    ),
  ];
  return [...new Map(all.map((one) => [`${one.what} ${one.libraryOf ?? ''}`, one])).values()];
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));
}

async function isThere({ what, libraryOf }: Need): Promise<boolean> {
  if (libraryOf === undefined) return onPath(what);
  // GCC prints a path for a file that it finds, and the bare name otherwise.
  return onPath(libraryOf) && (await execText(libraryOf, [`-print-file-name=${what}`])) !== what;
}

/** The needs that this machine does not meet. */
export async function missingNeeds(specs: readonly KernelSpec[]): Promise<Need[]> {
  const all = needs(specs);
  const there = await Promise.all(all.map(isThere));
  return all.filter((_, index) => !there[index]);
}

/** What the user must do about missing needs. */
export function installCommand(missing: readonly Need[]): string {
  const names = [...new Set(missing.map((one) => one.package))].sort();
  return `apt-get install --no-install-recommends ${names.join(' ')}`;
}
