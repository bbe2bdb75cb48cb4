// The graph as cytoscape's elements, kept as the kernel says it is.
import { counted } from "../parts/wording.js";
import { along, fitted, wrapped } from "./canvas-geometry.js";
import { GROUPS } from "./canvas-graph.js";
import { CARD, bend, noteLook } from "./canvas-look.js";
import { places } from "./canvas-places.js";

/** The prefix keeps nodes, notes and edges of one name apart. */
export const PREFIX = { node: "n:", edge: "e:", note: "t:" };

/** The zoom below which a card is a block of colour: nothing on it could be read. */
export const FAR = 0.3;

function nodeElement(graph, node) {
  return {
    group: "nodes", classes: ["fb-card", node.disabled && "fb-disabled", !graph.readOnly && "fb-open"].filter(Boolean), position: { x: node.x, y: node.y },
    data: {
      id: PREFIX.node + node.id, label: String(node.label || node.id).replace(/\s+/g, " "), status: graph.status[node.id] || "",
      progress: graph.progress[node.id] || null, worker: graph.workers[node.id] || "", record: node,
    },
  };
}

function noteElement(_graph, note) {
  const look = noteLook(note);
  return {
    group: "nodes", classes: note.frame ? "fb-note fb-frame" : "fb-note", position: { x: note.x, y: note.y },
    data: { id: PREFIX.note + note.id, label: look.label, width: look.width, height: look.height, record: note },
  };
}

const ON = { failure: "failure", always: "always" }; // that the form of the line calls so, too, and that fit between two cards

function edgeElement(graph, edge) {
  const line = graph.lines[edge.id];
  return {
    group: "edges", classes: "fb-edge",
    data: {
      id: PREFIX.edge + edge.id, source: PREFIX.node + edge.source, target: PREFIX.node + edge.target,
      label: [ON[edge.on], shortly(edge)].filter(Boolean).join(" · "), on: edge.on || "success", record: edge, ...lineData(line),
    },
  };
}

/** The condition of a line, without its braces, and without the name of the node that it comes from: that is seen. */
function shortly(edge) {
  const condition = /^\$\{\{((?:(?!\}\}).)*)\}\}$/.exec(edge.label ?? "")?.[1].trim() ?? edge.label ?? "";
  return condition.replaceAll(`nodes.${edge.source}.data.`, "").replaceAll(`nodes.${edge.source}.`, "");
}

/** What a run left on a line: whether it was taken, and how many items went along. */
function lineData(line) {
  const items = line?.taken && Number.isInteger(line.items) ? counted(line.items, "item") : "";
  return { taken: line ? (line.taken ? "yes" : "no") : "", items };
}

const MAKERS = { node: nodeElement, note: noteElement, edge: edgeElement };

/** The points of an edge as it is drawn. */
export function edgePoints(edge) {
  const [from, to] = [edge.source().position(), edge.target().position()];
  return along({ x: from.x + CARD.width / 2, y: from.y }, { x: to.x - CARD.width / 2, y: to.y });
}

const SWING = 24; // pixels that a line which leads back stands out further than the margin

/** The zoom and pan that Fit would show a graph with. */
export function fitOf(view, room = view.container.clientWidth) {
  const { nodes, notes, edges } = view.graph.elements;
  const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
  let first = null;
  const add = ({ x, y }, width, height) => Object.assign(box, {
    x1: Math.min(box.x1, x - width / 2), x2: Math.max(box.x2, x + width / 2),
    y1: Math.min(box.y1, y - height / 2), y2: Math.max(box.y2, y + height / 2),
  });
  for (const node of Object.values(nodes)) {
    add(node, CARD.width, CARD.height);
    if (!first || node.x < first.x || (node.x === first.x && node.y < first.y)) first = node;
  }
  for (const note of Object.values(notes)) {
    const { width, height } = noteLook(note);
    add(note, width, height);
    first ??= note;
  }
  const back = ({ source, target }) => nodes[target]?.x - nodes[source]?.x < CARD.width;
  if (Object.values(edges).some(back)) Object.assign(box, { x1: box.x1 - SWING, x2: box.x2 + SWING });
  return first && fitted(box, room, view.container.clientHeight, first);
}

