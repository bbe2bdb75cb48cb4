/** A run panel: one store for a model, any number of views that draw it. */
import { keepKeys, make, whenShown } from "../parts/dom.js";
import { Wire } from "../parts/wire.js";
import { grown } from "./run_chunks.js";
import { Detail } from "./run_detail.js";
import { Timeline } from "./run_timeline.js";

const TICK = 200; // milliseconds between two looks at the clock while a run goes on

class Store {
  constructor(model) {
    this.model = model;
    this.views = new Set();
    this.onAnswer = () => {};
    this.wire = new Wire(model, {
      changed: (changes) => this.apply(changes),
      replaced: () => this.replaced(),
      told: (message) => {
        for (const view of this.views) {
          if (message.kind === "reveal") view.reveal();
          else if (message.kind === "cell") view.detail.cell.take(message);
        }
      },
      answered: () => this.onAnswer(),
    });
    this.replaced();
  }

  get state() {
    return this.wire.state;
  }

  replaced() {
    this.readClock(this.state.run?.now);
    this.auto = null;
    for (const view of this.views) view.whole();
  }

  readClock(now) {
    if (now) this.ahead = now - Date.now() / 1000;
  }

  /** Seconds since the epoch by the kernel's clock. */
  now() {
    return Date.now() / 1000 + (this.ahead ?? 0);
  }

  cancellable() {
    return this.model.get("cancellable");
  }

  cancel() {
    this.wire.send("cancel");
  }

  offered() {
    return this.model.get("offered") ?? [];
  }

  offer(id) {
    this.wire.send("offered", { id });
  }

  pins() {
    return this.model.get("pinnable") ? this.model.get("pinned") : null;
  }

  /** What a node is called: by its label, or its id, which may be another than it had in the run. */
  name(node) {
    return node.label || this.model.get("called")[node.id] || node.id;
  }

  pin(act, id) {
    this.wire.send(act, { id });
  }

  /** Ask for a node that did not succeed as the text of a cell. */
  cell(id) {
    this.wire.send("cell", { id });
  }

  /** Ask for the data of a node as a tree; it comes as a change. */
  look(id) {
    this.wire.send("look", { id });
  }

  choose(id) {
    if (this.model.get("selected") === id) return;
    this.model.set("selected", id);
    this.model.save_changes();
    this.wire.send("select", { id });
    for (const view of this.views) view.chosen();
  }

  /** The node whose output is shown: the selected one, else the one where something happens. */
  shown() {
    const { nodes, order, run } = this.state;
    const selected = this.model.get("selected");
    if (selected && nodes[selected]) return selected;
    if (!order.length) return null;
    const running = order.filter((id) => nodes[id].status === "running");
    if (running.length) return (this.auto = running.includes(this.auto) ? this.auto : running[0]);
    const failed = order.find((id) => nodes[id].status === "failed" && !nodes[id].earlier);
    if (run?.status !== "running") {
      const ran = order.filter((id) => nodes[id].started);
      return failed ?? ran.at(-1) ?? order[0];
    }
    return this.auto ?? order[0];
  }

  /** Take in a message of changes. */
  apply(changes) {
    this.readClock(changes.now);
    Object.assign(this.state.run, changes.run);
    const { nodes, order, output } = this.state;
    for (const [id, fields] of Object.entries(changes.nodes ?? {})) {
      if (!nodes[id]) order.push(id);
      nodes[id] = { id, status: "pending", ...nodes[id], ...fields };
    }
    for (const [id, operations] of Object.entries(changes.output ?? {})) output[id] = grown(output[id] ?? [], operations);
    for (const view of this.views) view.changed(changes);
  }
}

class PanelView {
  constructor(store) {
    this.store = store;
    this.timeline = new Timeline(store, (id) => store.choose(id));
    this.detail = new Detail(store);
    this.empty = make("div", { class: "fbr-empty" }, "Nothing has run here yet.");
    this.root = make("div", { class: "fbr" },
      this.empty, make("div", { class: "fbr-panes" }, this.timeline.root, this.detail.root));
    keepKeys(this.root);
    this.panes = this.root.lastElementChild;
    this.clock = null;
    store.views.add(this);
    this.theme = new MutationObserver(() => this.again());
    this.theme.observe(document.body, { attributeFilter: ["data-jp-theme-name"] });
    this.whole();
  }

