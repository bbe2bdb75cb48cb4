// The graph of one page follows what the kernel says of it, and its views hear of it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Graph, applyChange } from "../../flowbook/ui/canvas/canvas-graph.js";
import { FakeModel } from "./model.mjs";

function elements() {
  return {
    nodes: { a: { id: "a", x: 0, y: 0 }, b: { id: "b", x: 9, y: 0 } },
    edges: { ab: { id: "ab", source: "a", target: "b" } },
    notes: { n: { id: "n", text: "", x: 0, y: 0 } },
  };
}

function page() {
  const model = new FakeModel({
    read_only: false, hint: "", state: { revision: 0, elements: elements(), status: { a: "failed" }, progress: {}, workers: {}, lines: {}, selected: { nodes: [], edges: [], notes: [] } },
  });
  const graph = new Graph(model);
  const view = { calls: [], container: { clientWidth: 1 } };
  for (const name of ["load", "patch", "showStatus", "showSelection", "fit", "focusNode", "tell", "arrange"]) {
    view[name] = (...given) => view.calls.push([name, ...given]);
  }
  graph.views.add(view);
  graph.wire.start();
  return { model, graph, view };
}

test("nodes, notes and edges are added, changed and moved in place", () => {
  const shown = elements();
  applyChange(shown, { op: "add", kind: "node", value: { id: "c" } });
  applyChange(shown, { op: "update", kind: "edge", id: "ab", value: { label: "x" } });
  applyChange(shown, { op: "move", positions: { a: [1, 2] }, notes: { n: [3, 4] } });
  assert.deepEqual(shown.nodes.c, { id: "c", x: 0, y: 0 });
  assert.equal(shown.edges.ab.label, "x");
  assert.deepEqual([shown.nodes.a.x, shown.nodes.a.y, shown.notes.n.x, shown.notes.n.y], [1, 2, 3, 4]);
});

test("a node that goes takes its edges and what was said of it along", () => {
  const { model, graph, view } = page();
  model.hear({ kind: "patch", revision: 1, changes: [{ op: "remove", kind: "node", id: "a" }] });
  assert.deepEqual(graph.elements.edges, {});
  assert.deepEqual(graph.status, {});
  assert.equal(view.calls[0][0], "patch");
});

test("a node that is called otherwise stays selected, with its status, and no view tells of another selection", () => {
  const { model, graph, view } = page();
  graph.select({ nodes: ["a"] }, view);
  const changes = [{ op: "remove", kind: "node", id: "a" }, { op: "add", kind: "node", value: { id: "z" } }];
  model.hear({ kind: "patch", revision: 1, changes, renames: { a: "z" } });
  assert.deepEqual(graph.selected.nodes, ["z"]);
  assert.deepEqual(graph.status, { z: "failed" });
  assert.deepEqual(view.calls.map(([name]) => name), ["patch", "showSelection"]);
});

test("statuses come and go", () => {
  const { model, graph } = page();
  model.hear({ kind: "status", revision: 1, changes: { a: "", b: "running" } });
  assert.deepEqual(graph.status, { b: "running" });
});

test("a selection in one view shows in the others, and one by the kernel in all", () => {
  const { model, graph, view } = page();
  graph.select({ nodes: ["a"] }, view);
  assert.deepEqual(view.calls, []);
  model.hear({ kind: "select", ids: { edges: ["ab"] } });
  assert.deepEqual(graph.selected, { nodes: [], edges: ["ab"], notes: [] });
  assert.deepEqual(view.calls, [["showSelection"]]);
});

test("an intent goes to the kernel as it is", () => {
  const { model, graph } = page();
  graph.send("connect", { source: "a", target: "b" });
  assert.deepEqual(model.sent.at(-1), { kind: "intent", intent: "connect", payload: { source: "a", target: "b" } });
});

test("what was copied counts as on its way until it is on the system's clipboard", async () => {
  const { model, graph, view } = page();
  let written = () => {};
  const clipboard = { writeText: () => new Promise((done) => { written = () => done(undefined); }) };
  Object.defineProperty(globalThis, "navigator", { value: { clipboard }, configurable: true });
  graph.send("key", { name: "copy" });
  assert.equal(graph.isCopying(), false); // nothing is selected, so the kernel will answer with nothing
  graph.select({ nodes: ["a"] }, view);
  graph.send("key", { name: "copy" });
  assert.equal(graph.isCopying(), true);
  model.hear({ kind: "clip", text: "nodes:" });
  assert.equal(graph.isCopying(), true);
  written();
  await new Promise((done) => { setTimeout(done, 0); });
  assert.equal(graph.isCopying(), false);
});
