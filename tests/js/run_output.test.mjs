// What a node printed: how it grows by operations, and how a terminal would leave it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { grown } from "../../flowbook/ui/runs/run_chunks.js";
import { settled } from "../../flowbook/ui/runs/run_output.js";

test("chunks are begun, added to, dropped and replaced", () => {
  let chunks = grown([], [["new", { s: "stdout", t: "a" }], ["more", "b"], ["new", { s: "stderr", t: "c" }]]);
  assert.deepEqual(chunks, [{ s: "stdout", t: "ab" }, { s: "stderr", t: "c" }]);
  chunks = grown(chunks, [["drop", 1], ["more", "d"]]);
  assert.deepEqual(chunks, [{ s: "stderr", t: "cd" }]);
  assert.deepEqual(grown(chunks, [["all", [{ s: "stdout", t: "x" }]]]), [{ s: "stdout", t: "x" }]);
  assert.deepEqual(grown([], [["more", "nothing to add it to"]]), []);
});

test("what is given is not changed by what follows", () => {
  const first = { s: "stdout", t: "a" };
  grown([], [["new", first], ["more", "b"]]);
  assert.equal(first.t, "a");
});

test("colour codes go, and of a line that was written again only the last is left", () => {
  assert.equal(settled("\u001b[31mred\u001b[0m"), "red");
  assert.equal(settled("10%\r50%\r100%\ndone\r\n"), "100%\ndone\n");
  assert.equal(settled("bar\r"), "bar");
});
