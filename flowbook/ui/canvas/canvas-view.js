// What part of the graph is seen, and how large: zoom, pan, Fit, and what follows from the container's size.
import { FAR, PREFIX, fitOf } from "./canvas-elements.js";
import { LEAST_FIT } from "./canvas-geometry.js";
import { CARD } from "./canvas-look.js";
import { listen, roomLeft } from "./canvas-parts.js";

const RESTS = 1000; // milliseconds after which a mouse that does not move aims at nothing

export function addViewport(view) {
  const { cy, container } = view;
  const grid = () => {
    const [zoom, pan] = [cy.zoom(), cy.pan()];
    let size = 20 * zoom;
    while (size < 14) size *= 2;
    container.style.backgroundSize = `${size}px ${size}px`;
    container.style.backgroundPosition = `${pan.x - size / 2}px ${pan.y - size / 2}px`;
  };
  let [frame, far] = [0, false];
  view.markFar = () => {
    far = cy.zoom() < FAR;
    const marked = cy.elements(".fb-far");
    if (far) cy.batch(() => cy.elements(".fb-card, .fb-edge").difference(marked).addClass("fb-far"));
    else if (marked.nonempty()) cy.batch(() => marked.removeClass("fb-far"));
  };
  const follow = () => {
    grid();
    if (far !== cy.zoom() < FAR) view.markFar();
  };
  cy.on("viewport", () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(follow); });
  const where = () => JSON.stringify([cy.zoom(), cy.pan()]);
  let [left, tall] = ["", 0]; // where the last fit left the view, and how high the container was
  view.fitted = false;
  // beside what lies over the canvas, if all of it can be seen there
  const wantedView = () => {
    const beside = fitOf(view, roomLeft(container));
    return beside?.zoom > LEAST_FIT ? beside : fitOf(view, container.clientWidth);
  };
  view.fit = (animate = false) => {
    const wanted = container.clientWidth ? wantedView() : null;
    if (!wanted) { grid(); return; }
    view.fitted = true;
    cy.stop(true);
    left = "";
    const done = () => { left = where(); };
    if (animate && !matchMedia("(prefers-reduced-motion: reduce)").matches) cy.animate({ ...wanted, duration: 180, complete: done });
    else {
      cy.viewport(wanted);
      done();
    }
    grid();
  };
  view.zoomBy = (factor, renderedPosition = { x: container.clientWidth / 2, y: container.clientHeight / 2 }) => {
    cy.stop(true);
    cy.zoom({ level: Math.max(cy.minZoom(), Math.min(cy.maxZoom(), cy.zoom() * factor)), renderedPosition });
  };
  // no further than needed, so that what a person was looking at stays in sight too
  view.reveal = (one) => {
    const [spare, wide, high] = [22, roomLeft(container), container.clientHeight];
    const around = (nodes) => nodes.reduce((box, node) => {
      const [{ x, y }, w, h] = [node.renderedPosition(), node.renderedWidth() / 2, node.renderedHeight() / 2];
      return { x1: Math.min(box.x1, x - w), x2: Math.max(box.x2, x + w), y1: Math.min(box.y1, y - h), y2: Math.max(box.y2, y + h) };
    }, { x1: Infinity, x2: -Infinity, y1: Infinity, y2: -Infinity });
    const fits = (box) => box.x2 - box.x1 + 2 * spare <= wide && box.y2 - box.y1 + 2 * spare <= high;
    // a line with both of its nodes, or at least itself; of a longer one any part is as good
    const boxes = one.isNode() ? [around([one])] : [around(one.connectedNodes().toArray()), one.renderedBoundingBox({ includeLabels: false })];
    const box = one.hasClass("fb-card") ? boxes[0] : boxes.find(fits);
    if (!box) return;
    const short = (from, to, room) => Math.max(0, spare - from) || Math.min(0, room - spare - to);
    const [x, y] = [short(box.x1, box.x2, wide), short(box.y1, box.y2, high)];
    if (x || y) cy.animate({ panBy: { x, y }, duration: 150 });
  };
  const opened = () => container.querySelector(":scope > :is(.flowbook-canvas-menu, .flowbook-canvas-name):not([hidden])");
  view.revealById = (id, kind) => {
    const one = cy.getElementById(PREFIX[kind] + id);
    // a Fit that goes on may show it already; and what a person has opened at a place would go when the view moves
    if (cy.animated() || opened()) { setTimeout(() => view.revealById(id, kind), 60); return; }
    if (one.nonempty() && container.clientWidth && !view.dragging && !view.connecting) view.reveal(one);
  };
  view.focusNode = (id) => {
    const node = cy.getElementById(PREFIX.node + id);
    if (node.empty()) return;
    const zoom = Math.max(cy.zoom(), 0.7);
    const { x, y } = node.position();
    cy.animate({ zoom, pan: { x: roomLeft(container) / 2 - x * zoom, y: container.clientHeight / 2 - y * zoom }, duration: 180 });
  };
  // cytoscape remembers where its container is, and notices scrolling, but not that an output above has grown
  let place = container.getBoundingClientRect();
  const relocate = () => {
    const now = container.getBoundingClientRect();
    if (now.left === place.left && now.top === place.top) return;
    place = now;
    const renderer = cy.renderer();
    if (renderer.invalidateContainerClientCoordsCache) renderer.invalidateContainerClientCoordsCache();
    else cy.resize();
  };
  for (const type of ["mousemove", "mousedown", "touchstart"]) listen(view, window, type, relocate, { capture: true, passive: true });
  // a hidden tab has no size: the first real one is when the graph can be fitted
  let used = false; // whether a person has done something on it
  for (const type of ["pointerdown", "wheel", "keydown"]) listen(view, container, type, () => { used = true; }, { capture: true, passive: true });
  let moved = -Infinity; // when the mouse was last moved or pressed there: one that only rests there aims at nothing
  for (const type of ["pointermove", "pointerdown"]) listen(view, container, type, () => { moved = performance.now(); }, { capture: true, passive: true });
  const aims = () => container.matches(":hover") && performance.now() - moved < RESTS;
  const hidden = () => cy.nodes(".fb-card").some((node) => node.renderedPosition().y + (CARD.height / 2) * cy.zoom() > container.clientHeight);
  const observer = new ResizeObserver(() => {
    if (!container.clientWidth || !container.clientHeight) return;
    cy.resize();
    // a view may get its height only after it was shown; the width changes too when the inspector opens, and is left
    const other = container.clientHeight !== tall && where() === left;
    tall = container.clientHeight;
    // nobody asked: once it is worked on, it moves only for what would be out of sight, and not below the mouse
    if (!view.fitted || (other && (!used || (hidden() && !aims())))) view.fit();
  });
  observer.observe(container);
  listen(view, document, "flowbook-full", (event) => { // the whole window, or the cell's output again
    if (event.target.contains(container)) requestAnimationFrame(() => requestAnimationFrame(() => view.fit()));
  });
  view.cleanups.push(() => { observer.disconnect(); cancelAnimationFrame(frame); });
}
