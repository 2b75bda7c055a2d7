/** Resolves what begins with a name: variables, attributes, observers, regions, globals and constants. */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { didYouMean } from '../c/suggest.js';
import { MEMORY_TYPES } from '../kernel/pte.js';
import type { ObserverTerm, ProcessPath, Term } from './ast.js';
import type { RawExpression, RawPath } from './expression.js';
import { CONSTANT_NAMES, REPORTING_NAMES, SPECIAL_NAMES, UNDEFINED_NAMES } from './names.js';
import { ACTING_CALLS, ATTRIBUTES, findObserver, isAttribute, OBSERVERS } from './observers.js';
import type { ObserverDoc } from './observers.js';
import type { Scope, ThreadScope } from './scope.js';

const ATTRIBUTE_NAMES = ATTRIBUTES.map((a) => a.name);

interface AddressContext {
  readonly process: ProcessPath;
  readonly variables: ThreadScope | undefined;
}

export class PathResolver {
  /** The process whose variables an address expression names; undefined outside of one. */
  #address: AddressContext | undefined;

  constructor(
    readonly scope: Scope,
    readonly text: string,
    readonly sink: DiagnosticSink,
    /** Resolves an operand, coming back here for the names in it. */
    readonly term: (raw: RawExpression) => Term | undefined,
  ) {}

  resolve(raw: RawPath): Term | undefined {
    if (this.#address) return this.#inAddress(raw, this.#address);
    if (!raw.thread) return raw.args ? this.#call(raw, undefined) : this.#name(raw);
    const process = this.#process(raw, raw.thread);
    if (!process) return undefined;
    return raw.args ? this.#call(raw, process) : this.#ofProcess(raw, process);
  }

  #slice(span: Span): string {
    return this.text.slice(span.start, span.end);
  }

