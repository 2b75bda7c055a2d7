/** Values with what they were a step before: only what has changed stands out. */
import { markup, type Content, type Markup } from './markup.js';

/** @param before undefined where there was nothing to have a value */
export function value(now: string | number, before: string | number | undefined): Markup {
  if (before === undefined || before === now) return markup`${now}`;
  return markup`<span class="new"><del><span class="sr">was </span>${before}</del> <ins>${now}</ins></span>`;
}

/** What is new as a whole, or was there before. */
export function fresh(isNew: boolean, content: Content): Markup {
  return isNew ? markup`<span class="new"><ins>${content}</ins></span>` : markup`${content}`;
}

/** Words of a set (flags, owners): those that came and those that went. */
export function words(now: readonly string[], before: readonly string[] | undefined, between = ' '): Markup {
  const old = before ?? now;
  const gone = old.filter((word) => !now.includes(word));
  const parts = [
    ...now.map((word) => fresh(!old.includes(word), word)),
    ...gone.map((word) => markup`<span class="new"><del><span class="sr">was </span>${word}</del></span>`),
  ];
  return markup`${parts.map((part, i) => (i === 0 ? part : markup`${between}${part}`))}`;
}
