// The Markdown of notes.

import assert from "node:assert/strict";
import { test } from "node:test";

import { blocks, lines, pieces } from "../../flowbook/ui/canvas/canvas-markdown.js";

const measure = (text, _piece, size) => text.length * size * 0.5;
const words = (found) => found.map((line) => line.pieces.map((piece) => piece.text).join(""));

test("strong, emphasis, code and links are pieces, also in each other", () => {
  assert.deepEqual(pieces("a **b *c* ** `d*e*` [f](https://g)"), [
    { text: "a " }, { text: "b ", strong: true }, { text: "c", strong: true, em: true }, { text: " ", strong: true }, { text: " " }, { text: "d*e*", code: true },
    { text: " " }, { text: "f", link: true },
  ]);
});

test("what is no markup stays as it was written, HTML above all", () => {
  for (const text of ["snake_case_name", "2 * 3 * 4", "**open", "<b>bold</b>", "[no link]", "a_b"]) {
    assert.deepEqual(pieces(text), [{ text }]);
  }
});

test("headings and lists, with boxes to tick, are told from text", () => {
  const [title, first, second, done, text] = blocks("## Title\n- one\n  2. two\n* [x] three\nfour");
  assert.deepEqual([title.kind, title.level, title.pieces[0].strong], ["heading", 2, true]);
  assert.deepEqual([first.bullet, second.bullet, second.level, done.bullet], ["•", "2.", 1, "☑"]);
  assert.equal(text.kind, "text");
});

test("lines are wrapped between words, and a word that is too long is broken", () => {
  assert.deepEqual(words(lines("one two three", 50, measure, { size: 10 })), ["one two ", "three"]);
  assert.deepEqual(words(lines("abcdefghijklmnop", 50, measure, { size: 10 })), ["abcdefghij", "klmnop"]);
});

test("what is too much ends in an ellipsis, and any text ends", () => {
  assert.deepEqual(words(lines("a\nb\nc\nd", 50, measure, { most: 3 })), ["a", "b", "…"]);
  assert.equal(lines("x".repeat(5000), 3, measure, { most: 4 }).length, 4);
  assert.equal(pieces("*a* ".repeat(20000)).length, 40000);
});
