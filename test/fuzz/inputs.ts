/** Inputs for the front end: tests of the corpus with mistakes in them, tests from a grammar, and noise. */
import fc from 'fast-check';

/** One change of a text. Places are fractions of its length, so that shrinking the text keeps them meaningful. */
type Edit =
  | { readonly kind: 'delete'; readonly at: number; readonly length: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'copy'; readonly at: number; readonly length: number; readonly to: number }
  | { readonly kind: 'word'; readonly at: number; readonly text: string }
  | { readonly kind: 'line'; readonly at: number; readonly to: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly text: string; readonly times: number };

/** Pieces that mean something in one of the languages of a test. */
const PIECES = [
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    ';',
    ',',
    ':',
    '.',
    '..',
    '=',
    '==',
    '!=',
    '<',
    '>',
    '<=',
    '>=',
    '<<',
    '>>',
  ],
  ...[
    '/\\',
    '\\/',
    '~',
    '!',
    '&',
    '&&',
    '|',
    '||',
    '+',
    '-',
    '*',
    '/',
    '%',
    '^',
    '?',
    '->',
    '++',
    '--',
    '+=',
    '#',
  ],
  ...['(*', '*)', '/*', '*/', '//', '"', "'", '\\', '\n', '\t', '\r\n', '\0', '\u2028', 'é', '∧', '😀'],
  ...[
    '0',
    '1',
    '-1',
    '3',
    '0x',
    '0xff',
    '08',
    '1e9',
    '0.5',
    '4294967296',
    '99999999999999999999',
    "'a'",
    '"/dev/demo"',
  ],
  ...[
    'P0',
    'P1',
    'P1()',
    'P0()\n{',
    'exists',
    '~exists',
    'forall',
    'filter',
    'locations',
    'Result: Never',
    'Only: arm',
  ],
  ...[
    'ram',
    'reserved',
    'mmio',
    'device',
    'resource',
    'option',
    'faults alloc;',
    'threads P0 P1;',
    'pages',
    'pool',
    'buf',
  ],
  ...[
    '0:',
    '0:c1.',
    'p',
    'x',
    '0:x',
    '0:pfn(p)',
    'leaked()',
    'mem(buf + 1)',
    'NULL',
    'none',
    'dead',
    '-EINVAL',
    'true',
  ],
  ...['0:vma_flags(p) & IO', 'bug(vmf_insert_pfn)', 'refcount', 'signal', 'arena', 'PAGE_SIZE', 'PAGE_SHIFT'],
  ...[
    'if',
    'else',
    'while',
    'for',
    'do',
    'switch',
    'case 1:',
    'default:',
    'break;',
    'continue;',
    'return',
    'goto out;',
  ],
  ...[
    'int',
    'unsigned long',
    'char *',
    'struct page *',
    'static',
    'const',
    'void',
    'struct',
    'union',
    'enum',
    'typedef',
  ],
  ...[
    'sizeof(int)',
    '(long)',
    '__user',
    'float',
    'volatile',
    '#define A 1\n',
    '#include <x>\n',
    '#if 0\n',
    'asm',
    '...',
  ],
  ...[
    'fork()',
    'mmap',
    'vma->vm_pgoff',
    'vmf->page',
    'alloc_page(GFP_KERNEL)',
    'get_page',
    'mutex_lock(&lock);',
    'p[0]',
  ],
  ...[
    'DEFINE_MUTEX(lock);',
    'static int state;',
    '.mmap = demo_mmap',
    'static const struct file_operations demo_fops = {',
  ],
];

const place = fc.double({ min: 0, max: 1, noNaN: true });
const piece = fc.constantFrom(...PIECES);
const length = fc.nat({ max: 200 });

const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('word' as const), at: place, text: piece }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), at: place, text: piece }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: place, length }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('copy' as const), at: place, length, to: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('line' as const), at: place, to: place }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('repeat' as const),
      at: place,
      text: piece,
      times: fc.constantFrom(10, 300, 4000),
    }),
  },
);

