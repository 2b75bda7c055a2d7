import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const SRC = 'src';

/**
 * What each part may import beside itself: cli -> replay -> report -> verify -> run -> (litmus, explore, contract) -> (kernel, c), skipping
 * steps downwards included. `kernel`, `c` and `explore` stand alone.
 */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  kernel: [],
  c: [],
  explore: [],
  litmus: ['kernel', 'c'],
  contract: ['kernel', 'c'],
  run: ['litmus', 'explore', 'contract', 'kernel', 'c'],
  verify: ['run', 'litmus', 'explore', 'contract', 'kernel', 'c'],
  report: ['verify', 'run', 'litmus', 'explore', 'contract', 'kernel', 'c'],
  generate: ['run', 'litmus', 'explore', 'contract', 'kernel', 'c'],
  replay: ['generate', 'report', 'verify', 'run', 'litmus', 'explore', 'contract', 'kernel', 'c'],
  cli: ['generate', 'replay', 'report', 'verify', 'run', 'litmus', 'explore', 'contract', 'kernel', 'c'],
  // The library's one export list.
  'index.ts': ['report', 'verify', 'run', 'litmus', 'explore', 'contract', 'kernel', 'c'],
};

/** Parts that need Node; the others also run in a browser. */
const NODE = ['cli', 'replay'];

/** Packages that a part may import. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  c: ['web-tree-sitter'],
  cli: ['@stricli/core'],
};

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join(SRC, name));

const texts = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));

const IMPORT = /^(?:import|export)\b[^'";]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm;

function importsOf(file: string): Import[] {
  return [...texts.get(file)!.matchAll(IMPORT)].map((match) => ({
    file,
    specifier: match[1] ?? match[2] ?? match[3]!,
  }));
}

const imports = files.flatMap(importsOf);

/** `kernel` for `src/kernel/mm/memory.ts`; for a file of src itself, its name. */
function part(file: string): string {
  return relative(SRC, file).split('/')[0]!;
}

function violations(check: (one: Import) => boolean, among = imports): string[] {
  return among.filter(check).map(({ file, specifier }) => `${file} imports ${specifier}`);
}

describe('imports', () => {
  test('are found', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(imports.length).toBeGreaterThan(files.length);
    expect(imports).toContainEqual({ file: 'src/cli/app.ts', specifier: '@stricli/core' });
    expect(imports).toContainEqual({ file: 'src/cli/app.ts', specifier: './run.js' });
  });

  test('go one way', () => {
    const wrong = violations(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      const [from, to] = [part(file), part(normalize(join(dirname(file), specifier)))];
      return from !== to && !BELOW[from]?.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  test('of files name files that exist, with their suffix', () => {
    const wrong = violations(({ file, specifier }) => {
      if (!specifier.startsWith('.')) return false;
      return (
        !texts.has(normalize(join(dirname(file), specifier.replace(/\.js$/, '.ts')))) ||
        !specifier.endsWith('.js')
      );
    });
    expect(wrong).toEqual([]);
  });

  test('of Node and of packages stay where they belong', () => {
    const wrong = violations(({ file, specifier }) => {
      if (specifier.startsWith('.')) return false;
      const from = part(file);
      return specifier.startsWith('node:') ? !NODE.includes(from) : !PACKAGES[from]?.includes(specifier);
    });
    expect(wrong).toEqual([]);
  });

  test('make no circle in verify', () => {
    const below = new Map<string, string[]>();
    for (const { file, specifier } of imports) {
      if (part(file) !== 'verify' || !specifier.startsWith('./')) continue;
      const to = normalize(join(dirname(file), specifier.replace(/\.js$/, '.ts')));
      below.set(file, [...(below.get(file) ?? []), to]);
    }
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      (below.get(from) ?? []).some((next) => {
        if (next === to) return true;
        if (seen.has(next)) return false;
        seen.add(next);
        return reaches(next, to, seen);
      });
    expect(below.size).toBeGreaterThan(10);
    expect([...below.keys()].filter((file) => reaches(file, file))).toEqual([]);
  });

  test('every part has its place in the order', () => {
    expect([...new Set(files.map(part))].filter((name) => !(name in BELOW))).toEqual([]);
  });
});

describe('files', () => {
  test('have at most 600 lines', () => {
    const long = [...texts].filter(([, text]) => text.split('\n').length > 601).map(([file]) => file);
    expect(long).toEqual([]);
  });

  test('name no skipped or focused test', () => {
    const tests = readdirSync('test', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.test.ts'),
    );
    const marked = tests.filter((name) =>
      /\b(it|test|describe)\.(skip|only|todo|fails)\b/.test(readFileSync(join('test', name), 'utf8')),
    );
    expect(marked).toEqual([]);
  });
});
