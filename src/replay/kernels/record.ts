import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readJson, writeJson } from '../cache.js';
import type { KernelFindings, KernelSpec } from './catalogue.js';
import type { Package } from './apt.js';
import type { Paths } from './paths.js';

/** Raised when a kernel that was set up by an older program must be set up again. */
export const RECIPE = 2;

/** What setup recorded about one kernel: that it is ready, and of what it is made. */
export interface KernelRecord extends KernelFindings {
  readonly recipe: number;
  readonly id: string;
  readonly packages: readonly Package[];
  /** Paths below the kernel's directory of the cache, or of its tree. */
  readonly image: string;
  /** Directory for `make -C` that builds modules. */
  readonly headers: string;
  /** First line of what the compiler and QEMU say about themselves. */
  readonly compiler: string;
  readonly qemu?: string;
  /** Local changes of the source, if any. */
  readonly changes?: readonly string[];
  /** Wall-clock seconds of each step of setup, and of a boot. */
  readonly seconds: Readonly<Record<string, number>>;
}

function recordPath(paths: Paths, spec: Pick<KernelSpec, 'id'>): string {
  return join(paths.kernel(spec), 'kernel.json');
}

/** The record of a kernel that is ready, or undefined. */
export async function readRecord(
  paths: Paths,
  spec: Pick<KernelSpec, 'id'>,
): Promise<KernelRecord | undefined> {
  const record = await readJson<KernelRecord>(recordPath(paths, spec));
  return record?.recipe === RECIPE ? record : undefined;
}

/** Records that a kernel is ready. */
export async function writeRecord(paths: Paths, record: KernelRecord): Promise<void> {
  await writeJson(recordPath(paths, record), record);
  await writeVersions(paths);
}

/** Rewrites versions.json of all records and of what is known about KVM. */
export async function writeVersions(paths: Paths): Promise<void> {
  const ids = (await readdir(join(paths.root, 'kernels'))).sort();
  const records = await Promise.all(ids.map((id) => readRecord(paths, { id })));
  const known = records.filter((one) => one !== undefined);
  const kvm = await readJson<unknown>(paths.kvm);
  await writeJson(paths.versions, {
    kernels: Object.fromEntries(known.map((one) => [one.id, one])),
    ...(kvm === undefined ? {} : { kvm }),
  });
}
