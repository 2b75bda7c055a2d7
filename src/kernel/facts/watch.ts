import { FACT_NAMES, type FactName, type Facts } from '../facts.js';

/** Facts that remember which of them were asked: what was not asked cannot have made a difference. */
export interface WatchedFacts {
  /** To be used as any facts. */
  readonly facts: Facts;
  /** The facts asked so far. */
  asked(): FactName[];
}

/** Values and marks by a fact's place in FACT_NAMES; the facts themselves are getters of the prototype. */
class Watch {
  readonly values: (boolean | number)[];
  readonly marks = new Uint8Array(FACT_NAMES.length);

  constructor(facts: Facts) {
    this.values = FACT_NAMES.map((name) => facts[name]);
  }
}

FACT_NAMES.forEach((name, i) => {
  Object.defineProperty(Watch.prototype, name, {
    get(this: Watch): boolean | number {
      this.marks[i] = 1;
      return this.values[i]!;
    },
  });
});

/** Watches some facts. All watched facts are of one shape, so that code that asks them is compiled once. */
export function watchFacts(facts: Facts): WatchedFacts {
  const watch = new Watch(facts);
  return {
    facts: watch as unknown as Facts,
    asked: () => FACT_NAMES.filter((_, i) => watch.marks[i] === 1),
  };
}
