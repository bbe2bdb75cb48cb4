// What a person does with mouse and keyboard, turned into intents. The graph itself is never changed here, but for
// places while something is dragged.
import { cardAt } from "./canvas-lines.js";
import { CARD } from "./canvas-look.js";
import { listen } from "./canvas-parts.js";
import { graphPlace, kindOf, places } from "./canvas-places.js";

// ---- focus and wheel

export function addFocus(view) {
  const { container, cy } = view;
  container.tabIndex = 0;
  container.setAttribute("data-lm-suppress-shortcuts", "true");
  container.setAttribute("role", "application");
  // cytoscape prevents the default of mousedown, and with it the focus
  listen(view, container, "mousedown", () => container.focus({ preventScroll: true }));
  // JupyterLab leaves the focus where it is when a cell's prompt is clicked; the keys must go where the person looks
  listen(view, document, "mousedown", (event) => {
    if (!container.contains(event.target) && document.activeElement === container) container.blur();
  }, { capture: true });
  listen(view, container, "mousemove", (event) => { view.pointer = { x: event.clientX, y: event.clientY }; });
  listen(view, container, "mouseleave", () => { view.pointer = null; });
  // before cytoscape hears of it, which would zoom by its own measure: that is left to two fingers
  listen(view, window, "wheel", (event) => {
    if (!container.contains(event.target)) return;
    event.stopImmediatePropagation();
    if (event.target.closest(".flowbook-canvas-over")) return;
    if (!event.ctrlKey && !event.metaKey && document.activeElement !== container) return;
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 200 : 1);
    const box = container.getBoundingClientRect();
    view.zoomBy(Math.exp(-Math.max(-200, Math.min(200, pixels)) * 0.0018), { x: event.clientX - box.left, y: event.clientY - box.top });
  }, { passive: false, capture: true });
  view.cleanups.push(() => cy.off("mouseover mouseout mousemove tapstart"));
}

// ---- connecting

function pluginThrottle(act, wait) {
  let [timer, last] = [0, 0];
  return (...given) => {
    clearTimeout(timer);
    const left = last + wait - Date.now();
    const now = () => { last = Date.now(); act(...given); };
    if (left <= 0) now();
    else timer = setTimeout(now, left);
  };
}

function pluginMemoize(act, key) {
  const known = new Map();
  return (...given) => {
    const name = key ? key(...given) : given[0];
    if (!known.has(name)) known.set(name, act(...given));
    return known.get(name);
  };
}

/** edgehandles for this one instance: it registers itself with a stand-in that keeps the function it registers. */
function makeEdgehandles(cy, options) {
  const needs = { "lodash.memoize": pluginMemoize, "lodash.throttle": pluginThrottle };
  const module = { exports: {} };
  const register = edgehandlesModule((name) => needs[name], module, module.exports);
  /** @type {Record<string, any>} */
  const made = { core: null };
  register((kind, _name, given) => { made[kind] = given; });
  return made.core.call(cy, options);
}

/** Whether the point is on the handle at the right edge of `node`. */
function onHandle(node, place) {
  const [at, right] = [node.position(), node.position().x + CARD.width / 2];
  return place.x >= right - 13 && place.x <= right + 13 && Math.abs(place.y - at.y) <= 16;
}

/** The card whose handle is at the point, also where only the handle is, beside the card. */
function handleAt(cy, place) {
  const found = cy.nodes(".fb-card").filter((node) => onHandle(node, place));
  return found.nonempty() ? found[0] : null;
}

/** Ask for a task to go on with: where a line ended on an empty place, or beside a card whose handle was clicked. */
function extend(view, source, begun) {
  const end = view.pointer;
  if (!begun || !end || source.removed()) return; // let go outside of the canvas
  const box = view.container.getBoundingClientRect();
  const asked = { source: source.data("record").id, left: Math.round(end.x - box.left), top: Math.round(end.y - box.top) };
  const place = graphPlace(view, end.x, end.y);
  const at = source.position();
  if (Math.hypot(end.x - begun.x, end.y - begun.y) < 5) view.send("extend", asked);
  else if (Math.abs(place.x - at.x) > CARD.width / 2 + 12 || Math.abs(place.y - at.y) > CARD.height / 2) view.send("extend", { ...asked, ...place });
}

