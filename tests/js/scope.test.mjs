// What an expression may use, field by field.

import assert from "node:assert/strict";
import { test } from "node:test";

import { scopeOf, without } from "../../flowbook/ui/parts/scope.js";
import { FakeModel } from "./model.mjs";

const TREE = { entries: ["nodes", "item", "index", "result", "run"].map((key) => ({ key })), functions: [] };

test("what a field cannot use is not offered in it, whenever the kernel tells of it", async () => {
  const model = new FakeModel({ scope_turn: 1 });
  const scope = scopeOf(model);
  const limited = without(scope, ["item", "index", "result"]);
  assert.equal(limited.tree, null);
  limited.ask();
  const arrived = limited.arrived();
  model.hear({ kind: "scope", turn: 1, scope: TREE });
  const keys = (tree) => tree.entries.map((one) => one.key);
  assert.deepEqual(keys(await arrived), ["nodes", "run"]);
  assert.deepEqual(keys(limited.tree), ["nodes", "run"]);
  assert.equal(scope.tree, TREE);
  assert.equal(without(scope, []), scope);
});
