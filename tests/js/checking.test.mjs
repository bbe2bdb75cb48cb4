// What of a list is checked, and what a click changes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { checkedOf, withChecked } from "../../flowbook/ui/parts/checking.js";

const GROUPS = [{ label: "pets", items: [{ id: "a" }, { id: "b" }] }, { label: "orders", items: [{ id: "c" }] }];
const PETS = GROUPS[0].items;

test("a group is checked whole, in part, or not at all", () => {
  assert.equal(checkedOf(PETS, new Set(["a", "b", "c"])), "all");
  assert.equal(checkedOf(PETS, new Set(["b", "c"])), "some");
  assert.equal(checkedOf(PETS, new Set(["c"])), "none");
});

test("what is checked keeps the order of the list, whatever was clicked first", () => {
  assert.deepEqual(withChecked(GROUPS, new Set(["c"]), PETS, true), ["a", "b", "c"]);
});

test("a click changes what it is about and nothing else", () => {
  assert.deepEqual(withChecked(GROUPS, new Set(["a", "b", "c"]), [PETS[0]], false), ["b", "c"]);
  assert.deepEqual(withChecked(GROUPS, new Set(), GROUPS[1].items, true), ["c"]);
  assert.deepEqual(withChecked(GROUPS, new Set(["a"]), [], true), ["a"]);
});
