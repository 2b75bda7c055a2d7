/** What `--coverage` says of the model: functions and branches that no execution ran. */
import type { ModelCoverage, ModelPlace } from '../run/result.js';
import { wrapped } from './brief.js';

/**
 * What of the model's own code never ran: a count for each file, or every place.
 * @param details whether every place
 */
export function modelLines(model: ModelCoverage, details: boolean): string[] {
  const { functions, reached, unreached, branches } = model;
  const head = `Model: ${reached} of ${functions} functions of src/kernel ran, and in them ${branches.length} branches did not.`;
  if (unreached.length + branches.length === 0) return [head];
  const files = [...new Set([...unreached, ...branches].map(({ file }) => file))].toSorted();
  const of = (places: readonly ModelPlace[], file: string): ModelPlace[] =>
    places.filter((place) => place.file === file);
  if (!details) {
    const counts = files.map(
      (file) =>
        `${file.replace('src/kernel/', '')} ${of(unreached, file).length}+${of(branches, file).length}`,
    );
    return [
      `${head} Never,`,
      ...wrapped(`functions + branches by file (--details has each): ${counts.join(', ')}.`, '  '),
    ];
  }
  return [
    `${head} Never:`,
    ...files.flatMap((file) => [
      ...of(unreached, file).map(({ line, name }) => `  ${file}:${line} ${name}()`),
      ...of(branches, file).map(({ line, name }) => `  ${file}:${line} a branch of ${name}()`),
    ]),
  ];
}

/** The same of a run, in lines that herd7's tools and readers of KTAP skip; nothing if it was not asked for. */
export function formatModel(model: ModelCoverage | undefined, details: boolean): string {
  return model === undefined
    ? ''
    : modelLines(model, details)
        .map((line) => `# ${line}\n`)
        .join('');
}