function apply(text: string, change: Edit): string {
  const at = Math.floor(change.at * text.length);
  switch (change.kind) {
    case 'delete':
      return text.slice(0, at) + text.slice(at + change.length);
    case 'insert':
      return text.slice(0, at) + change.text + text.slice(at);
    case 'repeat':
      return text.slice(0, at) + change.text.repeat(change.times) + text.slice(at);
    case 'copy': {
      const to = Math.floor(change.to * text.length);
      return text.slice(0, to) + text.slice(at, at + change.length) + text.slice(to);
    }
    case 'word': {
      const start = text.slice(0, at).search(/[A-Za-z_0-9]*$/);
      const rest = text.slice(at).replace(/^[A-Za-z_0-9]*/, '');
      return text.slice(0, start) + change.text + rest;
    }
    case 'line': {
      const lines = text.split('\n');
      const [line] = lines.splice(Math.floor(change.at * lines.length), 1);
      lines.splice(Math.floor(change.to * lines.length), 0, line ?? '');
      return lines.join('\n');
    }
  }
}

/** Tests of the corpus after a few changes; without any, now and then. */
function mutated(corpus: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat({ max: corpus.length - 1 }), fc.array(edit, { maxLength: 6 }))
    .map(([index, edits]) => edits.reduce(apply, corpus[index]));
}

/** The beginning of one test and the end of another. */
function spliced(corpus: readonly string[]): fc.Arbitrary<string> {
  const index = fc.nat({ max: corpus.length - 1 });
  return fc.tuple(index, place, index, place).map(([a, cutA, b, cutB]) => {
    const [head, tail] = [corpus[a], corpus[b]];
    return head.slice(0, Math.floor(cutA * head.length)) + tail.slice(Math.floor(cutB * tail.length));
  });
}

const { condition, expression, statement } = fc.letrec<
  Record<'condition' | 'value' | 'expression' | 'statement', string>
>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      '0:x',
      '1:y',
      '0:p',
      '0:c1.x',
      '0:signal',
      'state',
      'buf',
      '0',
      '7',
      '-EINVAL',
      'NULL',
      'none',
      'lock',
    ),
    fc.constantFrom(
      '0:vm_normal_page(p)',
      '0:pfn(p + PAGE_SIZE)',
      'mem(buf + 1)',
      'refcount(0:pfn(p))',
      '0:level(q)',
    ),
    fc.tuple(tie('value'), fc.constantFrom('+', '-', '*', '<<', '&'), tie('value')).map((p) => p.join(' ')),
    tie('value').map((v) => `(${v})`),
  ),
  condition: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.tuple(tie('value'), fc.constantFrom('=', '!=', '<', '>='), tie('value')).map((p) => p.join(' ')),
    fc.constantFrom('leaked()', 'deadlock()', 'bug(remap_pfn_range)', '0:vma_flags(p) & IO', 'true'),
    tie('condition').map((c) => `~(${c})`),
    fc
      .tuple(tie('condition'), fc.constantFrom('/\\', '\\/'), tie('condition'))
      .map((p) => `(${p.join(' ')})`),
  ),
  expression: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(
      'x',
      'y',
      '0',
      '1',
      '-EINVAL',
      'buf',
      'PAGE_SIZE',
      'state',
      'p',
      'p[0]',
      "'a'",
      '0x7fffffff',
      'fork()',
    ),
    fc.constantFrom(
      'vma->vm_start',
      'vma->vm_end - vma->vm_start',
      'vma->vm_flags & VM_SHARED',
      'vmf->address',
    ),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '<<', '>>', '&', '|', '^', '==', '<', '&&', '||'),
        tie('expression'),
      )
      .map((p) => p.join(' ')),
    fc
      .tuple(
        fc.constantFrom('-', '~', '!', '*', '&', '++', '(long)', '(unsigned char)', 'sizeof '),
        tie('expression'),
      )
      .map((p) => p.join('')),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
    fc
      .tuple(
        fc.constantFrom('x', 'state', 'p[0]', 'vma->vm_pgoff'),
        fc.constantFrom('=', '+=', '<<='),
        tie('expression'),
      )
      .map((p) => `(${p.join(' ')})`),
    tie('expression').map((e) => `remap_pfn_range(vma, vma->vm_start, ${e}, PAGE_SIZE, vma->vm_page_prot)`),
    tie('expression').map((e) => `mmap(NULL, ${e}, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0)`),
    tie('expression').map((e) => `(${e})`),
  ),
  statement: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('expression').map((e) => `${e};`),
    fc
      .tuple(
        fc.constantFrom('int', 'unsigned long', 'char', 'u64', 'char *', 'struct page *'),
        fc.constantFrom('a', 'b', 'x'),
        tie('expression'),
      )
      .map(([t, n, e]) => `${t} ${n} = ${e};`),
    fc
      .tuple(tie('expression'), tie('statement'), tie('statement'))
      .map(([e, s, t]) => `if (${e}) { ${s} } else { ${t} }`),
    fc
      .tuple(fc.constantFrom('while', 'switch'), tie('expression'), tie('statement'))
      .map(([w, e, s]) => `${w} (${e}) { ${s} break; }`),
    fc.tuple(tie('expression'), tie('statement')).map(([e, s]) => `for (int i = 0; i < ${e}; i++) ${s}`),
    tie('expression').map((e) => `return ${e};`),
    fc.constantFrom(
      'p[0] = 1;',
      'x = p[PAGE_SIZE];',
      'get_page(page);',
      'mutex_lock(&lock);',
      'return;',
      'munmap(p, PAGE_SIZE);',
      ';',
    ),
  ),
}));

