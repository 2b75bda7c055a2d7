/** Loads the bundle with the code that V8 made of it when it was built. */
import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/** What a CommonJS file is called with. */
type Wrapped = (
  exports: object,
  require: (id: string) => unknown,
  module: { exports: object },
  file: string,
  directory: string,
) => void;

/**
 * Loads a CommonJS file. If FILE.cache beside it holds the code of this very file, made by this version of Node with these flags, the
 * file need not be parsed nor its functions be compiled. Otherwise it is loaded as any other.
 * @param file absolute path
 * @returns what the file exports
 */
export function loadCached(file: string): unknown {
  const require = createRequire(file);
  const script = cachedScript(file);
  if (script === undefined) {
    // Node 22 and later keep compiled code between runs.
    (module as { enableCompileCache?: () => void }).enableCompileCache?.();
    return require(file);
  }
  const loaded = { exports: {} };
  (script.runInThisContext() as Wrapped)(loaded.exports, lazily(require), loaded, file, dirname(file));
  return loaded.exports;
}

/** Node's own modules, loaded when they are asked for something: together they take as long as the bundle, and a run needs few. */
function lazily(require: NodeJS.Require): (id: string) => unknown {
  return (id) =>
    id.startsWith('node:')
      ? new Proxy({}, { get: (_, name) => (require(id) as Record<string | symbol, unknown>)[name] })
      : require(id);
}

function cachedScript(file: string): Script | undefined {
  const cachedData = readIfThere(`${file}.cache`);
  if (cachedData === undefined) return undefined;
  const script = new Script(module.wrap(readFileSync(file, 'utf8')), { filename: file, cachedData });
  return script.cachedDataRejected === true ? undefined : script;
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
