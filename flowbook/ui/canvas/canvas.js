// The canvas's companion: attaches every view of the canvas to the graph of the page.
import { GROUPS, Graph } from "./canvas-graph.js";
import { addClicks, addConnecting, addDropping, addFocus, addKeys, addMoving, places } from "./canvas-hands.js";
import { CARD, FONT, NOTE, bend, readPalette, stylesheet, wrap } from "./canvas-look.js";
import { addControls, addHint, addHoverText, addMessages, listen } from "./canvas-parts.js";

// ---- elements for cytoscape: the prefix keeps nodes, notes and edges of one name apart

const PREFIX = { node: "n:", edge: "e:", note: "t:" };

function nodeElement(node, status) {
  return {
    group: "nodes", classes: node.disabled ? "fb-card fb-disabled" : "fb-card", position: { x: node.x, y: node.y },
    data: { id: PREFIX.node + node.id, label: String(node.label || node.id).replace(/\s+/g, " "), status: status || "", record: node },
  };
}

function noteElement(note) {
  const lines = wrap(note.text || "", NOTE.width - 2 * NOTE.padding, `12.5px ${FONT}`, NOTE.lines);
  return {
    group: "nodes", classes: "fb-note", position: { x: note.x, y: note.y },
    data: { id: PREFIX.note + note.id, label: lines.join("\n"), height: lines.length * NOTE.line + 2 * NOTE.padding, record: note },
  };
}

function edgeElement(edge) {
  const words = [{ failure: "on failure", always: "always" }[edge.on], edge.label].filter(Boolean).join(" · ");
  return {
    group: "edges", classes: "fb-edge",
    data: { id: PREFIX.edge + edge.id, source: PREFIX.node + edge.source, target: PREFIX.node + edge.target, label: words, on: edge.on || "success", record: edge },
  };
}

function makeElement(kind, value, status) {
  return kind === "node" ? nodeElement(value, status[value.id]) : kind === "note" ? noteElement(value) : edgeElement(value);
}

// ---- one view

const FAR = 0.3; // the zoom below which a card shows by its colour how it is

/**
 * Let `cy` (any cytoscape.js instance inside `container`) show `graph`, and send what is done to it.
 * Returns the function that ends this. Knows nothing of notebooks or widgets.
 */
function attach(cy, container, graph) {
  const view = { cy, container, graph, cleanups: [], readOnly: graph.readOnly, pointer: null, connecting: false, dragging: false };
  view.send = (intent, payload) => graph.send(intent, payload);
  addViewport(view);
  addElements(view);
  addSelection(view);
  addTheme(view);
  addFocus(view);
  addMessages(view);
  addHoverText(view);
  addHint(view);
  addControls(view);
  addClicks(view);
  addMoving(view);
  addKeys(view);
  cy.autoungrabify(view.readOnly);
  if (!view.readOnly) {
    addConnecting(view);
    addDropping(view);
  }
  graph.views.add(view);
  view.load();
  return () => {
    graph.views.delete(view);
    for (const cleanup of view.cleanups.splice(0).reverse()) cleanup();
    cy.destroy();
  };
}

/** Where these nodes are, without what lies around them: a badge or a halo that comes must not shift the view. */
function bounds(nodes) {
  const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
  nodes.forEach((node) => {
    const [{ x, y }, wide, high] = [node.position(), node.width() / 2, node.height() / 2];
    Object.assign(box, { x1: Math.min(box.x1, x - wide), y1: Math.min(box.y1, y - high), x2: Math.max(box.x2, x + wide), y2: Math.max(box.y2, y + high) });
  });
  return box;
}

