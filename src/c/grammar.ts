/** tree-sitter's C grammar, and its parse trees as plain objects. */
import { Language, Parser, type Tree, type TreeCursor } from 'web-tree-sitter';
import type { Prepared } from './prepass.js';

/** A loaded parser. Opaque to callers; holds WebAssembly memory for the life of the program. */
export interface Grammar {
  /** @internal The types of web-tree-sitter cannot be read without those of emscripten: users of the library need neither. */
  parser: Parser;
}

/**
 * Loads the parser. The caller gives the two binaries, so that it works in Node and in browsers.
 * @param runtime `web-tree-sitter/web-tree-sitter.wasm`
 * @param c `tree-sitter-c/tree-sitter-c.wasm`
 */
export async function loadGrammar(runtime: Uint8Array, c: Uint8Array): Promise<Grammar> {
  await Parser.init({ wasmBinary: runtime });
  const parser = new Parser();
  parser.setLanguage(await Language.load(c));
  return { parser };
}

/** A node of the concrete tree, detached from WebAssembly. Offsets are the file's. Comments are left out. */
export interface Cst {
  readonly type: string;
  readonly named: boolean;
  readonly missing: boolean;
  /** The name of the field of the parent that this node is, or null. */
  readonly field: string | null;
  readonly start: number;
  readonly end: number;
  readonly children: Cst[];
}

/**
 * How much parsing is left, in calls of tree-sitter's progress callback: one for a hundred steps of its automaton. Time would say
 * more about the machine than about the text.
 */
export interface ParseBudget {
  left: number;
}

/** More than this means that error recovery has run wild: 64 KB take 800 with spaces and comments, up to 5000 without. */
const PARSE_BUDGET = 6000;

/** A fresh budget, for all the C of a test together. */
export function parseBudget(): ParseBudget {
  return { left: PARSE_BUDGET };
}

/** Deeper trees than this are more than the builders take; most of the time would go into copying them. */
const MAX_TREE_DEPTH = 1500;

/** Parses prepared text. @returns undefined if it takes too much, the place if it is nested too deeply */
export function parseCst(
  grammar: Grammar,
  prepared: Prepared,
  budget = parseBudget(),
): Cst | TooDeep | undefined {
  const tree = grammar.parser.parse(prepared.text, null, {
    progressCallback: () => --budget.left < 0,
  });
  if (!tree) {
    grammar.parser = replacement(grammar.parser);
    return undefined;
  }
  try {
    return detach(tree, prepared.toFile);
  } finally {
    tree.delete();
  }
}

/** A new parser for one that gave up: reset() and delete() of the old one recurse as deeply as its text nests. */
function replacement(old: Parser): Parser {
  const parser = new Parser();
  parser.setLanguage(old.language);
  return parser;
}

/** Where a tree is too deep. */
export interface TooDeep {
  readonly tooDeepAt: number;
}

/** What reads the node under a cursor. Every question to the cursor is a call into WebAssembly, so it asks as few as it can. */
function nodeReader(tree: Tree, cursor: TreeCursor, toFile: (offset: number) => number): () => Cst {
  const { language } = tree;
  const named: (boolean | undefined)[] = [];
  return () => {
    const type = cursor.nodeTypeId;
    const field = cursor.currentFieldId;
    const { startIndex, endIndex } = cursor;
    return {
      type: language.types[type] ?? 'ERROR',
      named: (named[type] ??= cursor.nodeIsNamed),
      missing: startIndex === endIndex && cursor.nodeIsMissing,
      field: field === 0 ? null : (language.fields[field] ?? null),
      start: toFile(startIndex),
      end: toFile(endIndex),
      children: [],
    };
  };
}

function detach(tree: Tree, toFile: (offset: number) => number): Cst | TooDeep {
  const cursor = tree.walk();
  const node = nodeReader(tree, cursor, toFile);
  const root = node();
  const path = [root];
  for (;;) {
    // only named nodes have children
    if (path.at(-1)!.named && cursor.gotoFirstChild()) {
      const child = node();
      if (child.type !== 'comment') path.at(-1)!.children.push(child);
      path.push(child);
      if (path.length > MAX_TREE_DEPTH) {
        cursor.delete();
        return { tooDeepAt: child.start };
      }
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent()) {
        cursor.delete();
        return root;
      }
      path.pop();
    }
    path.pop();
    const child = node();
    if (child.type !== 'comment') path.at(-1)!.children.push(child);
    path.push(child);
  }
}
