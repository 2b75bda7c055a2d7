import { mkdir, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { directoryOnce, writeWhole } from '../cache.js';
import { execText } from '../exec.js';
import { RELEASE_SOURCE, type Release } from '../../kernel/release.js';
import { assemble } from '../machines.js';
import { Apt, type Package } from './apt.js';
import type { DebianSpec, KernelSpec } from './catalogue.js';
import type { Paths } from './paths.js';
import { unpackedKernel } from './image.js';
import { probe } from './probe.js';
import { readRecord, RECIPE, writeRecord, type KernelRecord } from './record.js';
import { relocateHeaders, unpack, wrapTools } from './tree.js';
import { setupUml } from './uml.js';

/** Tells the user what is done now. */
export type Tell = (text: string) => void;

/** A kernel that is unpacked or built, and not yet known to run. */
export type Prepared = Pick<KernelRecord, 'packages' | 'image' | 'headers' | 'changes'>;

/** Measures the steps of a setup. */
export class Steps {
  readonly seconds: Record<string, number> = {};

  constructor(private readonly tell: Tell) {}

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const began = Date.now();
    this.tell(`${name} ...`);
    const result = await work();
    this.seconds[name] = (Date.now() - began) / 1000;
    return result;
  }
}

/** Debian's name of this machine's architecture: build tools must run here. */
export async function hostArchitecture(): Promise<string> {
  return execText('dpkg', ['--print-architecture']);
}

/** One run of setup: where it puts things, and the archives that it has opened. */
export class Setup {
  private readonly archives = new Map<string, Promise<Apt>>();

  constructor(
    readonly paths: Paths,
    readonly tell: Tell,
  ) {}

  /** The private apt for an architecture and the suites of a release. */
  archive(architecture: string, release: string, suites: readonly string[]): Promise<Apt> {
    const name = `${architecture}-${release}`;
    const known = this.archives.get(name);
    if (known) return known;
    const opened = Apt.open(join(this.paths.apt, name), architecture, suites);
    this.archives.set(name, opened);
    return opened;
  }
}

/**
 * The package that `pattern` names.
 * @throws Error if the archive has none
 */
export async function findPackage(apt: Apt, pattern: string, upstream?: string): Promise<Package> {
  const found = await apt.find(pattern, upstream);
  if (!found) {
    const cause = apt.trouble || 'it may have moved on to a newer release';
    throw new Error(`the archive has no package ${pattern}: ${cause}`);
  }
  return found;
}

const escape = (text: string): string => text.replace(/[.+]/g, '[$&]');

interface Wanted {
  readonly version: string;
  readonly image: Package;
  /** Of the machine's architecture, and of the host's. */
  readonly headers: readonly Package[];
  readonly tools: readonly Package[];
}

async function choose(spec: DebianSpec, target: Apt, host: Apt): Promise<Wanted> {
  const { abi, image, kbuild } = spec.debian;
  const upstream = RELEASE_SOURCE[spec.release as Release];
  const pattern = image.package.replace('%', `${abi}-${spec.flavour}`);
  const chosen = await findPackage(target, pattern, upstream);
  const version = new RegExp(`${abi}-${spec.flavour}`).exec(chosen.name)![0];
  const exactAbi = version.slice(0, -spec.flavour.length - 1);
  return {
    version,
    image: chosen,
    headers: [await findPackage(target, `linux-headers-${escape(version)}`)],
    tools: [
      await findPackage(host, `linux-headers-${escape(exactAbi)}-common`),
      await findPackage(host, kbuild.replace('%', escape(exactAbi)), chosen.version.split('-')[0]!),
    ],
  };
}