const memory = fc
  .array(
    fc.oneof(
      fc
        .tuple(
          fc.constantFrom('ram', 'reserved', 'mmio', 'device'),
          fc.constantFrom('pool', 'bar', 'd', 'p'),
          fc.nat({ max: 9 }),
        )
        .map(([k, n, c]) => `${k} ${n} = ${c} pages;`),
      fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 40 })).map(([a, b]) => `ram ${a}..${b};`),
      fc.constantFrom(
        'resource r = buf[0..1];',
        'option DEBUG_VM;',
        'buf[1] = 0x1f;',
        'faults alloc;',
        'threads P0 P1;',
        'mmio lo = 1 page low;',
      ),
    ),
    { maxLength: 4 },
  )
  .map((lines) => `{\n  reserved buf = 2 pages;\n${lines.map((l) => `  ${l}\n`).join('')}}`);

/** Tests that are right in form, and mostly wrong in meaning. */
const generated = fc
  .record({
    memory,
    handler: fc.array(statement, { maxLength: 3 }),
    threads: fc.array(fc.array(statement, { maxLength: 4 }), { minLength: 1, maxLength: 3 }),
    global: expression,
    filter: fc.option(condition),
    quantifier: fc.constantFrom('exists', '~exists', 'forall'),
    condition,
  })
  .map(
    (t) => `C generated
(* Result: Never *)
${t.memory}
static DEFINE_MUTEX(lock);
static int state = ${t.global};
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
	int x = 0, y = 1;
${t.handler.map((s) => `\t${s}\n`).join('')}	return 0;
}
static const struct file_operations demo_fops = { .mmap = demo_mmap };
${t.threads.map((body, i) => thread(i, body)).join('\n')}
${t.filter === null ? '' : `filter (${t.filter})\n`}${t.quantifier} (${t.condition})
`,
  );

function thread(index: number, body: readonly string[]): string {
  const locals = `\tint fd = open("/dev/demo", O_RDWR);\n\tchar *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);\n\tint x, y;\n`;
  return `P${index}()\n{\n${locals}${body.map((s) => `\t${s}\n`).join('')}}`;
}

const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.array(piece, { maxLength: 80 }).map((p) => p.join(' ')),
  fc.array(piece, { maxLength: 80 }).map((p) => `C noise\n{ }\n${p.join(' ')}`),
);

/** All kinds of input. */
export function inputs(corpus: readonly string[]): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 5, arbitrary: mutated(corpus) },
    { weight: 3, arbitrary: generated },
    { weight: 1, arbitrary: spliced(corpus) },
    { weight: 1, arbitrary: noise },
  );
}
