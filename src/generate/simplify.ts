/** Simpler tests: what is left of a record when something is taken away. */
import { FIELD_NAMES, FIELDS, type Operation, OPERATIONS, type TestRecord } from './record.js';
import { isValid } from './valid.js';

/** Records that are simpler in one thing, those that lose most first: an operation, then a field, then an argument. */
export function simpler(record: TestRecord): TestRecord[] {
  const fewer = record.ops.map((_, k) => ({ ...record, ops: record.ops.filter((__, i) => i !== k) }));
  const fields = FIELD_NAMES.flatMap((f) => {
    const values = FIELDS[f] as readonly string[];
    return values
      .slice(0, values.indexOf(record[f]))
      .map((value) => ({ ...record, [f]: value }) as TestRecord);
  });
  const args = record.ops.flatMap((op, k) => {
    const values = OPERATIONS[op.name] as readonly string[];
    return values.slice(0, values.indexOf(op.arg)).map((arg) => ({
      ...record,
      ops: record.ops.map((other, i) => (i === k ? ({ name: op.name, arg } as Operation) : other)),
    }));
  });
  return [...fewer, ...fields, ...args].filter(isValid);
}

/** Of records that are each simpler than `record`, all that they simplify at once. */
export function together(record: TestRecord, steps: readonly TestRecord[]): TestRecord | undefined {
  const dropped = new Set<Operation>();
  const merged: Record<string, unknown> = { ...record };
  const args = new Map<Operation, Operation>();
  for (const step of steps) {
    for (const f of FIELD_NAMES) if (step[f] !== record[f] && merged[f] === record[f]) merged[f] = step[f];
    if (step.ops.length < record.ops.length) dropped.add(record.ops.find((op) => !step.ops.includes(op))!);
    else
      step.ops.forEach(
        (op, k) => op !== record.ops[k] && !args.has(record.ops[k]!) && args.set(record.ops[k]!, op),
      );
  }
  const ops = record.ops.filter((op) => !dropped.has(op)).map((op) => args.get(op) ?? op);
  const all = { ...merged, ops } as unknown as TestRecord;
  return isValid(all) ? all : undefined;
}

/** Whether each of some records still shows what is looked for. */
export type Oracle = (records: readonly TestRecord[]) => Promise<readonly boolean[]>;

/**
 * Simplifies a record as long as it still shows what is looked for: no single step makes the result simpler. All steps are asked about at once,
 * because the oracle boots a machine.
 */
export async function minimise(record: TestRecord, shows: Oracle): Promise<TestRecord> {
  for (let current = record; ;) {
    const steps = simpler(current);
    const answers = await shows(steps);
    const good = steps.filter((_, i) => answers[i]);
    if (good.length === 0) return current;
    const all = good.length > 1 ? together(current, good) : undefined;
    const [works] = all === undefined ? [false] : await shows([all]);
    current = works === true ? all! : good[0]!;
  }
}
