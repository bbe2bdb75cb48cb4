// What was typed stays, whatever the kernel had sent before it heard of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Unheard, standing } from "../../flowbook/ui/parts/unheard.js";
import { FakeModel } from "./model.mjs";

function form(values) {
  const model = new FakeModel({ values, heard: {}, fields: [{ name: "name", form: 1 }, { name: "required", form: 1 }] });
  const unheard = new Unheard(model);
  // what the kernel sends, having heard so many turns
  const send = (turns, state) => {
    const page = model.sent.at(-1)?.page ?? "none";
    Object.assign(model.state, { heard: { [page]: turns } }, state.fields ? { fields: state.fields } : {});
    model.set("values", state.values);
  };
  return { model, unheard, send };
}

test("an older state takes nothing back that was typed since", () => {
  const { model, unheard, send } = form({ name: "", required: false });
  unheard.say(1, { name: "channel" });
  unheard.say(1, { required: true });
  send(1, { values: { name: "channel", label: "Channel", required: false } }); // the name is known, the tick is on its way
  assert.deepEqual(model.get("values"), { name: "channel", label: "Channel", required: true });
  send(2, { values: { name: "channel", label: "Channel", required: false } }); // the tick is known, and was taken back
  assert.deepEqual(model.get("values"), { name: "channel", label: "Channel", required: false });
});

test("what comes before the first turn was heard keeps all that was typed", () => {
  const { model, unheard, send } = form({ name: "a" });
  unheard.say(1, { name: "b" });
  send(0, { values: { name: "a" } });
  assert.equal(model.get("values").name, "b");
});

test("another form is filled in as the kernel says", () => {
  const { model, unheard, send } = form({ name: "a" });
  unheard.say(1, { name: "b" });
  send(0, { values: { name: "other" }, fields: [{ name: "name", form: 2 }] });
  assert.equal(model.get("values").name, "other");
  send(0, { values: { name: "again" }, fields: [{ name: "name", form: 1 }] });
  assert.equal(model.get("values").name, "again"); // it is forgotten, not kept for later
});

test("of one field the last turn counts", () => {
  const typed = new Map([["a", { turn: 3, form: 1, value: "x" }], ["b", { turn: 2, form: 1, value: "y" }], ["c", { turn: 4, form: 2, value: "z" }]]);
  assert.deepEqual([...standing(typed, 2, 1).keys()], ["a"]);
  assert.deepEqual([...standing(typed, 0, 1).keys()], ["a", "b"]);
  assert.deepEqual([...standing(typed, 9, 1).keys()], []);
});
