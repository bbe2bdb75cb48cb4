// The graph in words: what is found, what stands on cards, what is read out.

import assert from "node:assert/strict";
import { test } from "node:test";

import { described, inRows, matching, progressWords } from "../../flowbook/ui/canvas/canvas-words.js";

const nodes = {
  fetch: { id: "fetch", label: "Fetch orders", task: "http.request", x: 0, y: 0 },
  prefetch: { id: "prefetch", label: "", task: "core.noop", x: -300, y: 0 },
  tell: { id: "tell", label: "Tell the team", task: "slack.send_message", x: 300, y: 0, disabled: true },
};

test("a node is found by id, label and task, those that begin with the words first", () => {
  assert.deepEqual(matching(nodes, "FETCH"), ["fetch", "prefetch"]);
  assert.deepEqual(matching(nodes, "the team"), ["tell"]);
  assert.deepEqual(matching(nodes, "slack."), ["tell"]);
  assert.deepEqual(matching(nodes, "  "), []);
  assert.deepEqual(matching(nodes, "nothing"), []);
});

test("progress says how many are done, and failed", () => {
  assert.equal(progressWords(null), "");
  assert.equal(progressWords({ done: 3, total: 10, failed: 0 }), "3/10");
  assert.equal(progressWords({ done: 3, total: null, failed: 0 }), "3");
  assert.equal(progressWords({ done: 8.037646663000487, total: 30, failed: 0 }), "8/30");
  assert.equal(progressWords({ done: 1234, total: 20000, failed: 0 }), "1,234/20,000");
  assert.equal(progressWords({ done: 10, total: 10, failed: 2 }), "10/10 · 2 failed");
});

test("a node is read out with its task, how it is, and where it leads", () => {
  const graph = {
    elements: { nodes, edges: { e: { source: "fetch", target: "tell", on: "failure", label: "len(x) > 0" } }, notes: {} },
    status: { fetch: "succeeded" }, progress: {},
  };
  assert.equal(described(graph, "fetch"), "Fetch orders, http.request, succeeded. Leads to Tell the team (on failure when len(x) > 0).");
  assert.equal(described(graph, "tell"), "Tell the team, slack.send_message, disabled. Leads nowhere.");
});

test("a condition keeps its end in the room of a line, in two rows where one is too short", () => {
  assert.equal(inRows("total > 5", 29), "total > 5");
  assert.equal(inRows("len(data) > 1", 9), "len(data)\n> 1");
  assert.equal(inRows("status == 'paid'", 9), "status\n== 'paid'");
  assert.equal(inRows("status == 'paid' and total > 100", 9), "stat…aid'\nand … 100");
  assert.equal(inRows("is_a_customer_of_ours", 9), "is_a…ours");
  assert.equal(inRows("on failure", 9), "on\nfailure");
});
