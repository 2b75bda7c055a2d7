/** A small set of configurations, with the shape of the real one. */
import type { Configuration } from '../../src/litmus/selector.js';

const ARCHS: Record<string, string[]> = { x86_64: ['pte_special'], arm64: ['pte_special'], arm: [], um: [] };
const RELEASES: Record<string, string[]> = {
  '6.1': [],
  '6.12': ['folio_walk'],
  '7.2': ['folio_walk', 'mmap_prepare'],
};

export const CONFIGURATIONS: readonly Configuration[] = Object.entries(ARCHS).flatMap(([arch, archTraits]) =>
  Object.entries(RELEASES).map(([release, traits]) => ({
    arch,
    release,
    traits: new Set([...archTraits, ...traits]),
  })),
);

export function configuration(arch: string, release: string): Configuration {
  return CONFIGURATIONS.find((c) => c.arch === arch && c.release === release)!;
}
