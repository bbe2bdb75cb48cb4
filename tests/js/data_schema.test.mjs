// What data is made of, read off its preview.

import assert from "node:assert/strict";
import { test } from "node:test";

import { schemaOf } from "../../flowbook/ui/runs/data_schema.js";

const kinds = (schema) => Object.fromEntries(schema.fields.map(([name, field]) => [name, field.kinds.join("|") + (field.optional ? "?" : "")]));

test("a mapping has its keys with their kinds", () => {
  const value = ["o", [["name", ["s", "Ada", 3]], ["age", ["v", "36"]], ["well", ["v", "true"]], ["left", ["v", "null"]], ["at", ["x", "<datetime …>"]]], 5];
  const schema = schemaOf({ kind: "tree", value });
  assert.deepEqual(kinds(schema), { name: "text", age: "number", well: "true or false", left: "nothing", at: "datetime" });
});

test("a list has what any of its items has; a key that is not in all may be missing", () => {
  const item = (...entries) => ["o", entries, entries.length];
  const value = ["a", [item(["a", ["v", "1"]]), item(["a", ["s", "x", 1]], ["b", ["v", "2"]])], 40];
  const schema = schemaOf({ kind: "tree", value });
  assert.deepEqual(schema.kinds, ["list of 40"]);
  assert.deepEqual(kinds(schema.items), { a: "number|text", b: "number?" });
});

test("a table has its columns", () => {
  const shown = { kind: "table", columns: ["id", "who"], rows: [[{ v: "1" }, "Ada"], [{ v: "-2.5" }, ""]], count: 2, width: 2 };
  const schema = schemaOf(shown);
  assert.deepEqual(schema.kinds, ["list of 2"]);
  assert.deepEqual(kinds(schema.items), { id: "number", who: "text?" });
});

test("an empty list has no items", () => {
  assert.equal(schemaOf({ kind: "tree", value: ["a", [], 0] }).items, null);
});
