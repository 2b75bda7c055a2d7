import { mkdir, rename } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { exec, execText } from '../exec.js';
import { writeWhole } from '../cache.js';

/**
 * A private apt: other suites and architectures than the machine's own, its state in a directory of ours. It installs
 * nothing and needs no rights. Mirrors and their authentication are the machine's.
 */

/** A package of an archive. */
export interface Package {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Size of the .deb, in bytes. */
  readonly size: number;
  readonly sha256: string;
}

/** The machine's two Debian archives, each a URI that apt uses now. */
export interface Mirrors {
  readonly main: string;
  readonly security: string | undefined;
}

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Format for `apt-get indextargets` that {@link parseMirrors} reads. */
const TARGETS = '$(REPO_URI) $(ORIGIN)|$(CODENAME)';

/**
 * Finds the mirrors in the lines of `apt-get indextargets --format '$(REPO_URI) $(ORIGIN)|$(CODENAME)'`.
 * @throws Error if the machine has no Debian archive
 */
export function parseMirrors(text: string): Mirrors {
  const lines = text.split('\n').flatMap((line) => {
    const match = /^(\S+) Debian\|(\S+)$/.exec(line.trim());
    return match ? [{ uri: match[1]!, security: match[2]!.endsWith('-security') }] : [];
  });
  const main = lines.find(({ security }) => !security)?.uri;
  if (main === undefined)
    throw new Error('apt knows no archive of Debian: is this Debian, and was `apt-get update` run?');
  return { main, security: lines.find(({ security }) => security)?.uri };
}

/** The text of a sources.list for `suites`; a security suite without a known mirror is left out. */
export function sourcesList(mirrors: Mirrors, suites: readonly string[], architecture: string): string {
  return suites
    .flatMap((suite) => {
      const uri = suite.endsWith('-security') ? mirrors.security : mirrors.main;
      return uri === undefined
        ? []
        : [`deb [signed-by=${KEYRING} arch=${architecture}] ${uri} ${suite} main\n`];
    })
    .join('');
}

/** Reads the paragraphs that `apt-cache show` prints. */
export function parsePackages(text: string): Package[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const field = (name: string): string | undefined =>
      new RegExp(`^${name}: *(.*)$`, 'm').exec(paragraph)?.[1];
    const name = field('Package');
    if (name === undefined) return [];
    return [
      {
        name,
        version: field('Version') ?? '',
        architecture: field('Architecture') ?? '',
        size: Number(field('Size') ?? 0),
        sha256: field('SHA256') ?? '',
      },
    ];
  });
}

/** Orders names by the numbers in them: `a-9` before `a-10`. */
export function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** The names that `apt-cache search --names-only` printed and that match `pattern` as a whole, the newest first. */
export function matchingNames(search: string, pattern: RegExp): string[] {
  const names = search.split('\n').map((line) => line.split(' ')[0]!);
  return names
    .filter((name) => pattern.exec(name)?.[0] === name)
    .sort(byNumbers)
    .reverse();
}

/** The package whose version starts with `upstream`, else the newest: `packages` come newest first. */
export function preferred(packages: readonly Package[], upstream: string | undefined): Package | undefined {
  return packages.find(({ version }) => version.split('-')[0] === upstream) ?? packages[0];
}

export class Apt {
  /** What reading the lists of packages complained about: one list of several may be out of order for a while. */
  trouble = '';

  private search: Promise<string> | undefined;

  private constructor(
    private readonly directory: string,
    private readonly options: readonly string[],
  ) {}

  /** Prepares a private apt for one architecture and reads the lists of its suites. */
  static async open(directory: string, architecture: string, suites: readonly string[]): Promise<Apt> {
    if (!existsSync(KEYRING)) throw new Error(`${KEYRING} is missing: install debian-archive-keyring`);
    const mirrors = parseMirrors(await execText('apt-get', ['indextargets', '--format', TARGETS]));
    const list = join(directory, 'sources.list');
    await mkdir(join(directory, 'lists/partial'), { recursive: true });
    await mkdir(join(directory, 'cache/archives/partial'), { recursive: true });
    await writeWhole(list, sourcesList(mirrors, suites, architecture));
    const settings = {
      'APT::Architecture': architecture,
      'APT::Architectures': architecture,
      'Dir::Etc::SourceList': list,
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      'Dir::State::Lists': `${directory}/lists`,
      'Dir::State::Status': '/dev/null',
      'Dir::Cache': `${directory}/cache`,
      // Containers often turn these two off; each look-up then takes seconds.
      'Dir::Cache::pkgcache': 'pkgcache.bin',
      'Dir::Cache::srcpkgcache': 'srcpkgcache.bin',
      'Acquire::Languages': 'none',
      'Acquire::GzipIndexes': 'true',
      'Acquire::Retries': '3',
      // apt's own user may not enter a home directory.
      ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
    };
    const apt = new Apt(directory, [
      '-q',
      ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    ]);
    apt.trouble = await exec('apt-get', [...apt.options, 'update']).then(
      () => '',
      (error: Error) => error.message,
    );
    return apt;
  }

  /**
   * The package whose whole name matches `pattern`: the one of version `upstream` if there is one, else the newest.
   * Only packages of the kernel and libc6 are looked at.
   */
  async find(pattern: string, upstream?: string): Promise<Package | undefined> {
    this.search ??= execText('apt-cache', [...this.options, 'search', '--names-only', '^(linux-|libc6$)']);
    const names = matchingNames(await this.search, new RegExp(pattern));
    if (names.length === 0) return undefined;
    const text = await execText('apt-cache', [...this.options, 'show', ...names]);
    const packages = parsePackages(text).sort((a, b) => byNumbers(b.version, a.version));
    return preferred(packages, upstream);
  }

  /** Downloads packages, checked by apt, and returns the paths of their .deb files. */
  async download(wanted: readonly Package[]): Promise<string[]> {
    const debs = join(this.directory, 'debs');
    const path = ({ name, version, architecture }: Package): string =>
      // As apt names the file, the epoch's colon escaped.
      join(debs, `${name}_${version.replaceAll(':', '%3a')}_${architecture}.deb`);
    const missing = wanted.filter((one) => !existsSync(path(one)));
    if (missing.length > 0) {
      const work = join(debs, 'partial');
      await mkdir(work, { recursive: true });
      const names = missing.map(({ name, version }) => `${name}=${version}`);
      await exec('apt-get', [...this.options, 'download', ...names], { cwd: work });
      for (const one of missing) await rename(join(work, basename(path(one))), path(one));
    }
    return wanted.map(path);
  }
}
