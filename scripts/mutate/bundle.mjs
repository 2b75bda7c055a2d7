// Makes JavaScript of the engine, with or without mutants in it.
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { applyMutant, schemaOf, SWITCH } from './schema.mjs';
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

/** A script whose value is a function: given the number of a mutant, it makes `{ engine, use(number) }`. */
async function script(texts) {
  const { code } = await generate('scripts/mutate/engine.mjs', texts, { format: 'iife', name: 'engine' });
  return `(${SWITCH}) => {\n${code}\nreturn { engine, use: (n) => { ${SWITCH} = n; } };\n}`;
}

/**
 * One script for many mutants.
 * @returns `{ code, numbers }`: which number a mutant has; some, that cannot be switched on, have none
 */
export async function bundleMutants(sources, mutants) {
  const byFile = new Map();
  mutants.forEach((mutant, i) =>
    byFile.set(mutant.file, [...(byFile.get(mutant.file) ?? []), { mutant, n: i + 1 }]),
  );
  const numbers = new Map(mutants.map((mutant, i) => [mutant, i + 1]));
  const texts = new Map(sources);
  for (const [file, ones] of byFile) {
    const { text, without } = schemaOf(file, sources.get(file), ones);
    texts.set(file, text);
    for (const { mutant } of without) numbers.delete(mutant);
  }
  return { code: await script(texts), numbers };
}

/** A script for one mutant. */
export function bundleMutant(sources, mutant) {
  return script(new Map(sources).set(mutant.file, applyMutant(sources.get(mutant.file), mutant)));
}
