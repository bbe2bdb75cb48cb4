// Models that began too late for anywidget. As anywidget 0.11 makes them: `AnyModel._handle_comm_msg` waits for what is
// ready in two seconds, and fails for good when it is not; a module is given a part of the model, whose `set` gives all of
// it. A comm of JupyterLab has one listener.

import assert from "node:assert/strict";
import { test } from "node:test";

import { heard } from "../../flowbook/ui/parts/hearing.js";

class DOMWidgetModel {
  heard = [];
  told = [];
  comm = { on_msg: (act) => { this.comm.act = act; }, send: (...given) => this.told.push(given), act: null };

  constructor(ready) {
    this.ready = ready;
    this.comm.on_msg(this._handle_comm_msg.bind(this));
  }

  set() {
    return this;
  }

  trigger(event) {
    this.told.push(event);
  }

  async _handle_comm_msg(message) {
    if (message.content.data.method) this.heard.push(message.content.data.method);
  }
}

class AnyModel extends DOMWidgetModel {
  async _handle_comm_msg(message) {
    await this.ready;
    return super._handle_comm_msg(message);
  }
}

const update = { content: { data: { method: "update" } } };
const settled = () => new Promise((done) => setTimeout(done, 5));

test("a model that anywidget has given up hears the kernel, and asks for what it has missed", async () => {
  const ready = Promise.reject(new Error("Failed to initialize model."));
  const model = new AnyModel(ready);
  await assert.rejects(async () => model.comm.act(update));
  const widget = await heard({ initialize: () => "what ends it", render: () => {} })();
  assert.equal(widget.initialize({ model: { set: () => model } }), "what ends it");
  assert.equal(typeof widget.render, "function");
  await settled();
  assert.deepEqual(model.told, [[{ method: "request_state" }, {}, {}, []], "late"]);
  await model.comm.act(update);
  assert.deepEqual(model.heard, ["update"]);
});

test("one that began in time is left as it is", async () => {
  const model = new AnyModel(Promise.resolve());
  const before = model.comm.act;
  const widget = await heard(() => ({ render: () => {} }))();
  assert.equal(widget.initialize({ model: { set: () => model } }), undefined);
  await settled();
  assert.equal(model.comm.act, before);
  assert.deepEqual([model.told, model.heard], [[], []]);
});

test("one that was closed before that, and the model of a plain page, are no error", async () => {
  const ready = Promise.reject(new Error("Failed to initialize model."));
  const closed = new AnyModel(ready);
  closed.comm = undefined;
  const widget = await heard({ render: () => {} })();
  widget.initialize({ model: { set: () => closed } });
  widget.initialize({ model: { set: () => undefined } });
  await settled();
  assert.deepEqual(closed.told, []);
});
