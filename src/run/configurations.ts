/** The configurations that tests run on, and the traits that selectors may name. */
import { ARCH_NAMES, archNamed } from '../kernel/arch/index.js';
import { factsFor, type Facts } from '../kernel/facts.js';
import { RELEASES, type Release } from '../kernel/release.js';
import type { Configuration } from '../litmus/selector.js';

/** Names of traits and how they follow from facts. */
const TRAITS: Readonly<Record<string, (f: Facts) => boolean>> = {
  pte_special: (f) => f.pteSpecial,
  huge_fault: (f) => f.hugeFaultOnSpecialVma,
  huge_fault_pud: (f) => f.hugeFaultOnSpecialVma && f.thpPud,
  pmd_pfnmap: (f) => f.pmdPfnmap,
  pud_pfnmap: (f) => f.pudPfnmap,
  pat: (f) => f.pfnmapTracking,
  mmap_prepare: (f) => f.mmapPrepare,
  folio_walk: (f) => f.folioWalk,
  follow_pfnmap: (f) => f.followPfnmap,
  per_vma_lock: (f) => f.perVmaLock,
  gup_fast: (f) => f.gupFast,
  gup_fast_needs_mapping: (f) => f.gupFastNeedsMapping,
  ioremap_prot: (f) => f.ioremapProt,
  modify_keeps_special: (f) => f.modifyKeepsSpecial,
  hw_dirty: (f) => f.hwDirtyBit,
  zero_colours: (f) => f.zeroPages > 1,
  lp64: (f) => f.bitsPerLong === 64,
};

/** All traits a selector may name. */
export const TRAIT_NAMES: readonly string[] = Object.keys(TRAITS);

/** Facts of an architecture and release by name. @throws FactError for an unknown fact */
export function factsOf(
  arch: string,
  release: string,
  overrides: Readonly<Record<string, string | number | boolean>> = {},
): Facts {
  const a = archNamed(arch);
  if (a === undefined) throw new Error(`unknown architecture ${arch}`);
  return factsFor(a, release as Release, overrides);
}

/** Every architecture and release with its traits, in the order they are listed. */
export const CONFIGURATIONS: readonly Configuration[] = ARCH_NAMES.flatMap((arch) =>
  RELEASES.map((release) => {
    const facts = factsOf(arch, release);
    return { arch, release, traits: new Set(TRAIT_NAMES.filter((name) => TRAITS[name]!(facts))) };
  }),
);

/** The configuration of an architecture and release. */
export function configurationOf(arch: string, release: string): Configuration {
  const found = CONFIGURATIONS.find((c) => c.arch === arch && c.release === release);
  if (found === undefined) throw new Error(`unknown configuration ${arch}+${release}`);
  return found;
}
