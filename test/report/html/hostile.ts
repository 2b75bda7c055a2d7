/** A result whose every free text tries to break out of the page. */
import type { Shown } from '../../../src/report/html/page.js';
import { driverText, FREES } from '../../verify/support.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { verifyTest } from '../../../src/verify/index.js';
import { grammar } from '../../litmus/grammar.js';

export const ATTACK = `</script></style></pre>"'><img src=x onerror="window.bad=1"><script>window.bad=1</script><!--`;

/** A driver that frees what is mapped, with the attack in a comment, and in the names that callers choose. */
export async function hostile(): Promise<Shown> {
  const text = driverText(FREES(`/* ${ATTACK} */`));
  const test = parseLitmus({ file: `${ATTACK}.litmus`, text }, grammar, { threadless: true });
  const result = await verifyTest(test, { arch: 'arm', release: '7.2', pages: 1, processes: 1 });
  return { result: { ...result, test: ATTACK, reason: ATTACK, excludes: [ATTACK] }, confirmed: ATTACK };
}
