/** Lowers a litmus test for one configuration: C becomes routines of the machine. */
import { checkDriver, checkThread } from '../../c/check/program.js';
import { DiagnosticSink, lineColumn } from '../../c/diagnostics.js';
import type { LocalVariable, TypedFunction, TypedProgram } from '../../c/typed.js';
import type { CType, DataModel } from '../../c/types.js';
import type { CFunction } from '../../kernel/routine.js';
import { API_NAMES, driverEnvironment, threadEnvironment, type EnvironmentOptions } from '../api/index.js';
import type { LitmusTest } from '../ast.js';
import { CellFinder, type Cell } from './cells.js';
import { ioctlUse } from './commands.js';
import type { CodeBuilder, CompiledFunction } from './code.js';
import type { LoweredTest, LoweredThread, LowerOptions, Variable } from './contract.js';
import { DriverEffects, loops } from './effects.js';
import { FunctionLowering } from './function.js';
import { isWide, leaves } from './layout.js';
import { initialGlobals } from './globals.js';
import { Session } from './session.js';
import { StatementLowering } from './statements.js';
import { deviceOf, handlersOf, lowerTables, numberTables } from './tables.js';

export type { LoweredTest, LoweredThread, LowerOptions, Variable } from './contract.js';

/** The machine keeps a pc in 13 bits and the size of a frame in 9. */
const MAX_INSTRUCTIONS = 8000;
const MAX_FRAME_WORDS = 500;

/**
 * Checks and compiles the C of a test.
 * @throws {DiagnosticError} with PFN1xxx (C) and PFN3xxx (what the model cannot run)
 */
export function lowerTest(test: LitmusTest, options: LowerOptions): LoweredTest {
  const sink = new DiagnosticSink(test.source);
  const model = dataModel(options);
  const frames = frameNames(test, options);
  const environmentOf = (its: DataModel): EnvironmentOptions => ({
    model: its,
    get physAddrTBits() {
      return options.facts.physAddrTBits;
    },
    ptrs: options.ptrs,
    regions: [...frames.keys()],
  });
  const kernelModel: DataModel = {
    name: model.name,
    get charSigned() {
      return options.facts.kernelCharSigned;
    },
  };
  const program = checkDriver(test.driver, driverEnvironment(environmentOf(kernelModel)), sink);
  const userSpace = threadEnvironment(environmentOf(model));
  const threads = test.threads.map((t) =>
    checkThread({ name: `P${t.index}`, body: t.body, span: t.span }, test.driver, userSpace, sink),
  );
  sink.throwIfErrors();
  const devices = program.globals.flatMap((g) => deviceOf(g) ?? []);
  const session = new Session(program, options, model, sink, devices, frames);
  return lower(test, session, threads);
}

/** The data model of threads. What only some tests need is asked by those that do: the others run the same everywhere. */
function dataModel({ facts }: LowerOptions): DataModel {
  return {
    name: facts.bitsPerLong === 64 ? 'LP64' : 'ILP32',
    get charSigned() {
      return facts.charSigned;
    },
  };
}

/** First frames of regions and resources. */
function frameNames(test: LitmusTest, { mem }: LowerOptions): Map<string, bigint> {
  const frames = new Map<string, bigint>();
  for (const r of mem.regions) if (r.kind !== 'zero') frames.set(r.name, BigInt(r.pfn));
  for (const r of test.memory.resources) {
    const base = frames.get(r.region);
    if (base !== undefined) frames.set(r.name, base + BigInt(r.first));
  }
  return frames;
}

