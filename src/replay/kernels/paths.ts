import { join } from 'node:path';
import { cacheRoot } from '../cache.js';
import type { KernelSpec } from './catalogue.js';

/** The directories of the cache, none of which need exist. */
export interface Paths {
  readonly root: string;
  /** Private apt states, by architecture and release. */
  readonly apt: string;
  /** C libraries for tools that are newer than the machine. */
  readonly libc: string;
  /** Compiler wrappers. */
  readonly bin: string;
  /** Modules and programs, by kernel and contents. */
  readonly builds: string;
  /** What was set up, for people. */
  readonly versions: string;
  /** What the probe of KVM found. */
  readonly kvm: string;
  /** Unpacked headers and build tools, shared by the kernels of a release. */
  tree(release: string): string;
  /** What belongs to one kernel: its image and {@link KernelRecord}. */
  kernel(spec: Pick<KernelSpec, 'id'>): string;
}

export function paths(root = join(cacheRoot(), 'replay')): Paths {
  return {
    root,
    apt: join(root, 'apt'),
    libc: join(root, 'libc'),
    bin: join(root, 'bin'),
    builds: join(root, 'builds'),
    versions: join(root, 'versions.json'),
    kvm: join(root, 'kvm.json'),
    tree: (release) => join(root, 'trees', release),
    kernel: ({ id }) => join(root, 'kernels', id),
  };
}
