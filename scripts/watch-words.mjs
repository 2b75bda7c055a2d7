// Rewrites JavaScript so that accesses to words can be watched: `x.w[i]` becomes `x.w.get(i)`, `x.w[i] = y` `x.w.put(i, y)` (`w[i]` alike). By that name
// the model knows the words of its world. src/explore/trace.ts watches what is left as it is, too, but slowly.
import { parseAst } from 'rolldown/parseAst';

const WORDS = 'w';

/** Whether an expression does nothing but give a value, so that it may be there twice. */
function isPure(node) {
  switch (node.type) {
    case 'Identifier':
    case 'Literal':
    case 'ThisExpression':
      return true;
    case 'MemberExpression':
      return isPure(node.object) && (!node.computed || isPure(node.property));
    case 'BinaryExpression':
      return isPure(node.left) && isPure(node.right);
    case 'ParenthesizedExpression':
    case 'UnaryExpression':
      return isPure(node.expression ?? node.argument);
    default:
      return false;
  }
}

function isAccess(node) {
  if (node?.type !== 'MemberExpression' || !node.computed || node.optional) return false;
  const { object } = node;
  return object.type === 'Identifier'
    ? object.name === WORDS
    : object.type === 'MemberExpression' && !object.computed && object.property.name === WORDS;
}

/** What to put where: [from, to, text]. */
function editsOf(code) {
  const edits = [];
  const visit = (node) => {
    for (const [key, child] of Object.entries(node)) {
      if (key === 'parent') continue;
      for (const one of Array.isArray(child) ? child : [child])
        if (typeof one?.type === 'string') visitChild(one, node);
    }
  };
  const visitChild = (node, parent) => {
    if (node.type === 'AssignmentExpression' && isAccess(node.left)) return assignment(node);
    if (isAccess(node) && isRead(node, parent))
      edits.push([node.object.end, node.property.start, '.get('], [node.property.end, node.end, ')']);
    visit(node);
  };
  const assignment = (node) => {
    const { left, right, operator } = node;
    const { object, property } = left;
    const plain = operator === '=';
    if (plain || (isPure(object) && isPure(property))) {
      const text = (part) => code.slice(part.start, part.end);
      const end = code.indexOf(operator, left.end) + operator.length;
      const old = plain ? '' : `${text(object)}.get(${text(property)}) ${operator.slice(0, -1)} (`;
      edits.push([object.end, property.start, '.put('], [property.end, end, `, ${old}`]);
      edits.push([node.end, node.end, plain ? ')' : '))']);
      visit(object);
      visitChild(property, left);
    } else visit(left);
    visitChild(right, node);
  };
  visit(parseAst(code));
  return edits;
}

function isRead(node, parent) {
  switch (parent.type) {
    case 'UpdateExpression':
    case 'ArrayPattern':
    case 'AssignmentPattern':
    case 'RestElement':
    case 'ForInStatement':
    case 'ForOfStatement':
      return parent.type.startsWith('For') ? parent.left !== node : false;
    // of an object or of a pattern: left as it is
    case 'Property':
      return false;
    case 'CallExpression':
      // a method would lose its object
      return parent.callee !== node;
    default:
      return true;
  }
}

/** @returns the code with its accesses rewritten, and how many there were */
export function watchWords(code) {
  // of two at one place, the inner one comes first: its text stands before
  const edits = editsOf(code).map((edit, i) => ({ edit, i }));
  edits.sort((a, b) => a.edit[0] - b.edit[0] || a.edit[1] - b.edit[1] || b.i - a.i);
  let [text, at] = ['', 0];
  for (const {
    edit: [from, to, insert],
  } of edits) {
    text += code.slice(at, from) + insert;
    at = to;
  }
  return { text: text + code.slice(at), accesses: edits.length };
}
