// The views of looks that widgets share: each goes with the view that has it. As @jupyter-widgets/base 6 makes them:
// `create_view` of a manager notes a promise on `model.views`, which goes when the view says "remove".

import assert from "node:assert/strict";
import { test } from "node:test";

import looks from "../../flowbook/ui/parts/looks.js";
import { FakeModel } from "./model.mjs";

class View {
  constructor(id, model, parent) {
    Object.assign(this, { id, model, options: { parent }, acts: [], heard: 0, removed: 0 });
    this.luminoWidget = { isDisposed: false };
    this.layoutPromise = this.stylePromise = Promise.resolve();
  }

  once(event, act) {
    assert.equal(event, "remove");
    this.acts.push(act);
  }

  off(event, act) {
    assert.equal(event, "remove");
    this.acts = this.acts.filter((one) => one !== act);
  }

  stopListening() {
    this.heard = 0;
  }

  remove() {
    this.removed += 1;
    this.luminoWidget.isDisposed = true;
    delete this.model?.views[this.id];
    for (const act of this.acts.splice(0)) act();
  }
}

/** @type {unknown[]} */
const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(error));

const settled = () => new Promise((resolve) => setTimeout(resolve));

function page() {
  const look = { views: Object.create(null), hearing: 0, off(event) { if (event === "msg:custom") this.hearing = 0; } };
  const model = new FakeModel({ looks: ["one"] });
  /** @type {Record<string, any>} */
  const models = { one: look };
  model.widget_manager = { has_model: (id) => id in models, get_model: async (id) => models[id] ?? assert.fail(id) };
  let made = 0;
  const show = (parent) => {
    const view = new View(`view-${(made += 1)}`, look, parent);
    look.views[view.id] = Promise.resolve(view);
    look.hearing += 1; // it is told of messages, and nothing takes that back
    return view;
  };
  return { look, model, show, models };
}

test("a look keeps no view of what has gone, also not of what was there before it was seen to", async () => {
  const { look, model, show } = page();
  const parents = [new View(), new View(), new View()];
  const first = show(parents[0]);
  const stop = looks.initialize({ model });
  await settled();
  const second = show(parents[1]);
  show(parents[2]);
  await settled();
  assert.equal(Object.keys(look.views).length, 3);
  assert.equal(look.hearing, 0);
  parents[0].remove();
  parents[1].remove();
  await settled();
  assert.deepEqual(Object.keys(look.views), ["view-3"]);
  assert.deepEqual([first.removed, second.removed], [1, 1]);
  stop();
});

test("what gets another look again and again keeps none that it had", async () => {
  const { model, show } = page();
  looks.initialize({ model });
  await settled();
  const parent = new View();
  for (let times = 0; times < 20; times += 1) {
    const view = show(parent);
    await settled();
    assert.equal(parent.acts.length, 1);
    view.remove();
  }
  assert.equal(parent.acts.length, 0);
});

test("looks that never come are not waited for by what has gone", async () => {
  const { model, models } = page();
  delete models.one;
  const before = unhandled.length;
  looks.initialize({ model });
  model.tell("destroy");
  await new Promise((resolve) => setTimeout(resolve, 150));
  assert.equal(unhandled.length, before);
});

test("a view that has gone before its look came lets go of the look as well", async () => {
  const { look, model, show } = page();
  looks.initialize({ model });
  await settled();
  const parent = new View();
  let come = () => {};
  parent.layoutPromise = new Promise((resolve) => { come = () => resolve(null); });
  parent.remove();
  show(parent);
  await settled();
  assert.deepEqual(Object.keys(look.views), []);
  parent.heard = 1; // ipywidgets listens to the look now
  come();
  await settled();
  assert.equal(parent.heard, 0);
});

test("what is closed is held by no comm any more, once it has heard that it is closed", async () => {
  const { model, models } = page();
  looks.initialize({ model });
  const acts = [];
  const comm = { jsServicesComm: { onMsg: () => {}, onClose: () => {} } };
  models.two = { comm, once: (event, act) => acts.push([event, act]) };
  const other = { ...comm.jsServicesComm };
  models.three = { comm: { jsServicesComm: other }, once: () => assert.fail("it was not said to be closed") };
  model.hear({ leaving: ["two", "of another page"] });
  await settled();
  assert.ok(comm.jsServicesComm.onClose); // by which it hears that it is closed
  assert.deepEqual(acts.map(([event]) => event), ["destroy"]);
  acts[0][1]();
  assert.deepEqual(comm.jsServicesComm, { onMsg: undefined, onClose: undefined });
  assert.ok(other.onClose && other.onMsg);
});
