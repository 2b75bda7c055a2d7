// Makes JavaScript of the engine, with or without a mutant in it.
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { ROOT } from './sources.mjs';

/** @param texts path to text of modules that are not read from the disk */
async function generate(input, texts, output) {
  const bundle = await rolldown({
    input: join(ROOT, input),
    platform: 'node',
    logLevel: 'silent',
    checks: { eval: false },
    plugins: [{ name: 'texts', load: (id) => texts.get(id.slice(ROOT.length)) ?? null }],
  });
  try {
    const { output: chunks } = await bundle.generate({ ...output, codeSplitting: false });
    return chunks[0];
  } finally {
    await bundle.close();
  }
}

/** The library as it is, an ES module, with its source map: `{ code, map }`. */
export function bundleLibrary(sources) {
  return generate('src/index.ts', sources, { format: 'esm', sourcemap: true });
}

/** A script whose value is the module src/run/index.ts of an engine with a mutant. */
export async function bundleMutant(sources, mutant) {
  const mutated = new Map(sources).set(mutant.file, applyMutant(sources.get(mutant.file), mutant));
  const { code } = await generate('src/run/index.ts', mutated, { format: 'iife', name: 'engine' });
  return `${code}\nengine;`;
}

/** The text of a file with the mutant in it. */
export function applyMutant(text, { start, end, text: replacement }) {
  return text.slice(0, start) + replacement + text.slice(end);
}
