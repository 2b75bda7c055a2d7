/** The kernel releases that the model knows: long-term releases and the newest one that was read. */
export const RELEASES = ['6.1', '6.12', '7.2'] as const;

export type Release = (typeof RELEASES)[number];

/** The exact source of each release (Debian's packages) that the facts were read in. */
export const RELEASE_SOURCE: Readonly<Record<Release, string>> = {
  '6.1': '6.1.192',
  '6.12': '6.12.107',
  '7.2': '7.2.13',
};

/** A value that does not depend on the release, or one for each. */
export type PerRelease<T> = T | Readonly<Record<Release, T>>;

/** The value of a {@link PerRelease} for one release. */
export function inRelease<T extends boolean | number | string>(value: PerRelease<T>, release: Release): T {
  return typeof value === 'object' ? value[release] : value;
}
