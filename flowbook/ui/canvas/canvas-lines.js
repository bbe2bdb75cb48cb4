// Lines as places: a + that puts a node between, ends that can be led to another node, and which line is at a place.
import { edgePoints } from "./canvas-elements.js";
import { distance } from "./canvas-geometry.js";
import { CARD } from "./canvas-look.js";
import { element, listen, shield } from "./canvas-parts.js";
import { graphPlace } from "./canvas-places.js";

const REACH = 16; // pixels of the screen within which a line is meant
const KNOB = { far: 21, near: 6, apart: 19 }; // pixels from the line's end at most and at least, and from its middle
const ALONE = 8; // pixels from its middle where no + stands there
const BELOW = 21; // pixels from the middle to a + that would be in the way there
const BELOW_WORDS = 26; // the same below a condition, which may be two rows

/** The line nearest to a place of the graph, if one is near; a card there is what is meant instead. */
export function edgeAt(view, place) {
  if (cardAt(view, place)) return null;
  /** @type {[any, number]} */
  let [best, least] = [null, REACH / view.cy.zoom()];
  view.cy.edges(".fb-edge").forEach((edge) => {
    const [a, b] = [edge.source().position(), edge.target().position()];
    const spare = 220; // a line bends out of the box between its ends
    if (place.x < Math.min(a.x, b.x) - spare || place.x > Math.max(a.x, b.x) + spare) return;
    if (place.y < Math.min(a.y, b.y) - spare || place.y > Math.max(a.y, b.y) + spare) return;
    const far = distance(edgePoints(edge), place);
    if (far < least) [best, least] = [edge, far];
  });
  return best;
}

/** The card at a place of the graph, but for `besides`. */
export function cardAt(view, { x, y }, besides = view.cy.collection()) {
  const inside = view.cy.nodes(".fb-card").difference(besides).filter((node) => {
    const at = node.position();
    return Math.abs(at.x - x) <= CARD.width / 2 + 6 && Math.abs(at.y - y) <= CARD.height / 2 + 6;
  });
  return inside.nonempty() ? inside[0] : null;
}

/** Where a place of the graph is drawn, in pixels from the canvas's corner. */
export function rendered(view, place) {
  const [zoom, pan] = [view.cy.zoom(), view.cy.pan()];
  return { x: place.x * zoom + pan.x, y: place.y * zoom + pan.y };
}

/** A line that is not part of the graph, drawn over it while something is carried. */
export function drawing(view) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "flowbook-canvas-ghost");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.append(path);
  svg.style.display = "none";
  view.container.append(svg);
  return { svg, path };
}

