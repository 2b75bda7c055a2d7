// Every state of test.litmus.in that pfnmap reaches, each under the projection of README.md as one line of text.
//
//   node bench/spin/states.mjs PAGES FRAMES [FILE]     writes the distinct lines, sorted, to FILE; without it, they are only counted
import { readFileSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

const TEMPLATE = fileURLToPath(new URL('test.litmus.in', import.meta.url));
const CAPACITIES = {
  procs: 2,
  threads: 2,
  vmas: 2,
  files: 2,
  fds: 2,
  pins: 0,
  arena: 4,
  stack: 64,
  heap: 0,
  memtypes: 0,
};
/** The pages that may be mapped, P0's second last: process, and page of its arena. */
const MAPPED = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
];

/** The test with as many frames in the pool, and a P0 that maps so many pages and stores to each. */
export function testText(pages, frames) {
  const stores = ['p[0] = 1;', 'p[PAGE_SIZE] = 1;'].slice(0, pages).join('\n        ');
  return readFileSync(TEMPLATE, 'utf8')
    .replace('FRAMES', String(frames))
    .replace('STORES', stores)
    .replaceAll('PAGES * PAGE_SIZE', pages === 1 ? 'PAGE_SIZE' : `${pages} * PAGE_SIZE`);
}

/** Lines (from 1) of each thread's operations: those of its function that do something. */
function operationLines(text) {
  const lines = text.split('\n');
  return [0, 1].map((thread) => {
    const head = lines.indexOf(`P${thread}()`);
    const body = lines.slice(head + 2, lines.indexOf('}', head));
    return body.flatMap((line, i) => (line.includes('(') || line.includes('[') ? [head + 3 + i] : []));
  });
}

/** What is compared of the state in place. @param lib what is used of pfnmap */
function projector(lib, pages, text, compiled, kernel) {
  const { VMA_LINKED, VMA_IN_IMAP, THREAD, PAGE, ThreadState } = lib;
  const { w, layout, mem } = { w: kernel.w, layout: kernel.layout, mem: compiled.mem };
  const pool = mem.regions.find(({ name }) => name === 'pool');
  const buf = mem.regions.find(({ name }) => name === 'buf');
  const frames = [...kernel.pages.slice(pool.index, pool.index + pool.pages), kernel.pages[buf.index]];
  const before = frames.map((page) => page.refcount);
  const operations = operationLines(text);
  const result = kernel.thread(0) + THREAD.STACK + 1 + compiled.lowered.threads[0].variables.get('r').word;

  const operation = (thread) => {
    if (w[kernel.thread(thread) + THREAD.STATE] === ThreadState.Parked) return operations[thread].length;
    let line;
    kernel.frames(thread, (routine, pc) => (line ??= compiled.lowered.line(routine, pc)));
    return operations[thread].indexOf(line);
  };
  const mapped = ([proc, page]) => {
    const at = kernel.proc(proc) + layout.pteAt + 2 * page;
    if (w[at] === 0 && w[at + 1] === 0) return -1;
    return frames.findIndex(({ pfn }) => pfn === w[at]);
  };
  const vmas = (bit) =>
    [0, 1].map((proc) => Number(kernel.vmas.some((vma) => vma.mm === proc && vma.has(bit))));

  return () =>
    `op ${[0, 1].map(operation)} vma ${vmas(VMA_LINKED)} i_mmap ${vmas(VMA_IN_IMAP)} pte ${MAPPED.slice(0, pages + 2).map(mapped)} ` +
    `anon ${[0, 1].map((i) => kernel.procs[i].rssAnon)} file ${[0, 1].map((i) => kernel.procs[i].rssFile)} ` +
    `read ${w[layout.imapLocks]} r ${w[result]}` +
    frames
      .map((page, i) => ` ${page.refcount - before[i]}/${page.mapcount}/${w[page.o + PAGE.CELLS]}`)
      .join('');
}

/** Visits every state; each scheduling point is one. @returns states, and bytes that the search keeps for them */
export function visit(lib, grammar, pages, frames, each) {
  const text = testText(pages, frames);
  const compiled = lib.compile(
    lib.parseLitmus({ file: 'test.litmus', text }, grammar),
    lib.factsFor(lib.archNamed('arm'), '7.2'),
    4,
  );
  const kernel = lib.bootKernel(compiled, CAPACITIES);
  kernel.everyPoint = true;
  const project = projector(lib, pages, text, compiled, kernel);
  const search = new lib.Search(lib.kernelSystem(kernel, compiled));
  const ending = search.run({
    onState: () => {
      each(project());
      return false;
    },
  });
  if (ending !== 'complete') throw new Error(`the search ended early: ${ending}`);
  return { states: search.states, bytes: search.store.bytes };
}

/** 53 bits of a line: enough to count some millions of them. */
function digest(line) {
  let [high, low] = [0x811c9dc5, 0x1b873593];
  for (let i = 0; i < line.length; i++) {
    high = Math.imul(high ^ line.charCodeAt(i), 0x01000193);
    low = Math.imul(low ^ line.charCodeAt(i), 0x85ebca6b) ^ (high >>> 15);
  }
  return (high & 0x1fffff) * 0x100000000 + (low >>> 0);
}

async function main(pages, frames, file) {
  const dist = (path) => new URL(`../../dist/lib/${path}`, import.meta.url);
  const parts = ['index.js', 'kernel/world.js', 'kernel/layout.js', 'kernel/routine.js'];
  const lib = Object.assign({}, ...(await Promise.all(parts.map((part) => import(dist(part))))));
  const [runtime, c] = ['web-tree-sitter.wasm', 'tree-sitter-c.wasm'].map((name) => readFileSync(dist(name)));
  const seen = new Set();
  const { states, bytes } = visit(lib, await lib.loadGrammar(runtime, c), pages, frames, (line) =>
    seen.add(file ? line : digest(line)),
  );
  if (file) writeFileSync(file, `${[...seen].toSorted().join('\n')}\n`);
  console.log(JSON.stringify({ pages, frames, states, projected: seen.size, bytesPerState: bytes / states }));
}

if (argv[1] === fileURLToPath(import.meta.url)) await main(Number(argv[2]), Number(argv[3]), argv[4]);