export function addElements(view) {
  const { cy, graph, container } = view;
  const dirty = new Set();
  let frame = 0;
  const bendAll = () => {
    frame = 0;
    cy.batch(() => dirty.forEach((edge) => { if (!edge.removed()) edge.data("bend", bend(edge.source().position(), edge.target().position())); }));
    dirty.clear();
  };
  const touch = (edges) => {
    edges.forEach((edge) => { dirty.add(edge); });
    if (!frame) frame = requestAnimationFrame(bendAll);
  };
  cy.on("position", "node", (event) => touch(event.target.connectedEdges()));
  cy.on("add", "edge", (event) => { if (!view.loading) touch(event.target); });
  view.cleanups.push(() => cancelAnimationFrame(frame));
  const describe = () => {
    const [nodes, edges] = [Object.keys(graph.elements.nodes).length, Object.keys(graph.elements.edges).length];
    container.setAttribute("aria-label", `Workflow graph: ${counted(nodes, "node")}, ${counted(edges, "edge")}`);
    container.dataset.nodes = nodes;
    container.dataset.edges = edges;
    view.showHint(!nodes && !Object.keys(graph.elements.notes).length);
    view.graphChanged();
  };
  view.load = () => {
    const { nodes, edges, notes } = graph.elements;
    const known = cy.nodes(".fb-card").some((node) => node.data("record").id in nodes);
    view.loading = true;
    view.quietly(() => cy.batch(() => {
      cy.elements().remove();
      cy.add([
        ...Object.values(notes).map((note) => noteElement(graph, note)), ...Object.values(nodes).map((node) => nodeElement(graph, node)),
        ...Object.values(edges).map((edge) => bentEdge(graph, edge)),
      ]);
      if (!known || !view.fitted) view.fit();
      view.markFar();
    }));
    view.loading = false;
    describe();
    view.showSelection();
  };
  view.patch = (changes) => {
    view.quietly(() => cy.batch(() => changes.forEach((change) => patchOne(view, change))));
    describe();
    if (cy.zoom() < FAR) view.markFar();
    view.noteSelection();
  };
  view.showStatus = ({ changes = {}, progress = {}, workers = {}, lines = {} }) => {
    cy.batch(() => {
      for (const [id, word] of Object.entries(changes)) cy.getElementById(PREFIX.node + id).data("status", word);
      for (const [id, far] of Object.entries(progress)) cy.getElementById(PREFIX.node + id).data("progress", far);
      for (const [id, worker] of Object.entries(workers)) cy.getElementById(PREFIX.node + id).data("worker", worker);
      for (const [id, line] of Object.entries(lines)) cy.getElementById(PREFIX.edge + id).data(lineData(line));
    });
    view.statusChanged();
  };
  view.arrange = () => {
    const cards = cy.elements(".fb-card, .fb-edge");
    if (cards.empty()) return;
    cards.layout({ name: "dagre", rankDir: "LR", nodeSep: 36, rankSep: 84, edgeSep: 16, fit: false, animate: false }).run();
    const found = {};
    cards.nodes().forEach((node) => { found[node.id()] = { ...node.position() }; });
    const put = wrapped(found, CARD.height);
    cy.batch(() => cards.nodes().forEach((node) => { node.position(put[node.id()]); }));
    const moved = places(cards.nodes());
    for (const [id, [x, y]] of Object.entries(moved.positions)) Object.assign(graph.elements.nodes[id], { x, y });
    view.fit(true);
    view.send("move", { ...moved, arranged: true });
  };
}

/** An edge with its bend, so that it need not be bent after it was drawn. */
function bentEdge(graph, edge) {
  const made = edgeElement(graph, edge);
  const { nodes } = graph.elements;
  return { ...made, data: { ...made.data, bend: bend(nodes[edge.source], nodes[edge.target]) } };
}

function patchOne(view, change) {
  const { cy, graph } = view;
  if (change.op === "move") {
    for (const [kind, moved] of [["node", change.positions], ["note", change.notes]]) {
      for (const [id, [x, y]] of Object.entries(moved || {})) {
        const node = cy.getElementById(PREFIX[kind] + id);
        if (!view.isHeld(node)) node.position({ x, y });
      }
    }
    return;
  }
  const id = change.op === "add" ? change.value.id : change.id;
  const existing = cy.getElementById(PREFIX[change.kind] + id);
  if (change.op === "remove") { existing.remove(); return; }
  const value = graph.elements[GROUPS[change.kind]][id];
  if (!value) return; // a later change of the same message removed it again
  const made = MAKERS[change.kind](graph, value);
  if (existing.empty()) { cy.add(made); return; }
  if (change.kind === "edge") existing.move({ source: made.data.source, target: made.data.target });
  const current = cy.getElementById(made.data.id); // move() puts another in its place
  current.data(made.data);
  if (change.kind !== "edge" && !view.isHeld(current)) current.position(made.position);
  if (change.kind === "edge") current.data("bend", bend(current.source().position(), current.target().position()));
  if (change.kind === "node") current.toggleClass("fb-disabled", Boolean(value.disabled));
  if (change.kind === "note") current.toggleClass("fb-frame", Boolean(value.frame));
}