export function addConnecting(view) {
  const { cy, container } = view;
  const handles = makeEdgehandles(cy, {
    canConnect: (source, target) => target.nonempty() && target.hasClass("fb-card") && !source.same(target),
    snap: false, hoverDelay: 0, disableBrowserGestures: true, // its snapping reaches 155 px around a card this wide
  });
  /** @type {any} the card under the pointer */
  let near = null;
  let [grip, begun, beside, over] = [false, null, false, false]; // begun: where the line began, perhaps beside its card; over: it needs no more
  const setGrip = (on) => {
    if (on === grip) return;
    grip = on;
    cy.autoungrabify(on);
    cy.userPanningEnabled(!on);
    cy.boxSelectionEnabled(!on); // a drag that begins beside the card would be taken for one of a box
    container.style.cursor = on ? "crosshair" : "";
    if (near) near.toggleClass("fb-grip", on);
  };
  const setNear = (node) => {
    if (near === node || (near && node && near.same(node))) return;
    setGrip(false);
    if (near) near.removeClass("fb-out fb-in fb-hover fb-grip");
    near = node;
    if (near) near.addClass("fb-out fb-in fb-hover");
  };
  cy.on("mousemove", (event) => {
    if (view.connecting || view.dragging) return;
    const under = event.target !== cy && event.target.isNode() && event.target.hasClass("fb-card") ? event.target : null;
    if (under) setNear(under);
    else if (!near || near.removed() || !onHandle(near, event.position)) setNear(handleAt(cy, event.position));
    setGrip(Boolean(near) && onHandle(near, event.position));
  });
  listen(view, container, "mouseleave", () => { if (!view.connecting) setNear(null); });
  cy.on("tapstart", (event) => {
    if (!grip || !near || near.removed() || (event.originalEvent && event.originalEvent.button)) return;
    view.connecting = true;
    [begun, beside, over] = [view.pointer, event.target === cy, false];
    handles.start(near);
    cy.batch(() => cy.nodes(".fb-card").difference(near).addClass("fb-in"));
  });
  // cytoscape tells nothing of the nodes that a drag passes which begins beside one
  cy.on("tapdrag", (event) => {
    if (!view.connecting || !beside || !near) return;
    const under = cardAt(view, event.position, near);
    if (under) handles.preview(under);
    else if (handles.targetNode.nonempty()) handles.unpreview(handles.targetNode);
  });
  cy.on("ehcomplete", (_event, source, target, added) => {
    added.remove();
    over = true;
    view.send("connect", { source: source.data("record").id, target: target.data("record").id });
  });
  cy.on("ehpreviewon", () => { cy.edges(".eh-ghost-edge").style("opacity", 0); });
  cy.on("ehpreviewoff", () => { cy.edges(".eh-ghost-edge").style("opacity", 1); });
  cy.on("ehstop", (_event, source) => {
    view.connecting = false;
    if (!over) extend(view, source, begun);
    cy.batch(() => cy.nodes(".fb-in").removeClass("fb-in"));
    setNear(null);
  });
  view.cancelConnecting = () => {
    if (!view.connecting) return;
    if (handles.targetNode.nonempty()) handles.unpreview(handles.targetNode);
    over = true;
    handles.stop();
  };
  view.cleanups.push(() => handles.destroy());
}

// ---- clicks, selection, moving

export function addClicks(view) {
  const { cy } = view;
  const rounded = (place) => ({ x: Math.round(place.x), y: Math.round(place.y) });
  cy.on("tap", "edge.fb-edge", (event) => {
    view.send("edge", { id: event.target.data("record").id, ...rounded(event.position) });
  });
  /** @type {any[]} */
  let [earlier, last] = [null, null]; // cytoscape also calls two quick clicks at different places a double one
  cy.on("tap", (event) => { [earlier, last] = [last, { target: event.target, ...event.renderedPosition }]; });
  cy.on("dbltap", (event) => {
    const [target, at] = [event.target, event.renderedPosition];
    if (!earlier || earlier.target !== target || Math.hypot(earlier.x - at.x, earlier.y - at.y) > 8) return;
    if (target === cy) { if (!view.readOnly) view.send("background", rounded(event.position)); }
    else if (target.data("record")) view.send("open", { id: target.data("record").id, kind: kindOf(target) });
  });
  // what a handle has made of the pointer stays
  const point = (from, to) => { if (view.container.style.cursor === from) view.container.style.cursor = to; };
  cy.on("mouseover", "edge.fb-edge", (event) => { event.target.addClass("fb-hover"); point("", "pointer"); });
  cy.on("mouseout", "edge.fb-edge", (event) => { event.target.removeClass("fb-hover"); point("pointer", ""); });
  cy.on("select unselect", () => view.noteSelection());
  // who clicks what is selected already wants to see it: the inspector may show a note, or nothing, since then
  cy.on("tap", ".fb-card, .fb-note", (event) => { if (event.target.selected()) view.sayAgain(); });
}

export function addMoving(view) {
  const { cy } = view;
  let moved = cy.collection();
  let timer = 0;
  const report = () => {
    timer = 0;
    const nodes = moved.filter((node) => !node.removed());
    moved = cy.collection();
    if (nodes.nonempty()) view.send("move", places(nodes));
  };
  const later = (wait) => { clearTimeout(timer); timer = setTimeout(report, wait); };
  cy.on("grab", () => { view.dragging = true; });
  cy.on("free", () => { view.dragging = false; });
  view.movedToo = (nodes) => { moved = moved.union(nodes); };
  // what the kernel says of a place meanwhile is of before: it would take back what a person has just done
  view.isHeld = (node) => node.grabbed() || moved.has(node);
  // cytoscape frees the nodes of a selection one by one; they are one move
  cy.on("dragfree", "node", (event) => {
    if (view.carriedOnto?.(event.target)) return;
    moved = moved.union(event.target);
    later(0);
  });
  view.nudge = (dx, dy) => {
    const nodes = cy.nodes(":selected");
    cy.batch(() => nodes.forEach((node) => { node.position({ x: node.position().x + dx, y: node.position().y + dy }); }));
    moved = moved.union(nodes);
    later(400); // a key held down is one move
  };
  view.flushMoves = () => { if (timer) { clearTimeout(timer); report(); } };
  view.cleanups.push(() => clearTimeout(timer));
}
