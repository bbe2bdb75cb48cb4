// What fits into a view, how lines bend, what is near, and how a long arrangement is wrapped.

import assert from "node:assert/strict";
import { test } from "node:test";

import { LEAST_FIT, along, distance, fitted, nearest, readingOrder, wrapped } from "../../flowbook/ui/canvas/canvas-geometry.js";

const at = (view, place) => ({ x: place.x * view.zoom + view.pan.x, y: place.y * view.zoom + view.pan.y });

test("what fits is shown whole, in the middle, at most at its own size", () => {
  const small = fitted({ x1: 0, y1: 0, x2: 200, y2: 56 }, 800, 500, { x: 100, y: 28 });
  assert.equal(small.zoom, 1);
  assert.deepEqual(at(small, { x: 100, y: 28 }), { x: 400, y: 250 });
  const large = fitted({ x1: 0, y1: 0, x2: 1456, y2: 200 }, 800, 500, { x: 100, y: 28 });
  assert.equal(large.zoom, 0.5);
});

test("Fit does not go below its least zoom, and then begins at the left, at the height of the first node", () => {
  const line = fitted({ x1: 0, y1: 0, x2: 20000, y2: 56 }, 800, 500, { x: 100, y: 28 });
  assert.equal(line.zoom, LEAST_FIT);
  assert.equal(at(line, { x: 0, y: 0 }).x, 36);
  assert.equal(at(line, { x: 0, y: 28 }).y, 250);
  const tall = fitted({ x1: 0, y1: 0, x2: 20000, y2: 9000 }, 800, 500, { x: 100, y: 28 });
  assert.equal(at(tall, { x: 0, y: 0 }).y, 36);
  const low = fitted({ x1: 0, y1: 0, x2: 20000, y2: 9000 }, 800, 500, { x: 100, y: 8900 });
  assert.ok(at(low, { x: 100, y: 8900 }).y < 500);
});

test("a line leaves to the right and arrives from the left, also where it leads back", () => {
  for (const end of [{ x: 300, y: 80 }, { x: -900, y: 150 }, { x: -400, y: 0 }]) {
    const points = along({ x: 0, y: 0 }, end);
    assert.ok(points[1].x > points[0].x, "leaves to the right");
    assert.deepEqual(points.at(-1), end);
    assert.ok(points.at(-2).x < end.x, "arrives from the left");
  }
});

test("a place upon a line is near it, and one beside it is not", () => {
  const points = along({ x: 0, y: 0 }, { x: 200, y: 0 });
  assert.ok(distance(points, { x: 100, y: 3 }) <= 3.01);
  assert.ok(distance(points, { x: 100, y: 40 }) > 30);
});

test("the nearest node in a direction is the one that a person means", () => {
  const nodes = { right: { x: 300, y: 10 }, far: { x: 900, y: 0 }, below: { x: 20, y: 100 } };
  assert.equal(nearest(nodes, { x: 0, y: 0 }, [1, 0]), "right");
  assert.equal(nearest(nodes, { x: 0, y: 0 }, [0, 1]), "below");
  assert.equal(nearest(nodes, { x: 0, y: 0 }, [-1, 0]), null);
  assert.equal(nearest(nodes, { x: 0, y: 0 }, [-1, 0], true) !== null, true);
});

test("nodes are read as a page is", () => {
  const nodes = { d: { id: "d", x: 0, y: 200 }, b: { id: "b", x: 300, y: 4 }, a: { id: "a", x: 0, y: 0 }, c: { id: "c", x: 600, y: 2 } };
  assert.deepEqual(readingOrder(nodes), ["a", "b", "c", "d"]);
});

test("a long line is wrapped to the shape of a canvas, in order, and a short one is left", () => {
  const chain = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, { id: `n${i}`, x: i * 284, y: 0 }]));
  assert.deepEqual(wrapped(chain(12), 56), chain(12));
  const put = wrapped(chain(100), 56);
  const [xs, ys] = [Object.values(put).map((p) => p.x), Object.values(put).map((p) => p.y)];
  const shape = (Math.max(...xs) + 284) / (Math.max(...ys) + 116);
  assert.ok(shape > 1 && shape < 4, `${shape}`);
  const named = Object.fromEntries(Object.entries(put).map(([id, place]) => [id, { id, ...place }]));
  assert.deepEqual(readingOrder(named), Object.keys(chain(100)));
});
