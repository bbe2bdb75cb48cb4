// The graph of one page: what the kernel says of it, for all the views that show it.
import { Wire } from "../parts/wire.js";
import { putOnClipboard } from "./canvas-board.js";

/** The graph as this page knows it. Python's messages change it and reach all its views; views only send intents. */
export class Graph {
  /** `wire` has the state: elements, status, progress, workers, lines and selected. */
  constructor(model) {
    this.readOnly = model.get("read_only");
    this.hint = model.get("hint");
    this.views = new Set();
    this.asking = false; // whether a copy was asked for, and the kernel has not answered with it
    this.writing = 0; // how many copies are on their way to the system's clipboard
    this.wire = new Wire(model, {
      changed: (message) => (message.kind === "patch" ? this.patch(message.changes, message.renames ?? {}) : this.setStatus(message)),
      replaced: () => { for (const view of this.views) view.load(); },
      told: (message) => this.told(message),
    });
  }

  get elements() {
    return this.wire.state.elements;
  }

  get status() {
    return this.wire.state.status;
  }

  get progress() {
    return this.wire.state.progress;
  }

  get workers() {
    return this.wire.state.workers;
  }

  get lines() {
    return this.wire.state.lines;
  }

  get selected() {
    return this.wire.state.selected;
  }

  send(intent, payload) {
    if (intent === "key" && (payload.name === "copy" || payload.name === "cut")) this.asking = Object.values(this.selected).flat().length > 0;
    this.wire.send("intent", { intent, payload });
  }

  told(message) {
    if (message.kind === "select") this.select(message.ids, null);
    else if (message.kind === "arrange") this.shownView()?.arrange();
    else if (message.kind === "fit") this.views.forEach((view) => view.fit(true));
    else if (message.kind === "focus") this.views.forEach((view) => view.focusNode(message.id));
    else if (message.kind === "reveal") this.views.forEach((view) => view.revealById(message.id, message.group));
    else if (message.kind === "keyboard") this.shownView()?.container.focus({ preventScroll: true });
    else if (message.kind === "clip") this.clip(message.text);
    else if (message.kind === "tell") this.views.forEach((view) => view.tell(message.text, message.tone));
  }

  /** Only the page that asked for it puts what was copied onto the system's clipboard. */
  clip(text) {
    if (this.asking) {
      this.writing += 1;
      putOnClipboard(text).finally(() => { this.writing -= 1; });
    }
    this.asking = false;
  }

  /** Whether what was copied is not on the system's clipboard yet, and what is there is older. */
  isCopying() {
    return this.asking || this.writing > 0;
  }

  shownView() {
    return [...this.views].find((view) => view.container.clientWidth > 0);
  }

  /** `renames` (old id → new) are the nodes that are the same: what is selected and how they are follows. */
  patch(changes, renames) {
    const before = { ...this.elements.edges };
    for (const change of changes) applyChange(this.elements, change);
    this.keepLines(before, renames);
    for (const said of [this.status, this.progress, this.workers]) {
      for (const [old, id] of Object.entries(renames)) if (old in said) said[id] = said[old];
      for (const id of Object.keys(said)) if (!(id in this.elements.nodes)) delete said[id];
    }
    this.selected.nodes = this.selected.nodes.map((id) => renames[id] ?? id);
    for (const view of this.views) {
      view.patch(changes);
      if (Object.keys(renames).length) view.showSelection();
    }
  }

  /** What a run left on the lines stays with those that are there, also when a node at an end is called otherwise. */
  keepLines(before, renames) {
    const ends = (edge, names) => `${names[edge.source] ?? edge.source}→${names[edge.target] ?? edge.target} ${edge.on || "success"}`;
    const now = new Map(Object.values(this.elements.edges).map((edge) => [ends(edge, {}), edge.id]));
    for (const [id, line] of Object.entries(this.lines)) {
      if (id in this.elements.edges) continue;
      delete this.lines[id];
      const moved = Object.keys(renames).length && before[id] ? now.get(ends(before[id], renames)) : undefined;
      if (moved !== undefined) this.lines[moved] = line;
    }
  }

  setStatus({ changes = {}, progress = {}, workers = {}, lines = {} }) {
    for (const [said, changed] of [[this.status, changes], [this.progress, progress], [this.workers, workers], [this.lines, lines]]) {
      for (const [id, value] of Object.entries(changed)) {
        if (value) said[id] = value;
        else delete said[id];
      }
    }
    for (const view of this.views) view.showStatus({ changes, progress, workers, lines });
  }

  select(ids, origin) {
    for (const group of ["nodes", "edges", "notes"]) this.selected[group] = [...(ids[group] || [])];
    for (const view of this.views) if (view !== origin) view.showSelection();
  }
}

export const GROUPS = { node: "nodes", edge: "edges", note: "notes" };

/** The same as `changed` in elements.py; what arrives was checked there. */
export function applyChange(elements, change) {
  if (change.op === "move") {
    for (const [group, moved] of [["nodes", change.positions], ["notes", change.notes]]) {
      for (const [id, [x, y]] of Object.entries(moved || {})) Object.assign(elements[group][id], { x, y });
    }
    return;
  }
  const group = elements[GROUPS[change.kind]];
  if (change.op === "add") group[change.value.id] = { x: 0, y: 0, ...change.value };
  else if (change.op === "update") group[change.id] = { ...group[change.id], ...change.value, id: change.id };
  else {
    delete group[change.id];
    if (change.kind !== "node") return;
    for (const [id, edge] of Object.entries(elements.edges)) if (edge.source === change.id || edge.target === change.id) delete elements.edges[id];
  }
}