function addViewport(view) {
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
    cy.batch(() => cy.elements(".fb-card, .fb-edge").toggleClass("fb-far", far));
  };
  const follow = () => {
    grid();
    if (far !== cy.zoom() < FAR) view.markFar();
  };
  cy.on("viewport", () => { cancelAnimationFrame(frame); frame = requestAnimationFrame(follow); });
  const where = () => JSON.stringify([cy.zoom(), cy.pan()]);
  let [left, tall] = ["", 0]; // where the last fit left the view, and how high the container was
  view.fitted = false;
  view.fit = (animate = false) => {
    const shown = cy.elements(".fb-card, .fb-note");
    if (!container.clientWidth || shown.empty()) { grid(); return; }
    view.fitted = true;
    const box = bounds(shown);
    const [wide, high] = [container.clientWidth - 72, container.clientHeight - 72];
    const zoom = Math.max(cy.minZoom(), Math.min(1, wide / (box.x2 - box.x1), high / (box.y2 - box.y1)));
    const pan = { x: container.clientWidth / 2 - (zoom * (box.x1 + box.x2)) / 2, y: container.clientHeight / 2 - (zoom * (box.y1 + box.y2)) / 2 };
    cy.stop(true);
    if (animate && !matchMedia("(prefers-reduced-motion: reduce)").matches) cy.animate({ zoom, pan, duration: 180 });
    else cy.viewport({ zoom, pan });
    left = animate ? "" : where();
    grid();
  };
  view.zoomBy = (factor, renderedPosition = { x: container.clientWidth / 2, y: container.clientHeight / 2 }) => {
    cy.stop(true);
    cy.zoom({ level: cy.zoom() * factor, renderedPosition });
  };
  // no further than needed, so that what a person was looking at stays in sight too
  view.reveal = (node) => {
    const [at, zoom, spare] = [node.renderedPosition(), cy.zoom(), 22];
    const short = (place, half, room) => Math.max(0, half + spare - place) || Math.min(0, room - half - spare - place);
    const covered = parseFloat(getComputedStyle(container).getPropertyValue("--fb-covered")) || 0; // by the inspector
    const x = short(at.x, (CARD.width / 2) * zoom, container.clientWidth - covered);
    const y = short(at.y, (CARD.height / 2) * zoom, container.clientHeight);
    if (x || y) cy.animate({ panBy: { x, y }, duration: 150 });
  };
  view.revealNode = (id) => {
    const node = cy.getElementById(PREFIX.node + id);
    if (cy.animated()) { setTimeout(() => view.revealNode(id), 60); return; } // a Fit that goes on may show it already
    if (node.nonempty() && container.clientWidth && !view.dragging && !view.connecting) view.reveal(node);
  };
  view.focusNode = (id) => {
    const node = cy.getElementById(PREFIX.node + id);
    if (node.nonempty()) cy.animate({ center: { eles: node }, zoom: Math.max(cy.zoom(), 0.7), duration: 180 });
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
  const observer = new ResizeObserver(() => {
    if (!container.clientWidth || !container.clientHeight) return;
    cy.resize();
    // a view may get its height only after it was shown; the width changes too when the inspector opens, and is left
    const grown = container.clientHeight !== tall && where() === left;
    tall = container.clientHeight;
    if (!view.fitted || grown) view.fit();
  });
  observer.observe(container);
  listen(view, document, "flowbook-full", (event) => { // the whole window, or the cell's output again
    if (event.target.contains(container)) requestAnimationFrame(() => requestAnimationFrame(() => view.fit()));
  });
  view.cleanups.push(() => { observer.disconnect(); cancelAnimationFrame(frame); });
}

function addElements(view) {
  const { cy, graph, container } = view;
  const dirty = new Set();
  let frame = 0;
  const bendAll = () => {
    frame = 0;
    cy.batch(() => dirty.forEach((edge) => { if (!edge.removed()) edge.data("bend", bend(edge)); }));
    dirty.clear();
  };
  const touch = (edges) => {
    edges.forEach((edge) => { dirty.add(edge); });
    if (!frame) frame = requestAnimationFrame(bendAll);
  };
  cy.on("position", "node", (event) => touch(event.target.connectedEdges()));
  cy.on("add", "edge", (event) => touch(event.target));
  view.cleanups.push(() => cancelAnimationFrame(frame));
  const describe = () => {
    const [nodes, edges] = [Object.keys(graph.elements.nodes).length, Object.keys(graph.elements.edges).length];
    container.setAttribute("aria-label", `Workflow graph: ${nodes} nodes, ${edges} edges`);
    container.dataset.nodes = nodes;
    container.dataset.edges = edges;
    view.showHint(!nodes && !Object.keys(graph.elements.notes).length);
  };
  view.load = () => {
    const { nodes, edges, notes } = graph.elements;
    const known = cy.nodes(".fb-card").some((node) => node.data("record").id in nodes);
    view.quietly(() => cy.batch(() => {
      cy.elements().remove();
      cy.add([...Object.values(notes).map(noteElement), ...Object.values(nodes).map((node) => nodeElement(node, graph.status[node.id]))]);
      cy.add(Object.values(edges).map(edgeElement));
    }));
    cancelAnimationFrame(frame);
    bendAll();
    describe();
    view.showSelection();
    if (!known || !view.fitted) view.fit();
    view.markFar();
  };
  view.patch = (changes) => {
    view.quietly(() => cy.batch(() => changes.forEach((change) => patchOne(view, change))));
    describe();
    if (cy.zoom() < FAR) view.markFar();
    view.noteSelection();
  };
  view.showStatus = (changes) => cy.batch(() => {
    for (const [id, word] of Object.entries(changes)) cy.getElementById(PREFIX.node + id).data("status", word);
  });
  view.arrange = () => {
    const cards = cy.elements(".fb-card, .fb-edge");
    cards.layout({ name: "dagre", rankDir: "LR", nodeSep: 36, rankSep: 84, edgeSep: 16, fit: false, animate: false }).run();
    view.fit(true);
    if (cards.nonempty()) view.send("move", places(cards.nodes()));
  };
}

