// One state in the kernel and in every page that shows it: what a page does with what it is told.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Wire } from "../../flowbook/ui/parts/wire.js";
import { FakeModel } from "./model.mjs";

function page(state = { revision: 3, count: 0 }) {
  const model = new FakeModel({ state });
  const seen = { replaced: 0, told: [], answered: 0 };
  const wire = new Wire(model, {
    changed: (message) => { wire.state.count += message.by; },
    replaced: () => { seen.replaced += 1; },
    told: (message) => seen.told.push(message.kind),
    answered: () => { seen.answered += 1; },
  });
  const stop = wire.start();
  return { model, wire, seen, stop };
}

test("a page says hello with the revision that it has", () => {
  assert.deepEqual(page().model.sent, [{ kind: "hello", revision: 3 }]);
});

test("a page whose messages were lost while it began says hello again", () => {
  const { model, stop } = page();
  model.tell("late");
  assert.deepEqual(model.sent, [{ kind: "hello", revision: 3 }, { kind: "hello", revision: 3 }]);
  stop();
  model.tell("late");
  assert.equal(model.sent.length, 2);
});

test("a change is made once, in the model's own state", () => {
  const { model, wire } = page();
  model.hear({ kind: "add", revision: 4, by: 2 });
  model.hear({ kind: "add", revision: 4, by: 2 });
  assert.deepEqual(model.get("state"), { revision: 4, count: 2 });
  assert.equal(wire.state, model.get("state"));
});

test("a page that missed a change asks for the whole, and goes on from there", () => {
  const { model, seen } = page();
  model.hear({ kind: "add", revision: 5, by: 2 });
  assert.deepEqual(model.sent.at(-1), { kind: "hello", revision: 3 });
  assert.equal(model.get("state").count, 0);
  model.set("state", { revision: 5, count: 7 });
  assert.equal(seen.replaced, 1);
  model.hear({ kind: "add", revision: 6, by: 1 });
  assert.equal(model.get("state").count, 8);
});

test("a sign changes nothing, and the first message of all says that a kernel is there", () => {
  const { model, seen } = page();
  model.hear({ kind: "welcome" });
  model.hear({ kind: "reveal" });
  assert.deepEqual(seen.told, ["welcome", "reveal"]);
  assert.equal(seen.answered, 1);
  assert.equal(model.get("state").revision, 3);
});

test("a page that has left hears nothing", () => {
  const { model, stop } = page();
  stop();
  model.hear({ kind: "add", revision: 4, by: 2 });
  assert.equal(model.get("state").count, 0);
});
