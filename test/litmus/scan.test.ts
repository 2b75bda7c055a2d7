import { describe, expect, test } from 'vitest';
import { DiagnosticSink } from '../../src/c/diagnostics.js';
import { cut } from '../../src/litmus/scan.js';
import { sample } from '../../src/litmus/codes/sample.js';
import { codes, diagnose, parse, source } from './diagnose.js';

/** The parts of a text as text, and the codes of what is wrong between them. */
function parts(text: string) {
  const sink = new DiagnosticSink(source(text));
  const found = cut(source(text), sink);
  const slice = (s: { start: number; end: number }): string => text.slice(s.start, s.end).trim();
  return {
    name: found.name,
    comments: found.comments.map(slice),
    memory: found.memory && slice(found.memory),
    driver: slice(found.driver),
    threads: found.threads.map((t) => slice(t.span)),
    condition: found.condition && slice(found.condition),
    codes: sink.diagnostics.map((d) => d.code),
  };
}

const P0 = 'P0()\n{\n\tint x = 0;\n}';
const P1 = 'P1()\n{\n\tint y = 0;\n}';

describe('the parts of a test', () => {
  test('are found', () => {
    const driver = 'static int state = 1;\nstatic void f(void)\n{\n\tstate++;\n}';
    const text = sample({
      first: 'C a-b.c+d',
      header: '(* one *)\n(* (* two *) *)',
      driver,
      threads: `${P0}\n\n${P1}`,
      clause: 'filter true\nexists (0:x = 0)',
    });
    expect(parts(text)).toEqual({
      name: 'a-b.c+d',
      comments: ['(* one *)', '(* (* two *) *)'],
      memory: '{ ram pool = 4 pages; }',
      driver,
      threads: [P0, P1],
      condition: 'filter true\nexists (0:x = 0)',
      codes: [],
    });
  });

  test.each([
    ['strings', 'static char *s = "}\\" P0() { exists";'],
    ['characters', "static char c = '}';"],
    ['comments', '/* P0() {\nexists (1) */ // forall {\nstatic int y;'],
    ['preprocessor lines', '#define OPEN \\\n\t{\nstatic int y;'],
    ['initialisers', 'static struct s t = {\n\t.a = { 1 },\n};'],
    ['definitions of types', 'struct s {\n\tint P0;\n} filter, *exists;'],
    [
      'names like those of conditions',
      'static int exists;\nstatic int\nforall(int x)\n{\n\treturn x;\n}\nstatic int filter = 1;',
    ],
    ['calls of something like a thread', 'static void f(void)\n{\n\tP0();\n}\nstatic int P0(int x);'],
  ])('are not confused by %s', (_, driver) => {
    expect(parts(sample({ driver }))).toMatchObject({
      driver,
      threads: [P0],
      condition: 'exists (0:x = 0)',
      codes: [],
    });
  });

  test.each(['exists 0:x = 0', '~exists (0:x = 0)', 'forall(0:x=0)', 'filter (0:x = 0) exists (0:x = 1)'])(
    'end with the condition %s',
    (clause) => {
      expect(parts(sample({ clause })).condition).toBe(clause);
      expect(codes(sample({ clause }))).toEqual([]);
    },
  );

  test('survive an unclosed function', () => {
    const driver = 'static int f(void)\n{\n\tif (1) {\n\t\treturn 1;\n}';
    const text = sample({
      driver,
      threads: 'P0()\n{\n\tif (1) {\n\tint x = 0;\n}\nP1()\n{\n\tint y = 0;\n}',
    });
    expect(parts(text)).toMatchObject({
      driver,
      threads: ['P0()\n{\n\tif (1) {\n\tint x = 0;\n}', P1],
      codes: [],
    });
    expect(codes(text)).toEqual(['PFN1004', 'PFN1004']);
  });

  test('survive an unclosed string and an unclosed comment', () => {
    expect(parts(sample({ driver: 'static char *s = "abc;\nstatic int y;' })).threads).toEqual([P0]);
    expect(codes(sample({ driver: 'static char *s = "abc;\nstatic int y;' }))).toEqual(['PFN1005']);
    expect(codes(sample({ threads: `${P0}\nP1()\n{\n\tint x; /* open\n}` }))).toContain('PFN1005');
  });
});

describe('the first lines', () => {
  test.each([
    ['', 'PFN2001'],
    ['\n\n', 'PFN2001'],
    ['C\n{ }', 'PFN2001'],
    ['C(x)\n{ }', 'PFN2001'],
    ['#include <x>\n{ }', 'PFN2001'],
    ['C 1st', 'PFN2002'],
    ['X86 SB', 'PFN2005'],
    ['C t', 'PFN2010'],
    ['C t\n{', 'PFN2011'],
    ['C t\n(* open', 'PFN2003'],
    ['C t\n// comment\n{ }', 'PFN2004'],
    ['C t\n"a doc string"\n{ }', 'PFN2004'],
  ])('%j', (text, code) => {
    expect(codes(text)[0]).toBe(code);
  });

  test('windows line ends and leading blank lines are no mistake', () => {
    expect(codes(`\n\n${sample({})}`.replaceAll('\n', '\r\n'))).toEqual([]);
    expect(parse(`\n\n${sample({})}`).name).toBe('example');
  });
});

describe('threads', () => {
  test('may have (void)', () => {
    expect(codes(sample({ threads: P0.replace('()', ' (void) ') }))).toEqual([]);
  });

  test('have no return type, first or later', () => {
    expect(codes(sample({ threads: `static int ${P0}\nvoid ${P1}` }))).toEqual(['PFN2033', 'PFN2033']);
  });

  test('are consecutive', () => {
    expect(codes(sample({ threads: P1, clause: '' }))).toEqual(['PFN2031']);
    expect(codes(sample({ threads: `${P1}\n${P0}` }))).toEqual(['PFN2031', 'PFN2031']);
  });

  test('are followed by nothing else', () => {
    const found = diagnose(
      sample({ threads: `${P0}\nstatic int f(void)\n{\n\treturn 1;\n}\nstatic int g;\n${P1}` }),
    );
    expect(found.map((d) => d.code)).toEqual(['PFN2034', 'PFN2034']);
  });

  test('shadow no names', () => {
    expect(codes(sample({ driver: 'static int pool;' }))).toEqual(['PFN2064']);
    expect(codes(sample({ driver: 'static DEFINE_MUTEX(pool);' }))).toEqual(['PFN2064']);
    expect(codes(sample({ threads: P0.replace('}', '\tfor (int pool = 0;;) ;\n}') }))).toEqual(['PFN2064']);
  });
});