function lower(test: LitmusTest, session: Session, threads: readonly TypedFunction[]): LoweredTest {
  const { program, sink } = session;
  for (const { type, span } of [...program.globals, ...localsOf(program, threads)])
    session.checkUnions(type, span);
  numberTables(session);
  const ioctls = new Set(
    program.globals.flatMap((g) =>
      handlersOf(g).flatMap((h) => (h.member === 'unlocked_ioctl' ? [h.name] : [])),
    ),
  );
  const finder = new CellFinder(session, ioctls);
  const cells = finder.find([...program.functions.values(), ...threads]);
  const tables = lowerTables(session);
  const lines = new Map<CFunction, CodeBuilder>();
  const lowered = threads.map((t) => lowerThread(session, t, lines));
  const moduleInit = program.init === undefined ? undefined : session.compiledFunction(program.init, true);
  for (let next = session.pending.shift(); next; next = session.pending.shift()) {
    compile(session, program.functions.get(next.source)!, next.compiled, next.handler, lines);
  }
  const globalWords = initialGlobals(session);
  sink.throwIfErrors();
  const placed = placeCells(cells);
  return {
    program: {
      functions: session.functions,
      vmOps: tables.vmOps,
      drivers: tables.drivers,
      cells: placed.cells,
      objects: session.objects(),
      apiNames: API_NAMES,
      leaves: session.leaves || tables.vmOps.some((ops) => ops?.hugeFault !== undefined),
    },
    threads: lowered,
    moduleInit,
    globals: globalVariables(session),
    globalWords,
    cellWords: placed.words,
    ioctl: ioctlUse(program, ioctls),
    touchesContents: finder.accesses > 0 || /\b(copy_from_user|get_user)\b/.test(test.source.text),
    memtypes: session.memtypes,
    effects: () => new DriverEffects(program),
    line: (fn, pc) => {
      const offset = lines.get(fn)?.offsets[pc];
      return offset === undefined ? undefined : lineColumn(test.source.text, offset).line;
    },
    starts: (fn) => lines.get(fn)?.starts ?? [],
    unused: [...program.functions.values()]
      .filter(({ name }) => !session.functions.some((fn) => !fn.user && fn.name === name))
      .map(({ nameSpan }) => nameSpan.start),
  };
}

function localsOf(program: TypedProgram, threads: readonly TypedFunction[]): readonly LocalVariable[] {
  return [...program.functions.values(), ...threads].flatMap((f) => f.locals);
}

/** A cell of 8 bytes takes two words, any other one. */
function placeCells(cells: readonly Cell[]): { cells: (Cell & { word: number })[]; words: number } {
  let words = 0;
  const placed = cells.map((c) => {
    const word = words;
    words += c.bytes === 8 ? 2 : 1;
    return { ...c, word };
  });
  return { cells: placed, words };
}

function compile(
  session: Session,
  source: TypedFunction,
  target: CompiledFunction,
  handler: boolean,
  lines: Map<CFunction, CodeBuilder>,
): FunctionLowering {
  const fn = new FunctionLowering(session, source, target.user, handler);
  session.attempt(() => new StatementLowering(fn).body());
  target.code = fn.b.code;
  target.locals = fn.objects();
  target.words = fn.b.words;
  lines.set(target, fn.b);
  if (fn.b.here > MAX_INSTRUCTIONS || fn.b.words > MAX_FRAME_WORDS) {
    session.sink.error('PFN3010', `\`${source.name}\` is too large`, source.nameSpan, {
      expected: `at most ${MAX_INSTRUCTIONS} steps and ${MAX_FRAME_WORDS} words of variables`,
    });
  }
  return fn;
}

function lowerThread(
  session: Session,
  source: TypedFunction,
  lines: Map<CFunction, CodeBuilder>,
): LoweredThread {
  const target = session.newFunction(source.name, true);
  const fn = compile(session, source, target, false, lines);
  const variables = new Map<string, Variable>();
  for (const l of source.locals) {
    // of several variables with one name, the one declared first can be observed
    if (!variables.has(l.name)) addVariables(variables, l.name, l.type, fn.slotOf(l) - 1, session.model);
  }
  const { operations } = fn.b;
  return { name: source.name, fn: target, variables, operations, loops: loops(source.body) };
}

function addVariables(
  into: Map<string, Variable>,
  name: string,
  type: CType,
  word: number,
  model: DataModel,
): void {
  for (const leaf of leaves(type, model)) {
    into.set(name + leaf.path, {
      word: word + leaf.word,
      words: isWide(leaf.type, model) ? 2 : 1,
      type: leaf.type,
    });
  }
}

function globalVariables(session: Session): Map<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const g of session.program.globals) {
    addVariables(variables, g.name, g.type, session.globalOffset(g), session.model);
  }
  return variables;
}
