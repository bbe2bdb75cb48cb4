// In which order tasks and ways to steer are found by what a person types.

import assert from "node:assert/strict";
import { test } from "node:test";

import { plainly, ranked } from "../../flowbook/ui/parts/ranking.js";

const task = (id, about = "") => ({ id, label: id.split(".")[1], detail: id.split(".")[0], about });
const GROUPS = [
  { label: "Recently used", again: true, items: [task("files.write_csv"), task("core.python")] },
  {
    label: "Ways to steer",
    items: [
      { id: "way:if", label: "If", words: ["condition", "branch"], about: "A line is taken only if a condition is true." },
      { id: "way:each", label: "For each", words: ["loop", "iterate"], about: "Run a node once for each item of a list." },
    ],
  },
  { label: "Set up", items: [task("github.add_comment", "Comment on an issue or pull request."), task("slack.send_notification", "Send a message.")] },
  {
    label: "Needs no account",
    items: [task("core.python", "Run Python code."), task("files.read_csv"), task("files.write_csv"), task("http.request", "Send an HTTP request.")],
  },
  { label: "More integrations", items: [task("smtp.send_email", "Send an e-mail.")] },
];
const found = (typed) => ranked(GROUPS, typed).flatMap(({ items }) => items.map((item) => item.id));

test("with nothing typed the groups are as they are", () => {
  assert.deepEqual(ranked(GROUPS, "  ").map(({ group }) => group.label), GROUPS.map((group) => group.label));
});

test("an exact name comes first, wherever it stands", () => {
  assert.deepEqual(found("request"), ["http.request", "github.add_comment"]);
  assert.equal(found("http.request")[0], "http.request");
  assert.equal(found("HTTP Request")[0], "http.request");
  assert.equal(found("Send Email")[0], "smtp.send_email");
});

test("of what fits as well, what takes something away comes last", () => {
  const items = [{ ...task("slack.delete_message"), late: true }, task("slack.send_message")];
  const order = (typed) => ranked([{ label: "All", items }], typed).flatMap((one) => one.items.map((item) => item.id));
  assert.deepEqual(order("slack message"), ["slack.send_message", "slack.delete_message"]);
  assert.equal(order("delete")[0], "slack.delete_message");
});

test("then what begins with it, then a word of the name, then the description", () => {
  const items = [task("a.wait_for_issue"), task("a.other", "Finds an issue."), task("a.issue_list"), task("a.issue")];
  const order = ranked([{ label: "All", items }], "issue").flatMap((one) => one.items.map((item) => item.id));
  assert.deepEqual(order, ["a.issue", "a.issue_list", "a.wait_for_issue", "a.other"]);
});

test("of what fits as well, that of the earlier group comes first, and in it what was used of late", () => {
  assert.deepEqual(found("send"), ["slack.send_notification", "smtp.send_email", "http.request"]);
  assert.deepEqual(found("csv"), ["files.write_csv", "files.read_csv"]);
});

test("a way to steer is found by its own words", () => {
  assert.equal(found("if")[0], "way:if");
  assert.equal(found("loop")[0], "way:each");
  assert.equal(found("for each")[0], "way:each");
  assert.equal(found("branch")[0], "way:if");
});

test("two letters are looked for at the beginnings of words only", () => {
  assert.deepEqual(found("if"), ["way:if"]); // and not send_not-if-ication
});

test("each of several words has to be there, in any of the texts", () => {
  assert.deepEqual(found("files csv write"), ["files.write_csv"]);
  assert.deepEqual(found("csv email"), []);
});

test("what is recently used stands once among what is found", () => {
  assert.deepEqual(found("python"), ["core.python"]);
});

test("signs and cases make no difference", () => {
  assert.equal(plainly("  Send_Message… "), "send message");
  assert.deepEqual(found("(((("), GROUPS.flatMap((group) => group.items.map((item) => item.id)));
});
