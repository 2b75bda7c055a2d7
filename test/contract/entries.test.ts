import { describe, expect, test } from 'vitest';
import { CONTRACT_IDS, ENTRIES, isRule, RULES, ruleNamed, SECTIONS } from '../../src/contract/index.js';
import { DiagnosticSink } from '../../src/c/diagnostics.js';
import { parseSelector } from '../../src/litmus/selector-parse.js';
import { select } from '../../src/litmus/selector.js';
import { CONFIGURATIONS, TRAIT_NAMES } from '../../src/run/index.js';

/** F-1 is F-1a and F-1b. */
const RULE_NUMBERS = ['1a', '1b', ...Array.from({ length: 42 }, (_, i) => String(i + 2))];

describe('ids', () => {
  test('are unique, and one line can hold them', () => {
    expect(CONTRACT_IDS.size).toBe(ENTRIES.length);
    expect(ENTRIES.map(({ id }) => id).filter((id) => !/^[A-Z](\.[0-9A-Z]+)?-[\w.-]*\w$/.test(id))).toEqual(
      [],
    );
  });

  test('begin with the id of their section', () => {
    for (const { id, entries } of SECTIONS) {
      expect(entries.filter((entry) => !entry.id.startsWith(`${id}-`))).toEqual([]);
    }
  });

  test('of rules are F-1a to F-43', () => {
    expect(RULES.map(({ id }) => id)).toEqual(RULE_NUMBERS.map((number) => `F-${number}`));
    expect(ENTRIES.filter(({ id }) => isRule(id))).toEqual(RULES);
    expect(ruleNamed('F-1b')?.owes).toEqual(['driver']);
    expect(ruleNamed('H-9')).toBeUndefined();
  });
});

describe('statements', () => {
  test('are sentences that say where they stand', () => {
    const wrong = ENTRIES.filter(
      ({ statement, source }) => !/^[\w"/>-].*\.$/s.test(statement) || !/[./]|see the row/.test(source),
    );
    expect(wrong).toEqual([]);
  });

  test('that hold somewhere only say it as tests do', () => {
    const known = new Set<string>([...TRAIT_NAMES, ...CONFIGURATIONS.map(({ arch }) => arch)]);
    for (const { id, on } of ENTRIES) {
      if (on === undefined) continue;
      const sink = new DiagnosticSink({ file: id, text: on });
      const selector = parseSelector(on, { start: 0, end: on.length }, sink);
      expect(sink.diagnostics, id).toEqual([]);
      const names = selector!.items.flatMap((item) => (item.kind === 'name' ? [item.name] : []));
      expect(
        names.filter((name) => !known.has(name)),
        id,
      ).toEqual([]);
      const selected = select(selector, CONFIGURATIONS).length;
      expect(selected, id).toBeGreaterThan(0);
      expect(selected, id).toBeLessThan(CONFIGURATIONS.length);
    }
  });
});
