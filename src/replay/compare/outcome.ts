/**
 * Outcomes of machines in the model's words. A machine prints a frame as `REGION+k`; with the model's pfn in its place the outcome reads, and
 * the condition evaluates, exactly as the model's own.
 */
import type { MemoryType } from '../../kernel/pte.js';
import { KERNEL_FLAGS } from '../../kernel/flags.js';
import { ERRNO } from '../../kernel/errno.js';
import type { MemoryMap } from '../../kernel/memmap.js';
import { UAPI_CONSTANTS } from '../../kernel/uapi.js';
import type { LitmusTest, Term } from '../../litmus/ast.js';
import { observables, registerName, type Observable } from '../../litmus/observables.js';
import { USUAL_PTRS } from '../../litmus/region-size.js';
import { defaultCondition } from '../../run/invariants.js';
import { holds } from '../../run/proposition.js';
import type { Outcome } from '../../run/result.js';
import { MACHINE_PTRS } from '../translate/sizes.js';
import {
  arithmetic,
  DEAD,
  frameValue,
  integer,
  negated,
  NONE,
  NULL,
  special,
  printValue,
  type Value,
} from '../../run/value.js';

/** Where the arena seems to lie: no address is ever printed. */
const ARENA = 1n << 60n;

/**
 * One outcome that a machine printed.
 * @returns undefined if the test's filter drops it
 */
export function machineOutcome(text: string, test: LitmusTest, mem: MemoryMap): Outcome | undefined {
  const { prop } = test.condition ?? defaultCondition();
  const seen = observables([test.filter, prop]);
  const raw = new Map(
    text
      .split(';')
      .filter((part) => part !== '')
      .map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const),
  );
  const frames = new Frames(text, mem);
  const values = new Map<string, Value>();
  const shown = new Map<string, Value>();
  for (const { register } of seen) {
    values.set(register, machineValue(raw.get(register), frames.pfn));
    shown.set(register, machineValue(raw.get(register), frames.shown));
  }
  const look = lookup(values, seen, mem, test);
  if (test.filter !== undefined && !holds(test.filter, look)) return undefined;
  return printed(seen, shown, mem, holds(prop, look));
}

function printed(
  seen: readonly Observable[],
  values: ReadonlyMap<string, Value>,
  mem: MemoryMap,
  positive: boolean,
) {
  const texts: Record<string, string> = {};
  const comments: string[] = [];
  for (const { register } of seen) {
    const { text, comment } = printValue(values.get(register)!, mem);
    texts[register] = text;
    if (comment !== undefined) comments.push(comment);
  }
  const words = seen.map(({ register }) => `${register}=${texts[register]};`).join(' ');
  const tail = comments.length === 0 ? '' : ` # ${comments.join(', ')}`;
  return { text: words + tail, values: texts, positive };
}

/** pfns of the model for frames of the machine. */
class Frames {
  /** Frames of `ram` that the outcome does not name: they stand for those that came from elsewhere. */
  readonly #free: number[];

  constructor(
    text: string,
    readonly mem: MemoryMap,
  ) {
    this.#free = mem.regions.flatMap((r) =>
      r.kind === 'ram'
        ? Array.from({ length: r.pages }, (_, i) => i)
            .filter((i) => !text.includes(`${r.name}+${i};`))
            .map((i) => r.pfn + i)
        : [],
    );
  }

  readonly pfn = (name: string): bigint => {
    if (name === 'zero') return BigInt(this.mem.zeroPfn);
    const foreign = /^\?(\d+)$/.exec(name)?.[1];
    // numbers far beyond all regions where there is no frame left
    if (foreign !== undefined) return BigInt(this.#free[Number(foreign)] ?? 2 ** 40 + Number(foreign));
    const place = this.#place(name);
    return place === undefined ? BigInt(name) : BigInt(place.region.pfn + place.k);
  };

  /** The same as the model prints it: a region of so many tables of the machine has as many of the model's, which are smaller. */
  readonly shown = (name: string): bigint => {
    const place = this.#place(name);
    if (place === undefined || place.k < place.region.pages) return this.pfn(name);
    const [tables, entry] = [Math.floor(place.k / MACHINE_PTRS), place.k % MACHINE_PTRS];
    return BigInt(place.region.pfn + tables * USUAL_PTRS + entry);
  };

  /** What `REGION+k` says; undefined for other names. */
  #place(name: string) {
    const [, region, k] = /^(\w+)\+(\d+)$/.exec(name) ?? [];
    if (region === undefined) return undefined;
    return { region: this.mem.regions.find((r) => r.name === region)!, k: Number(k) };
  }
}

function machineValue(raw: string | undefined, pfn: (name: string) => bigint): Value {
  if (raw === undefined || raw === 'none') return NONE;
  if (raw === 'dead') return DEAD;
  if (raw === 'null') return NULL;
  const rest = raw.slice(2);
  switch (raw[0]) {
    case 'f':
      return frameValue(pfn(rest));
    case 't':
      return special(rest as MemoryType);
    case 'r':
      return integer(pfn(rest));
    case 'a':
      return { kind: 'address', n: rest.startsWith('@') ? ARENA + BigInt(rest.slice(1)) : BigInt(rest) };
    default:
      return integer(BigInt(rest));
  }
}

function lookup(
  values: ReadonlyMap<string, Value>,
  seen: readonly Observable[],
  mem: MemoryMap,
  test: LitmusTest,
) {
  const register = (name: string): Value => values.get(name) ?? NONE;
  const term = (t: Term): Value => {
    switch (t.kind) {
      case 'integer':
        return integer(t.value);
      case 'special':
        return special(t.value);
      case 'region':
        return frameValue(regionPfn(t.name, mem, test));
      case 'constant':
        return integer(constant(t.name));
      case 'arena':
        return { kind: 'address', n: ARENA };
      case 'negate':
        return negated(term(t.arg));
      case 'binary':
        return arithmetic(t.op, term(t.left), term(t.right));
      default:
        return register(registerName(t));
    }
  };
  void seen;
  return {
    term,
    truth: (t: Parameters<typeof registerName>[0], flag?: string): Value =>
      register(flag === undefined ? registerName(t) : `${registerName(t)}.${flag}`),
  };
}

function regionPfn(name: string, mem: MemoryMap, test: LitmusTest): number {
  const resource = test.memory.resources.find((r) => r.name === name);
  return mem.regions.find((r) => r.name === (resource?.region ?? name))!.pfn + (resource?.first ?? 0);
}

function constant(name: string): number {
  const own: Readonly<Record<string, number>> = {
    PAGE_SIZE: 4096,
    PAGE_SHIFT: 12,
    PMD_SIZE: 4096 * MACHINE_PTRS,
    PUD_SIZE: 4096 * MACHINE_PTRS * MACHINE_PTRS,
    PTRS_PER_PTE: MACHINE_PTRS,
    PTRS_PER_PMD: MACHINE_PTRS,
  };
  return (
    own[name] ??
    (ERRNO as Readonly<Record<string, number>>)[name] ??
    UAPI_CONSTANTS[name] ??
    KERNEL_FLAGS[name]!
  );
}
