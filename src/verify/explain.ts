/** A path to a broken invariant, made again with all eyes open: what each operation changed, which rule fell first, and whose it was. */
import { InvariantChecker } from '../contract/invariants/check.js';
import type { Search } from '../explore/bfs.js';
import { isErrno } from '../kernel/errno.js';
import type { Kernel } from '../kernel/kernel.js';
import { Freeze, HEAD, type Capacities } from '../kernel/layout.js';
import { UNDEFINED_IDS, type Routine, type Tracer } from '../kernel/routine.js';
import { MAP_PRIVATE } from '../kernel/uapi.js';
import { bootKernel, booting } from '../run/boot.js';
import { changes, frameName, snapshot } from '../run/changes.js';
import { pictureOf } from '../run/picture/index.js';
import { processName } from '../run/picture/names.js';
import { threadName } from '../run/witness.js';
import { room } from './available.js';
import { breaches, cause, mistake, type Breach, type LastStep } from './breaches.js';
import { invariantOf, type Broken } from './broken.js';
import { counterexample } from './counterexample.js';
import { Kind } from './operations.js';
import type { Renaming } from './rest.js';
import type { Subject } from './subject.js';
import { statement, type Deed } from './text.js';
import type { Blame, VerifyStep, Violation } from './types.js';
import type { Listener } from './user.js';
import { Walker } from './walker.js';

class Listening implements Tracer {
  calls: string[] = [];
  events: string[] = [];

  enter(_k: Kernel, _r: Routine): void {}

  note(text: string): void {
    (/^[a-z_]/.test(text) ? this.calls : this.events).push(text);
  }
}

/** Makes the path to `broken` again on a kernel of its own. */
export function explain(
  subject: Subject,
  caps: Capacities,
  search: Search,
  broken: Broken,
  manner: Renaming,
): Violation {
  const c = subject.compiled;
  const k = bootKernel(c, caps);
  const walker = new Walker(subject, k, caps, search, broken.id, manner);
  const deeds: Deed[] = [];
  const start = pictureOf(c, k);
  const steps: VerifyStep[] = [];
  const broke: (Breach & { readonly step: number })[] = [];
  const listener: Listener = {
    begins: (thread, operation) => {
      const { kind, b } = operation;
      const pages = kind === Kind.Mmap ? b : kind === Kind.Grow && b !== 0 ? 2 : 0;
      const place = pages > 0 ? room(k, k.currentProc, pages) : -1;
      deeds.push({ thread, operation, place, result: undefined });
    },
    ends: (thread, result) => {
      const last = deeds.findLast((d) => d.thread === thread);
      if (last !== undefined) last.result = result;
    },
  };
  walker.listener = listener;
  let calls: readonly string[] = [];
  while (walker.more) {
    const move = walker.next;
    const tracer = new Listening();
    const before = snapshot(k);
    const boot = booting(k);
    const known = deeds.length;
    k.tracer = tracer;
    walker.step();
    calls = tracer.calls;
    const deed = deeds.slice(known).find((d) => d.thread === move);
    const kind = boot ? undefined : deeds.findLast((d) => d.thread === move)?.operation.kind;
    const fallen = breaches(k, subject.access, { before, calls: tracer.calls, kind });
    broke.push(...fallen.map((one) => ({ ...one, step: steps.length + 1 })));
    const changed = [...changes(k, before), ...tracer.events];
    if (!boot && deed === undefined && changed.length === 0 && fallen.length === 0) continue;
    const thread = boot ? 'module_init' : threadName(c, k, move);
    steps.push({
      thread,
      operation: boot ? '' : deed === undefined ? '(goes on)' : statement(c, deed),
      changes: changed,
      rules: fallen.flatMap(({ rule }) => rule ?? []),
      picture: pictureOf(c, k),
    });
  }
  k.tracer = undefined;
  const { id, statement: text } = invariantOf(broken);
  const checker = new InvariantChecker(k, subject.access);
  const same = checker.check() === broken.invariant;
  const here: Broken = same
    ? { ...broken, proc: checker.proc, page: checker.page, pfn: checker.pfn }
    : broken;
  const first = cause(broke, id);
  const own =
    first === undefined ? mistake(k, id, here.pfn, { calls, ...lastMmap(deeds.at(-1)) }) : undefined;
  const blame: Blame | undefined = own === undefined ? first : { ...own, step: steps.length };
  const litmus = counterexample(subject, k, here, deeds, id);
  return {
    invariant: id,
    statement: text,
    where: where(k, here),
    at: place(k, here),
    ...(blame === undefined ? {} : { blame }),
    start,
    steps,
    ...(litmus === undefined ? {} : { litmus }),
  };
}

/** What the last step was, if it was mmap(). */
function lastMmap(deed: Deed | undefined): Pick<LastStep, 'isPrivate' | 'refused'> {
  const { operation, result = 0 } = deed ?? {};
  return { isPrivate: operation?.d === MAP_PRIVATE, refused: isErrno(result) };
}

/** The place of a broken invariant in a picture. */
function place(k: Kernel, { proc, page, pfn }: Broken): Violation['at'] {
  return {
    ...(proc >= 0 ? { process: processName(k, proc) } : {}),
    ...(page >= 0 ? { page } : {}),
    ...(pfn >= 0 ? { frame: frameName(k, pfn) } : {}),
  };
}

/** Where a broken invariant shows. */
function where(k: Kernel, { proc, page, pfn }: Broken): string {
  const { w } = k;
  if (w[HEAD.FROZEN] === Freeze.Bug) return `BUG in ${k.program.apiNames[w[HEAD.FROZEN_ID]!]}()`;
  if (w[HEAD.FROZEN] === Freeze.Undefined) return `undefined(${UNDEFINED_IDS[w[HEAD.FROZEN_ID]!]})`;
  const parts: string[] = [];
  if (pfn >= 0) parts.push(`frame ${frameName(k, pfn)}`);
  if (page >= 0) parts.push(`page ${page}`);
  if (proc >= 0) parts.push(`process ${proc}`);
  return parts.join(', ');
}