  whole() {
    const some = Boolean(this.store.state.run);
    this.empty.hidden = some;
    this.panes.hidden = !some;
    this.detail.id = null;
    if (some) {
      this.timeline.build();
      this.detail.show(this.store.shown());
    }
    this.runClock();
  }

  changed(changes) {
    if (this.timeline.rows.size !== this.store.state.order.length) this.timeline.build();
    this.timeline.drawHead();
    for (const id of Object.keys(changes.nodes ?? {})) this.timeline.drawRow(id);
    this.timeline.place();
    const before = this.detail.id;
    const id = this.store.shown();
    if (id !== before) this.timeline.mark();
    if (id === before && changes.output?.[id]) this.detail.output.apply(changes.output[id]);
    this.detail.show(id);
    this.runClock();
  }

  /** Draw the output again: what is in frames has the colours of the theme that it was drawn in. */
  again() {
    if (!this.detail.outputRoot.querySelector("iframe")) return;
    this.detail.id = null;
    this.chosen();
  }

  /** No further than that the run's head and its first rows are seen: what started it should stay in sight too. */
  reveal() {
    const head = this.root.querySelector(".fbr-head");
    if (!head) return;
    whenShown(head, () => {
      this.timeline.root.scrollTop = 0; // with the room above it, where the border of the panel is dragged
      head.scrollIntoView({ block: "nearest" });
    });
  }

  /** Something around the run is another: what else can be shown, and what is pinned. */
  dress() {
    if (!this.store.state.run) return;
    this.timeline.drawOffered();
    this.detail.show(this.store.shown());
  }

  /** Nodes are called otherwise now. */
  named() {
    if (!this.store.state.run) return;
    for (const id of this.store.state.order) this.timeline.drawRow(id);
    this.detail.show(this.store.shown());
  }

  chosen() {
    if (!this.store.state.run) return;
    this.timeline.mark();
    this.timeline.seek();
    this.detail.show(this.store.shown());
  }

  runClock() {
    const going = this.store.state.run?.status === "running";
    if (going && this.clock === null) {
      this.clock = setInterval(() => {
        if (!this.root.isConnected || !this.root.getClientRects().length) return;
        this.timeline.place();
        this.detail.tick();
      }, TICK);
    } else if (!going && this.clock !== null) {
      clearInterval(this.clock);
      this.clock = null;
    }
  }

  destroy() {
    if (this.clock !== null) clearInterval(this.clock);
    this.clock = null;
    this.theme.disconnect();
    this.store.views.delete(this);
    this.root.remove();
  }
}

/** Show the panel in every element of the class `mount`, in place of the static HTML that is in it. */
function mountAll(store, mount) {
  const places = document.getElementsByClassName(mount);
  const held = new Map(); // element → view
  const look = () => {
    if (!store.wire.answered) return;
    for (const [place, view] of held) {
      if (place.isConnected) continue;
      held.delete(place);
      // Drawn again with other static HTML: the view moves over as it is, with what was unfolded in it.
      const next = [...places].find((other) => !held.has(other));
      if (next) settle(next, view);
      else view.destroy();
    }
    for (const place of places) if (!held.has(place)) settle(place, new PanelView(store));
  };
  const settle = (place, view) => {
    for (const child of place.children) child.hidden = true;
    place.append(view.root);
    held.set(place, view);
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true });
  return { look, stop: () => { observer.disconnect(); for (const view of held.values()) view.destroy(); } };
}

export default () => {
  let store = null;
  return {
    initialize({ model }) {
      store = new Store(model);
      const mounted = model.get("mount") ? mountAll(store, model.get("mount")) : null;
      store.onAnswer = () => mounted?.look();
      const chosen = () => { for (const view of store.views) view.chosen(); };
      const dress = () => { for (const view of store.views) view.dress(); };
      const named = () => { for (const view of store.views) view.named(); };
      model.on("change:selected", chosen);
      model.on("change:called", named);
      for (const name of ["offered", "pinned", "pinnable"]) model.on(`change:${name}`, dress);
      const stop = store.wire.start();
      return () => {
        stop();
        model.off("change:selected", chosen);
        model.off("change:called", named);
        for (const name of ["offered", "pinned", "pinnable"]) model.off(`change:${name}`, dress);
        mounted?.stop();
      };
    },
    render({ el }) {
      const view = new PanelView(store);
      el.append(view.root);
      return () => view.destroy();
    },
  };
};