/** The directory with the loader of the newest C library that `apt` knows. */
async function newerLibc(paths: Paths, apt: Apt): Promise<string> {
  const wanted = await findPackage(apt, 'libc6');
  const root = await directoryOnce(join(paths.libc, wanted.version), async (work) => {
    const [deb] = await apt.download([wanted]);
    await unpack(deb!, work);
  });
  const triplet = wanted.architecture === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
  const found = ['usr/lib', 'lib'].map((one) => join(root, one, triplet)).find((one) => existsSync(one));
  if (!found) throw new Error(`libc6 ${wanted.version} has no ${triplet}`);
  return found;
}

async function findImage(directory: string): Promise<string> {
  const found = await execText('find', [directory, '-name', 'vmlinuz*', '-type', 'f']);
  const [image] = found.split('\n');
  if (!image) throw new Error(`no kernel image below ${directory}`);
  return image;
}

async function prepareDebian(setup: Setup, spec: DebianSpec, steps: Steps): Promise<Prepared> {
  const { paths } = setup;
  const { suites } = spec.debian;
  const host = await hostArchitecture();
  const [target, tools] = await steps.step('package lists', async () => {
    const own = await setup.archive(spec.platform.debian, spec.release, suites);
    return [
      own,
      host === spec.platform.debian ? own : await setup.archive(host, spec.release, suites),
    ] as const;
  });
  const wanted = await steps.step('packages', () => choose(spec, target, tools));
  const [imageDeb, ...headerDebs] = await steps.step('download', async () => [
    ...(await target.download([wanted.image, ...wanted.headers])),
    ...(await tools.download(wanted.tools)),
  ]);
  const tree = paths.tree(spec.release);
  const directory = paths.kernel(spec);
  await steps.step('unpack', async () => {
    await mkdir(directory, { recursive: true });
    const work = join(directory, 'image');
    await unpack(imageDeb!, work, spec.debian.image.part);
    const image = await readFile(await findImage(work));
    await writeWhole(join(directory, 'kernel'), (await unpackedKernel(image)) ?? image);
    await rm(work, { recursive: true });
    for (const deb of headerDebs) await unpackOnce(deb, tree);
    await relocateHeaders(tree);
    await wrapTools(tree, () => newerLibc(paths, tools));
  });
  return {
    packages: [wanted.image, ...wanted.headers, ...wanted.tools],
    image: relative(paths.root, join(directory, 'kernel')),
    headers: relative(paths.root, join(tree, 'usr/src', `linux-headers-${wanted.version}`)),
  };
}

/** Unpacks a package into a tree whose files are changed afterwards, so a second time would undo that. */
async function unpackOnce(deb: string, tree: string): Promise<void> {
  await directoryOnce(join(tree, '.unpacked', basename(deb, '.deb')), () => unpack(deb, tree));
}

const firstLine = (text: string): string => text.split('\n')[0]!;

/**
 * Makes one kernel ready, unless it is, and returns its record. What an interrupted setup has downloaded, unpacked or
 * built is used again.
 */
export async function setupKernel(setup: Setup, spec: KernelSpec): Promise<KernelRecord> {
  const { paths } = setup;
  const known = await readRecord(paths, spec);
  if (known) return known;
  const steps = new Steps((step) => setup.tell(`${spec.id}: ${step}`));
  const prepared =
    spec.kind === 'uml' ? await setupUml(setup, spec, steps) : await prepareDebian(setup, spec, steps);
  const versions = {
    compiler: firstLine(await execText(`${spec.platform.triplet}-gcc`, ['--version'])),
    ...(spec.kind === 'uml'
      ? {}
      : { qemu: firstLine(await execText(spec.platform.qemu.program, ['--version'])) }),
  };
  const draft: KernelRecord = {
    recipe: RECIPE,
    id: spec.id,
    version: '',
    hooks: { kprobes: false, kallsyms: false },
    ...prepared,
    ...versions,
    seconds: steps.seconds,
  };
  const { found, seconds } = await steps.step('first boot', () => probe(assemble(paths, spec, draft)));
  const record = { ...draft, ...found, seconds: { ...steps.seconds, boot: seconds } };
  await writeRecord(paths, record);
  return record;
}
