// Many mutants in one text: where one of them is different, the code asks which is on.
import { parseSync } from 'rolldown/utils';

/** The variable that says which mutant is on; 0 is none. */
export const SWITCH = '$mutant';

/** The text of a file with one mutant in it and no switch. */
export function applyMutant(text, { start, end, text: replacement }) {
  return text.slice(0, start) + replacement + text.slice(end);
}

/**
 * The text of a file with mutants that can be switched on.
 * @param mutants `[{ mutant, n }]`: `SWITCH === n` turns it on
 * @returns `{ text, without }`; the latter are those that cannot be told by a switch where they stand
 */
export function schemaOf(file, text, mutants) {
  const whole = switched(text, mutants);
  if (isCode(file, whole)) return { text: whole, without: [] };
  const fits = mutants.filter((one) => isCode(file, switched(text, [one])));
  return { text: switched(text, fits), without: mutants.filter((one) => !fits.includes(one)) };
}

function isCode(file, text) {
  return parseSync(file, text).errors.length === 0;
}

function switched(text, mutants) {
  return render({ start: 0, end: text.length, mutants: [], inside: nest(mutants) }, text);
}

/** Places, each with its mutants and the places inside: pieces of code lie in each other or apart. */
function nest(mutants) {
  const sorted = [...mutants].sort((a, b) => a.mutant.start - b.mutant.start || b.mutant.end - a.mutant.end);
  const outermost = [];
  const around = [];
  for (const one of sorted) {
    const { start, end, op } = one.mutant;
    while (around.length > 0 && around.at(-1).end <= start) around.pop();
    const nearest = around.at(-1);
    if (nearest !== undefined && nearest.start === start && nearest.end === end) {
      nearest.mutants.push(one);
      continue;
    }
    const place = { start, end, isStatement: op === 'drop', mutants: [one], inside: [] };
    (nearest?.inside ?? outermost).push(place);
    around.push(place);
  }
  return outermost;
}

function render({ start, end, isStatement, mutants, inside }, text) {
  let code = '';
  let at = start;
  for (const place of inside) {
    code += text.slice(at, place.start) + render(place, text);
    at = place.end;
  }
  code += text.slice(at, end);
  if (mutants.length === 0) return code;
  if (isStatement) return `{ if (${mutants.map(({ n }) => `${SWITCH} !== ${n}`).join(' && ')}) ${code} }`;
  const choices = mutants.map(({ mutant, n }) => `${SWITCH} === ${n} ? (${mutant.text}) : `);
  return `(${choices.join('')}(${code}))`;
}