export function addLines(view) {
  const { cy, container } = view;
  const plus = shield(element("button", "flowbook-edge-add", { type: "button", hidden: "" }));
  plus.textContent = "+";
  const ends = { source: handle("source"), target: handle("target") };
  const ghost = drawing(view);
  /** @type {any} the edge that they are of; null for none */
  let edge = null;
  let [leaving, frame, moving, pressed] = [0, 0, false, false];

  function handle(end) {
    const knob = shield(element("div", `flowbook-edge-end flowbook-${end}`, { hidden: "" }));
    knob.title = "Drag this end to another node";
    return knob;
  }

  /** Nothing comes up below a mouse that is pressed: its click would begin on the line, and end on that. */
  const show = (part, wanted) => { part.hidden = !wanted || (pressed && part.hidden); };
  const place = () => {
    frame = 0;
    if (edge?.removed()) edge = null;
    const shown = Boolean(edge) && !view.connecting && !view.dragging && cy.zoom() >= 0.3;
    show(plus, shown);
    for (const knob of Object.values(ends)) if (!shown) knob.hidden = true;
    if (!shown) return;
    const points = edgePoints(edge).map((point) => rendered(view, point));
    const middle = points[points.length >> 1];
    const half = lengthOf(points) / 2;
    const short = half < KNOB.apart + KNOB.near; // the + would cover all of it: it could be met nowhere itself
    put(plus, middle.x, middle.y + (edge.data("label") ? BELOW_WORDS : short ? BELOW : 0)); // a condition stays readable
    const room = Math.min(KNOB.far, half - (short ? ALONE : KNOB.apart));
    for (const knob of Object.values(ends)) show(knob, room >= KNOB.near);
    put(ends.source, ...inward(points, room));
    put(ends.target, ...inward([...points].reverse(), room));
    plus.setAttribute("aria-label", `Put a node between ${nameOf(edge.source())} and ${nameOf(edge.target())}`);
    plus.title = "Put a node here";
  };
  const later = () => { if (!frame) frame = requestAnimationFrame(place); };
  const about = (other) => { clearTimeout(leaving); edge = other; later(); };
  const selected = () => {
    const chosen = cy.elements(":selected");
    return chosen.length === 1 && chosen[0].hasClass("fb-edge") ? chosen[0] : null;
  };
  const leave = () => {
    clearTimeout(leaving);
    if (!moving) leaving = setTimeout(() => about(selected()), 350);
  };

  cy.on("mouseover", "edge.fb-edge", (event) => { if (!moving) about(event.target); });
  cy.on("mouseout", "edge.fb-edge", leave);
  cy.on("select unselect remove", "edge.fb-edge", () => { if (!moving) about(selected()); });
  cy.on("viewport position grab free", later);
  cy.on("data", "edge.fb-edge", later);
  for (const part of [plus, ends.source, ends.target]) {
    part.addEventListener("mouseenter", () => clearTimeout(leaving));
    part.addEventListener("mouseleave", leave);
    container.append(part);
  }
  view.lineChanged = later;
  const press = () => { pressed = true; };
  const release = () => { pressed = false; later(); };
  container.addEventListener("pointerdown", press, true);
  for (const type of ["pointerup", "pointercancel"]) window.addEventListener(type, release, true);

  view.insertInto = (id) => {
    const points = edgePoints(cy.getElementById(`e:${id}`));
    const middle = points[points.length >> 1];
    const at = rendered(view, middle);
    view.send("insert", { edge: id, x: Math.round(middle.x), y: Math.round(middle.y), left: Math.round(at.x) + 14, top: Math.round(at.y) + 14 });
  };
  plus.addEventListener("click", () => {
    if (!edge || edge.removed()) return;
    container.focus({ preventScroll: true }); // it is to go, and what is typed next is meant for the list that comes
    view.insertInto(edge.data("record").id);
  });

  for (const [end, knob] of Object.entries(ends)) knob.addEventListener("pointerdown", (event) => begin(end, knob, event));

  function begin(end, knob, event) {
    if (event.button || !edge) return;
    event.preventDefault();
    const dragged = edge;
    const fixed = end === "target" ? dragged.source() : dragged.target();
    /** @type {any} the card below, to which the line would lead */
    let over = null;
    moving = true;
    knob.setPointerCapture(event.pointerId);
    dragged.addClass("fb-moving");
    for (const part of [plus, ends.source, ends.target]) part.hidden = part !== knob;
    const move = (at) => {
      const where = graphPlace(view, at.clientX, at.clientY);
      const card = cardAt(view, where);
      over?.removeClass("fb-target");
      over = card && !card.same(fixed) ? card : null;
      over?.addClass("fb-target");
      const from = { x: fixed.position().x + (end === "target" ? 1 : -1) * (CARD.width / 2), y: fixed.position().y };
      const [a, b] = [rendered(view, from), rendered(view, where)];
      ghost.svg.style.display = "";
      ghost.path.setAttribute("d", `M${a.x} ${a.y}L${b.x} ${b.y}`);
      put(knob, b.x, b.y);
    };
    const done = (at) => {
      for (const [type, act] of listeners) knob.removeEventListener(type, act);
      window.removeEventListener("keydown", cancel, true);
      moving = false;
      ghost.svg.style.display = "none";
      over?.removeClass("fb-target");
      if (!dragged.removed()) dragged.removeClass("fb-moving");
      if (at?.type === "pointerup" && isClick(event, at)) choose(view, dragged, at);
      else if (at?.type === "pointerup" && over) view.send("reconnect", { edge: dragged.data("record").id, [end]: over.data("record").id });
      about(selected());
      container.focus({ preventScroll: true });
    };
    const cancel = (key) => {
      if (key.key !== "Escape") return;
      key.stopPropagation();
      done(null);
    };
    const listeners = [["pointermove", move], ["pointerup", done], ["pointercancel", done]];
    for (const [type, act] of listeners) knob.addEventListener(type, act);
    window.addEventListener("keydown", cancel, true);
  }

  listen(view, container, "mouseleave", leave);
  view.cleanups.push(() => {
    clearTimeout(leaving);
    cancelAnimationFrame(frame);
    container.removeEventListener("pointerdown", press, true);
    for (const type of ["pointerup", "pointercancel"]) window.removeEventListener(type, release, true);
    for (const part of [plus, ends.source, ends.target, ghost.svg]) part.remove();
  });
}

const isClick = (down, up) => Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) < 4;

/** A click on what lies over the line is one on the line. */
function choose(view, edge, at) {
  const where = graphPlace(view, at.clientX, at.clientY);
  view.cy.elements(":selected").unselect();
  edge.select();
  view.send("edge", { id: edge.data("record").id, x: Math.round(where.x), y: Math.round(where.y) });
}

function put(part, x, y) {
  part.style.left = `${x}px`;
  part.style.top = `${y}px`;
}

function lengthOf(points) {
  return points.slice(1).reduce((sum, b, at) => sum + Math.hypot(b.x - points[at].x, b.y - points[at].y), 0);
}

/** The place `length` pixels along a line of points. */
function inward(points, length) {
  let left = length;
  for (let at = 1; at < points.length; at += 1) {
    const [a, b] = [points[at - 1], points[at]];
    const step = Math.hypot(b.x - a.x, b.y - a.y);
    if (step >= left) return [a.x + ((b.x - a.x) * left) / step, a.y + ((b.y - a.y) * left) / step];
    left -= step;
  }
  return [points[points.length - 1].x, points[points.length - 1].y];
}

function nameOf(node) {
  return node.data("label");
}
