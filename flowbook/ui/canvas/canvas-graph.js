// The graph of one page: what the kernel says of it, for all the views that show it.
import { Wire } from "../parts/wire.js";

/** The graph as this page knows it. Python's messages change it and reach all its views; views only send intents. */
export class Graph {
  /** `wire` has the state: elements, status and selected. */
  constructor(model) {
    this.readOnly = model.get("read_only");
    this.hint = model.get("hint");
    this.views = new Set();
    this.wire = new Wire(model, {
      changed: (message) => (message.kind === "patch" ? this.patch(message.changes, message.renames ?? {}) : this.setStatus(message.changes)),
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

  get selected() {
    return this.wire.state.selected;
  }

  send(intent, payload) {
    this.wire.send("intent", { intent, payload });
  }

  told(message) {
    if (message.kind === "select") this.select(message.ids, null);
    else if (message.kind === "arrange") this.shownView()?.arrange();
    else if (message.kind === "fit") this.views.forEach((view) => view.fit(true));
    else if (message.kind === "focus") this.views.forEach((view) => view.focusNode(message.id));
    else if (message.kind === "reveal") this.views.forEach((view) => view.revealNode(message.id));
    else if (message.kind === "keyboard") this.shownView()?.container.focus({ preventScroll: true });
    else if (message.kind === "tell") this.views.forEach((view) => view.tell(message.text, message.tone));
  }

  shownView() {
    return [...this.views].find((view) => view.container.clientWidth > 0);
  }

  /** `renames` (old id → new) are the nodes that are the same: what is selected and how they are follows. */
  patch(changes, renames) {
    for (const change of changes) applyChange(this.elements, change);
    for (const [old, id] of Object.entries(renames)) if (old in this.status) this.status[id] = this.status[old];
    for (const id of Object.keys(this.status)) if (!(id in this.elements.nodes)) delete this.status[id];
    this.selected.nodes = this.selected.nodes.map((id) => renames[id] ?? id);
    for (const view of this.views) {
      view.patch(changes);
      if (Object.keys(renames).length) view.showSelection();
    }
  }

  setStatus(changes) {
    for (const [id, word] of Object.entries(changes)) {
      if (word) this.status[id] = word;
      else delete this.status[id];
    }
    for (const view of this.views) view.showStatus(changes);
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