  /** The process that `0:c1.c2.` names; checks that the thread exists, and that it can have children. */
  #process(raw: RawPath, thread: { index: number; span: Span }): ProcessPath | undefined {
    const { threads } = this.scope;
    if (!threads.has(thread.index)) {
      const known = [...threads.keys()].sort((a, b) => a - b);
      this.sink.error('PFN2050', `there is no thread P${this.#slice(thread.span)}`, thread.span, {
        ...(known.length > 0 ? { expected: known.map((k) => `\`${k}:\``).join(', ') } : {}),
      });
      return undefined;
    }
    const children: number[] = [];
    for (const segment of raw.segments.slice(0, -1)) {
      const child = /^c([1-9][0-9]{0,3})$/.exec(segment.name)?.[1];
      if (child === undefined) {
        this.sink.error('PFN2062', `\`${segment.name}\` is not a child`, segment.span, {
          expected: '`c1` for the first child, `c2` for the second',
        });
        return undefined;
      }
      children.push(Number(child));
    }
    const last = raw.segments[raw.segments.length - 1];
    const scope = threads.get(thread.index);
    if (children.length > 0 && scope && !scope.forks) {
      this.sink.error('PFN2062', `P${thread.index} never forks, so it has no children`, raw.segments[0].span);
      return undefined;
    }
    return { thread: thread.index, children, span: { start: raw.span.start, end: last.span.start } };
  }

  /** `0:x`, `0:c1.x`, `0:signal`. */
  #ofProcess(raw: RawPath, process: ProcessPath): Term | undefined {
    const { name, span } = raw.segments[raw.segments.length - 1];
    if (raw.selectors.some((s) => typeof s === 'number')) {
      this.sink.error('PFN2069', 'elements of a variable of a thread cannot be named', raw.span, {
        suggestion: 'copy the element to a variable of its own in the thread',
      });
      return undefined;
    }
    const variables = this.scope.threads.get(process.thread);
    if (variables?.variables.has(name)) {
      return this.#unambiguous(name, span, variables)
        ? { kind: 'variable', process, name, span: raw.span }
        : undefined;
    }
    if (isAttribute(name)) return { kind: 'attribute', process, name, span: raw.span };
    const observer = findObserver(name);
    if (observer) return this.#wrongArity(observer, raw.span);
    if (!variables) return undefined;
    this.#unknownVariable(name, span, process.thread, variables, ATTRIBUTE_NAMES);
    return undefined;
  }

  #unknownVariable(
    name: string,
    span: Span,
    thread: number,
    { variables }: ThreadScope,
    others: readonly string[] = [],
  ): void {
    const names = [...variables.keys()];
    const meant = this.#meant(name, thread, [...names, ...others]);
    const expected =
      names.length > 0 && meant.suggestion === undefined ? { expected: backquoted(names) } : {};
    this.sink.error('PFN2051', `P${thread} has no variable \`${name}\``, span, { ...expected, ...meant });
  }

  #meant(name: string, thread: number, candidates: readonly string[]): { suggestion?: string } {
    const near = didYouMean(name, candidates);
    if (near.suggestion !== undefined) return near;
    const other = [...this.scope.threads].find(([k, t]) => k !== thread && t?.variables.has(name));
    if (other) return { suggestion: `P${other[0]} has one: \`${other[0]}:${name}\`` };
    return this.scope.globals.has(name)
      ? { suggestion: `the driver has a global of this name: \`${name}\`` }
      : {};
  }

  #unambiguous(name: string, span: Span, thread: ThreadScope): boolean {
    const declarations = thread.variables.get(name) ?? [];
    if (declarations.length < 2) return true;
    this.sink.error('PFN2052', `P${thread.index} declares \`${name}\` more than once`, span, {
      suggestion: 'give one of them another name',
      notes: declarations.slice(0, 2).map((d) => ({ message: 'declared here', span: d.nameSpan })),
    });
    return false;
  }

  /** A name without a thread and without parentheses. */
  #name(raw: RawPath): Term | undefined {
    const [{ name }] = raw.segments;
    if (this.scope.globals.has(name)) return { kind: 'global', name, path: raw.selectors, span: raw.span };
    if (raw.selectors.length === 0) {
      const special = SPECIAL_NAMES.find((s) => s === name);
      if (special) return { kind: 'special', value: special, span: raw.span };
      if (this.scope.regions.has(name)) return { kind: 'region', name, span: raw.span };
      if (this.scope.constants.has(name)) return this.#driverConstant(name, raw.span);
      if (CONSTANT_NAMES.has(name)) return { kind: 'constant', name, span: raw.span };
      const type = MEMORY_TYPES.find((t) => t === name);
      if (type) return { kind: 'special', value: type, span: raw.span };
    }
    this.#unknownName(name, raw);
    return undefined;
  }

  #driverConstant(name: string, span: Span): Term | undefined {
    const value = this.scope.constants.get(name);
    if (value !== undefined) return { kind: 'integer', value, hex: false, name, span };
    this.sink.error('PFN2057', `the value of the macro \`${name}\` is not a constant integer`, span);
    return undefined;
  }

  #unknownName(name: string, raw: RawPath): void {
    const { span } = raw.segments[0];
    const thread = [...this.scope.threads].find(([, t]) => t?.variables.has(name))?.[0];
    if (isAttribute(name) || thread !== undefined) {
      const example = `${thread ?? 0}:${name}`;
      const what = isAttribute(name) ? 'is kept for each process' : 'is a variable of a thread';
      this.sink.error('PFN2055', `\`${name}\` ${what}`, span, { suggestion: `write \`${example}\`` });
      return;
    }
    const observer = findObserver(name);
    if (observer) {
      this.#wrongArity(observer, raw.span);
      return;
    }
    // an unparsed driver may have declared it
    if (!this.scope.driverKnown) return;
    const { regions, globals, constants } = this.scope;
    const candidates = [
      ...regions,
      ...globals,
      ...constants.keys(),
      ...SPECIAL_NAMES,
      ...CONSTANT_NAMES,
      ...MEMORY_TYPES,
    ];
    this.sink.error('PFN2057', `\`${name}\` is not a region, a global of the driver or a constant`, span, {
      ...didYouMean(name, candidates),
    });
  }

  /** An observer with its argument. */
  #call(raw: RawPath, process: ProcessPath | undefined): ObserverTerm | undefined {
    const { name, span } = raw.segments[raw.segments.length - 1];
    const args = raw.args!;
    const observer = findObserver(name);
    if (!observer) {
      this.#notAnObserver(name, span);
      return undefined;
    }
    if (!this.#checkScope(observer, raw, process)) return undefined;
    if (args.length !== (observer.takes === 'nothing' ? 0 : 1)) return this.#wrongArity(observer, raw.span);
    const base = { kind: 'observer' as const, observer: observer.name, span: raw.span };
    switch (observer.takes) {
      case 'nothing':
        return base;
      case 'name':
        return this.#withName(base, args[0]);
      case 'frame': {
        const argument = this.#frame(args[0]);
        return argument && { ...base, argument };
      }
      case 'address': {
        const argument = this.#addressOf(args[0], process!);
        return argument && { ...base, process: process!, argument };
      }
    }
  }

  #notAnObserver(name: string, span: Span): void {
    if (ACTING_CALLS.includes(name)) {
      this.sink.error(
        'PFN2056',
        `\`${name}\` faults, pins or splits: it cannot be asked in a condition`,
        span,
        {
          suggestion: `call it in a thread, \`r = ${name}(...)\`, and ask for the variable`,
        },
      );
    } else if (isAttribute(name)) {
      this.sink.error('PFN2054', `\`${name}\` takes no parentheses`, span, {
        suggestion: `write \`0:${name}\``,
      });
    } else {
      this.sink.error('PFN2053', `there is no observer \`${name}\``, span, {
        ...didYouMean(
          name,
          OBSERVERS.map((o) => o.name),
        ),
      });
    }
  }

  #checkScope(observer: ObserverDoc, raw: RawPath, process: ProcessPath | undefined): boolean {
    const call = this.#slice({ start: raw.segments[raw.segments.length - 1].span.start, end: raw.span.end });
    if (observer.scope === 'process' && !process) {
      this.sink.error('PFN2055', `\`${observer.name}\` is asked of a process`, raw.span, {
        suggestion: `write \`0:${call}\``,
      });
      return false;
    }
    if (observer.scope === 'system' && process) {
      this.sink.error('PFN2055', `\`${observer.name}\` is not asked of a process`, raw.span, {
        suggestion: `write \`${call}\``,
      });
      return false;
    }
    return true;
  }

  #wrongArity(observer: ObserverDoc, span: Span): undefined {
    const takes = {
      address: 'one address expression',
      frame: 'one frame expression',
      name: 'one name',
      nothing: 'nothing',
    };
    const written = {
      address: `P:${observer.name}(p)`,
      frame: `${observer.name}(n)`,
      name: `${observer.name}(NAME)`,
      nothing: `${observer.name}()`,
    };
    this.sink.error(
      'PFN2054',
      `\`${observer.name}\` takes ${takes[observer.takes]} between parentheses`,
      span,
      {
        expected: `\`${written[observer.takes]}\``,
      },
    );
    return undefined;
  }

  /** `bug(vmf_insert_pfn)`, `undefined(use_after_free)`. */
  #withName(base: ObserverTerm, raw: RawExpression): ObserverTerm | undefined {
    if (raw.kind === 'error') return undefined;
    const name = this.#slice(raw.span);
    const ids = base.observer === 'undefined';
    const known = ids ? UNDEFINED_NAMES : REPORTING_NAMES;
    if (known.includes(name)) return { ...base, name };
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) {
      this.sink.error('PFN2060', `\`${base.observer}\` takes a name`, raw.span, {
        expected: ids
          ? 'the identifier of an undefined behaviour'
          : 'the kernel function that was called, such as `vmf_insert_pfn`',
      });
      return undefined;
    }
    const what = ids ? 'undefined behaviour' : 'kernel function or system call';
    this.sink.error('PFN2063', `there is no ${what} \`${name}\``, raw.span, {
      ...(ids ? { expected: backquoted(known) } : {}),
      ...didYouMean(name, known),
    });
    return undefined;
  }

  /** Region names, integers, constants, globals, variables, frames that observers give, and sums of them. */
  #frame(raw: RawExpression): Term | undefined {
    const term = this.term(raw);
    if (
      term?.kind !== 'special' &&
      !(term?.kind === 'observer' && findObserver(term.observer)?.value !== 'frame')
    )
      return term;
    this.sink.error('PFN2060', `\`${this.#slice(raw.span)}\` is not a frame`, raw.span, {
      expected: 'a frame such as `buf`, `buf + 1` or `0:pfn(p)`',
    });
    return undefined;
  }

  #addressOf(raw: RawExpression, process: ProcessPath): Term | undefined {
    this.#address = { process, variables: this.scope.threads.get(process.thread) };
    const before = this.sink.count;
    const term = this.term(raw);
    this.#address = undefined;
    if (!term || this.sink.count > before || mentionsAddress(term)) return term;
    this.#reportAddress(raw.span, process);
    return undefined;
  }

  #reportAddress(span: Span, process: ProcessPath, extra: { suggestion?: string } = {}): void {
    this.sink.error('PFN2060', `\`${this.#slice(span)}\` is not an address`, span, {
      expected: `a pointer variable of P${process.thread}, such as \`p\` or \`p + PAGE_SIZE\``,
      ...extra,
    });
  }

  /** Names in `p + PAGE_SIZE`: variables of the observed process come first. */
  #inAddress(raw: RawPath, address: AddressContext): Term | undefined {
    const { process, variables } = address;
    const { name, span } = raw.segments[raw.segments.length - 1];
    const simple = !raw.args && raw.segments.length === 1 && raw.selectors.length === 0;
    if (!simple || raw.thread) {
      const suggestion =
        raw.thread && !raw.args ? { suggestion: `write \`${name}\`: the observer names the process` } : {};
      this.#reportAddress(raw.span, process, suggestion);
      return undefined;
    }
    if (variables?.variables.has(name)) {
      return this.#unambiguous(name, span, variables) ? { kind: 'variable', process, name, span } : undefined;
    }
    if (name === 'arena') return { kind: 'arena', span };
    if (this.scope.constants.has(name)) return this.#driverConstant(name, span);
    if (CONSTANT_NAMES.has(name)) return { kind: 'constant', name, span };
    if (this.scope.regions.has(name) || this.scope.globals.has(name)) this.#reportAddress(span, process);
    else if (variables) this.#unknownVariable(name, span, process.thread, variables);
    return undefined;
  }
}

function backquoted(names: readonly string[]): string {
  return names.map((n) => `\`${n}\``).join(', ');
}

function mentionsAddress(term: Term): boolean {
  switch (term.kind) {
    case 'variable':
    case 'arena':
      return true;
    case 'binary':
      return mentionsAddress(term.left) || mentionsAddress(term.right);
    default:
      return false;
  }
}
