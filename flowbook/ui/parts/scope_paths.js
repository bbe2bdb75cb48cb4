/** What an unfinished expression may go on with, found in the tree of what it can use (see scope.py). No page here. */
const STEP = /\s*\.\s*([A-Za-z_]\w*)|\s*\[\s*(?:(-?\d+)|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[^[\]]*)\s*\]/y;
const MEMBER = /([A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*|\[[^[\]\n]*\])*)\s*\.\s*(\w*)$/;
const NAME = /(?:^|[^\w.])([A-Za-z_]\w*)$/;
const PATH = String.raw`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[[^[\]\n]*\])*)`;
const ASSIGNED = new RegExp(String.raw`^[ \t]*([A-Za-z_]\w*)[ \t]*=[ \t]*${PATH}[ \t]*(?:#.*)?$`, "gm");
const LOOPED = new RegExp(String.raw`\bfor\s+([A-Za-z_]\w*)\s+in\s+${PATH}`, "g");
const DEEPEST = 8; // names that stand for names that stand for names

/** The steps of a path: `nodes.fetch.data[0]["a b"]` is nodes, fetch, data, 0, a b. */
function stepsOf(path) {
  /** @type {(string | number)[]} */
  const steps = [];
  const first = /^[A-Za-z_]\w*/.exec(path);
  if (!first) return null;
  steps.push(first[0]);
  STEP.lastIndex = first[0].length;
  while (STEP.lastIndex < path.length) {
    const found = STEP.exec(path);
    if (!found) return null;
    steps.push(found[1] ?? found[3] ?? found[4] ?? Number(found[2] ?? 0));
  }
  return steps;
}

function walked(entry, steps) {
  for (const step of steps) {
    const inside = entry?.children ?? [];
    const items = inside.filter((one) => one.at !== undefined);
    entry = typeof step === "number" ? items.find((one) => one.at === step) ?? items[0] : inside.find((one) => one.key === step);
  }
  return entry ?? null;
}

/** What the names that the code itself gives stand for: `rows = nodes.a.data`, `for row in rows`. */
function namesGiven(text) {
  const given = new Map();
  for (const [, name, path] of text.matchAll(ASSIGNED)) given.set(name, path);
  for (const [, name, path] of text.matchAll(LOOPED)) given.set(name, `${path}[0]`);
  return given;
}

/** What a path leads to, in the tree; null when that is not known. */
export function entryAt(tree, path, text = "") {
  const given = namesGiven(text);
  for (let depth = 0; depth < DEEPEST; depth += 1) {
    const steps = stepsOf(path);
    if (!steps) return null;
    const first = String(steps[0]);
    const root = tree.entries.find((one) => one.key === first);
    if (root) return walked(root, steps.slice(1));
    if (!given.has(first)) return null;
    path = given.get(first) + path.slice(first.length);
  }
  return null;
}

/**
 * What may follow `before`, which is all of an expression or of code up to the cursor; `text` is the whole of it.
 * `length` is how much of it is typed already, `options` are entries and functions.
 */
export function goingOn(tree, before, text, { functions, explicit = false }) {
  const member = MEMBER.exec(before);
  if (member) {
    const entry = entryAt(tree, member[1], text);
    const inside = (entry?.children ?? []).filter((one) => one.at === undefined);
    return inside.length ? { length: member[2].length, options: inside } : null;
  }
  const name = NAME.exec(before);
  if (!name && !(explicit && !/[\w.]$/.test(before))) return null;
  const options = [...tree.entries, ...(functions ? tree.functions : [])];
  return { length: name ? name[1].length : 0, options };
}

/** The text of the `${{ }}` that a cursor at the end of `before` is in; null when it is in none. */
export function insideExpression(before) {
  const begin = before.lastIndexOf("${{");
  if (begin < 0 || before[begin - 1] === "$") return null;
  const inside = before.slice(begin + 3);
  return inside.includes("}}") ? null : inside;
}

/** How an entry is written where a cursor stands at the end of `before`. */
export function written(item, before, language) {
  const text = item.call ? `${item.call}()` : item.path;
  if (language === "python" || language === "expression" || insideExpression(before) !== null) return text;
  const wrapped = `\${{ ${text} }}`;
  if (language !== "json") return wrapped;
  const quotes = before.replace(/\\./g, "").split('"').length - 1;
  return quotes % 2 ? wrapped : `"${wrapped.replace(/[\\"]/g, "\\$&")}"`;
}
