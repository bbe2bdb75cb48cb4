// Frames: what stands in one goes along with it, and its lower right corner makes it larger or smaller.
import { element, shield } from "./canvas-parts.js";
import { bounds } from "./canvas-places.js";

export function addFrames(view) {
  carryAlong(view);
  addCorner(view);
}

/** A frame that is dragged takes what stands in it along. */
function carryAlong(view) {
  const { cy } = view;
  let carried = null;
  cy.on("grab", "node.fb-frame", (event) => {
    const frame = event.target;
    if (carried?.frame.same(frame)) return;
    const box = bounds(frame);
    const inside = cy.nodes(".fb-card, .fb-note").filter((node) => {
      const { x, y } = node.position();
      return !node.same(frame) && !node.selected() && x > box.x1 && x < box.x2 && y > box.y1 && y < box.y2;
    });
    carried = { frame, inside, at: { ...frame.position() } };
  });
  cy.on("drag", "node.fb-frame", (event) => {
    if (!carried?.frame.same(event.target)) return;
    const { x, y } = event.target.position();
    const [dx, dy] = [x - carried.at.x, y - carried.at.y];
    carried.at = { x, y };
    cy.batch(() => carried.inside.forEach((node) => { node.position({ x: node.position().x + dx, y: node.position().y + dy }); }));
  });
  cy.on("dragfree", "node.fb-frame", () => { if (carried) view.movedToo(carried.inside); });
  cy.on("free", "node.fb-frame", () => queueMicrotask(() => { carried = null; })); // dragfree comes after it
}

function addCorner(view) {
  const { cy, container } = view;
  const corner = shield(element("div", "flowbook-frame-corner", { hidden: "", title: "Drag to change the frame's size" }));
  container.append(corner);
  let [frame, waiting] = [null, 0];
  const place = () => {
    waiting = 0;
    const chosen = cy.elements(":selected");
    frame = chosen.length === 1 && chosen[0].hasClass("fb-frame") ? chosen[0] : null;
    corner.hidden = !frame;
    if (!frame) return;
    const { x2, y2 } = bounds(frame);
    corner.style.left = `${x2 * cy.zoom() + cy.pan().x}px`;
    corner.style.top = `${y2 * cy.zoom() + cy.pan().y}px`;
  };
  const later = () => { if (!waiting) waiting = requestAnimationFrame(place); };
  cy.on("select unselect remove position data", "node.fb-note", later);
  cy.on("viewport", later);
  corner.addEventListener("pointerdown", (event) => {
    if (event.button || !frame) return;
    event.preventDefault();
    corner.setPointerCapture(event.pointerId);
    const resized = /** @type {any} */ (frame);
    const { x1, y1, x2, y2 } = bounds(resized);
    const from = { x: event.clientX, y: event.clientY };
    let size = null;
    const move = (at) => {
      const least = LOOK.frame.least;
      size = {
        width: Math.round(Math.max(least, x2 - x1 + (at.clientX - from.x) / cy.zoom())),
        height: Math.round(Math.max(least, y2 - y1 + (at.clientY - from.y) / cy.zoom())),
      };
      resized.data({ ...size, record: { ...resized.data("record"), frame: [size.width, size.height] } });
      resized.position({ x: x1 + size.width / 2, y: y1 + size.height / 2 });
    };
    const done = () => {
      corner.removeEventListener("pointermove", move);
      corner.removeEventListener("pointerup", done);
      corner.removeEventListener("pointercancel", done);
      container.focus({ preventScroll: true });
      if (size && !resized.removed()) view.send("command", { name: "size", nodes: [], edges: [], notes: [resized.data("record").id], ...size });
    };
    corner.addEventListener("pointermove", move);
    corner.addEventListener("pointerup", done);
    corner.addEventListener("pointercancel", done);
  });
  view.cleanups.push(() => {
    cancelAnimationFrame(waiting);
    corner.remove();
  });
}