function patchOne(view, change) {
  const { cy, graph } = view;
  if (change.op === "move") {
    for (const [kind, moved] of [["node", change.positions], ["note", change.notes]]) {
      for (const [id, [x, y]] of Object.entries(moved || {})) {
        const node = cy.getElementById(PREFIX[kind] + id);
        if (!node.grabbed()) node.position({ x, y });
      }
    }
    return;
  }
  const id = change.op === "add" ? change.value.id : change.id;
  const existing = cy.getElementById(PREFIX[change.kind] + id);
  if (change.op === "remove") { existing.remove(); return; }
  const value = graph.elements[GROUPS[change.kind]][id];
  if (!value) return; // a later change of the same message removed it again
  const made = makeElement(change.kind, value, graph.status);
  if (existing.empty()) { cy.add(made); return; }
  if (change.kind === "edge") existing.move({ source: made.data.source, target: made.data.target });
  const current = cy.getElementById(made.data.id); // move() puts another in its place
  current.data(made.data);
  if (change.kind !== "edge" && !current.grabbed()) current.position(made.position);
  if (change.kind === "edge") current.data("bend", bend(current));
  if (change.kind === "node") current.toggleClass("fb-disabled", Boolean(value.disabled));
}

function addSelection(view) {
  const { cy, graph } = view;
  let [quiet, timer, last] = [0, 0, "{}"];
  view.quietly = (act) => {
    quiet += 1;
    try { act(); } finally { quiet -= 1; }
  };
  view.selection = () => {
    const ids = (selector) => cy.elements(selector).map((ele) => ele.data("record").id);
    return { nodes: ids(".fb-card:selected"), edges: ids(".fb-edge:selected"), notes: ids(".fb-note:selected") };
  };
  const report = () => {
    timer = 0;
    const ids = view.selection();
    if (JSON.stringify(ids) === last) return;
    last = JSON.stringify(ids);
    graph.select(ids, view);
    view.send("select", ids);
  };
  // a box selects one element after the other; they are one selection
  view.noteSelection = () => {
    if (quiet) return;
    clearTimeout(timer);
    timer = setTimeout(report, 15);
  };
  // what a key is about must be known before the key is told
  view.flushSelection = () => {
    if (!timer) return;
    clearTimeout(timer);
    report();
  };
  view.showSelection = () => {
    clearTimeout(timer);
    timer = 0;
    const wanted = new Set(Object.entries(PREFIX).flatMap(([kind, prefix]) => (graph.selected[GROUPS[kind]] || []).map((id) => prefix + id)));
    view.quietly(() => cy.batch(() => cy.elements().forEach((ele) => {
      if (wanted.has(ele.id()) !== ele.selected()) ele[wanted.has(ele.id()) ? "select" : "unselect"]();
    })));
    last = JSON.stringify(view.selection());
  };
  view.cleanups.push(() => clearTimeout(timer));
}

function addTheme(view) {
  const { cy, container } = view;
  let current = "";
  const apply = () => {
    const palette = readPalette(container);
    if (JSON.stringify(palette) === current) return;
    current = JSON.stringify(palette);
    view.palette = palette;
    container.style.backgroundImage = `radial-gradient(circle, ${palette.grid} 1.1px, transparent 1.3px)`;
    cy.style(stylesheet(palette));
  };
  apply();
  const timers = [];
  const observer = new MutationObserver(() => {
    apply();
    timers.push(setTimeout(apply, 150), setTimeout(apply, 1000)); // a theme's style sheet may arrive after its name
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  view.cleanups.push(() => { observer.disconnect(); timers.forEach(clearTimeout); });
}

// ---- ipycytoscape's views

/** Attach to one view of ipycytoscape's widget, again whenever it makes a new cytoscape instance. */
async function bindView(view, graph, ended) {
  if (view.flowbookBound) return;
  view.flowbookBound = true;
  let detach = null;
  const bind = () => {
    detach?.();
    detach = view.cytoscape_obj ? attach(view.cytoscape_obj, view.el, graph) : null;
  };
  const original = view.init_render.bind(view);
  view.init_render = () => {
    detach?.();
    detach = null;
    original();
    bind();
  };
  const end = () => { detach?.(); detach = null; };
  view.on("remove", end);
  ended.push(end);
  await view.displayed;
  if (view.cytoscape_obj && !detach) bind();
}

async function findModel(manager, id) {
  for (let attempt = 0; ; attempt += 1) {
    try { return await manager.get_model(id); } catch (error) {
      if (attempt >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100)); // after a reload models come in any order
    }
  }
}

function watchViews(surface, graph) {
  const ended = [];
  const bind = (promise) => Promise.resolve(promise).then((view) => bindView(view, graph, ended));
  const views = surface.views || {};
  Object.values(views).forEach(bind);
  surface.views = new Proxy(views, {
    set(target, key, value) {
      target[key] = value;
      bind(value);
      return true;
    },
  });
  return () => { surface.views = views; ended.forEach((end) => end()); };
}

async function initialize({ model }) {
  const graph = new Graph(model);
  const stop = graph.wire.start();
  const surface = await findModel(model.widget_manager, model.get("target"));
  const leave = watchViews(surface, graph);
  return () => { leave(); stop(); };
}

export default { initialize };
