/** What data is made of, read off its preview (see flowbook/view/preview.py): the keys, and of what kind each is. */
import { make } from "../parts/dom.js";

const NUMBER = /^-?(?:\d|inf|nan)/i;

function leafKind([kind, text]) {
  if (kind === "s") return "text";
  if (kind !== "v") return String(text).replace(/^<(\w+).*$/s, "$1");
  if (text === "true" || text === "false") return "true or false";
  return text === "null" ? "nothing" : "number";
}

/** The schemas of several values as one: all that any of them has. */
function merged(schemas) {
  const kinds = new Set(schemas.flatMap((one) => one.kinds));
  const fields = new Map();
  for (const one of schemas) for (const [name, field] of one.fields) fields.set(name, [...(fields.get(name) ?? []), field]);
  const items = schemas.map((one) => one.items).filter(Boolean);
  return {
    kinds: [...kinds], items: items.length ? merged(items) : null,
    fields: [...fields].map(([name, found]) => [name, { ...merged(found), optional: found.length < schemas.length || found.some((one) => one.optional) }]),
  };
}

function branchSchema(branch) {
  const [kind, entries, size] = branch;
  if (kind === "o") return { kinds: ["object"], items: null, fields: entries.map(([name, inner]) => [name, branchSchema(inner)]) };
  if (kind === "a") return { kinds: [`list of ${size}`], items: entries.length ? merged(entries.map(branchSchema)) : null, fields: [] };
  return { kinds: [leafKind(branch)], items: null, fields: [] };
}

function cellKind(cell) {
  if (typeof cell !== "object") return "text";
  return NUMBER.test(cell.v) ? "number" : leafKind(["v", cell.v]);
}

function tableSchema({ columns, rows, count }) {
  const fields = columns.map((name, index) => {
    const kinds = [...new Set(rows.map((row) => row[index]).filter((cell) => cell !== "").map(cellKind))];
    return [name, { kinds, items: null, fields: [], optional: rows.some((row) => row[index] === "") }];
  });
  return { kinds: [`list of ${count}`], items: { kinds: ["object"], items: null, fields }, fields: [] };
}

/** `{kinds, fields: [[name, schema]], items}` of a preview that is a table or a tree. */
export function schemaOf(shown) {
  return shown.kind === "table" ? tableSchema(shown) : branchSchema(shown.value);
}

function line(name, schema) {
  const kinds = schema.kinds.filter((kind) => kind !== "nothing" || schema.kinds.length === 1);
  const maybe = schema.optional || kinds.length < schema.kinds.length;
  const words = (kinds.join(" or ") || "nothing") + (maybe ? ", or nothing" : "");
  const label = name === null ? [] : [make("span", { class: "fbr-key" }, name), " "];
  const inner = schema.items ? [["each", schema.items]] : schema.fields;
  const text = [...label, make("span", { class: "fbr-caption" }, words)];
  if (!inner.length) return make("div", { class: "fbr-leaf" }, ...text);
  return make("details", { class: "fbr-tree", open: true }, make("summary", {}, ...text),
    make("div", { class: "fbr-branch" }, ...inner.map(([key, field]) => line(key, field))));
}

export function drawSchema(schema) {
  return make("div", { class: "fbr-json" }, line(null, schema));
}
