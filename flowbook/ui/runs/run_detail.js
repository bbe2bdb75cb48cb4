/** The live output cell of one node. */
import { make } from "../parts/dom.js";
import { amount, duration } from "../parts/wording.js";
import { CellOpener } from "./run_cell.js";
import { DataPane } from "./data_pane.js";
import { drawData } from "./run_data.js";
import { OutputView } from "./run_output.js";
import { chip } from "./run_timeline.js";

export class Detail {
  constructor(store) {
    this.store = store;
    this.id = null;
    this.drawn = {};
    this.title = make("span", { class: "fbr-title" });
    this.state = make("span", {});
    this.about = make("span", { class: "fbr-soft" });
    this.progress = make("progress", { class: "fbr-progress", "aria-label": "Progress" });
    this.progressText = make("span", { class: "fbr-caption" });
    this.progressLine = make("div", { class: "fbr-progress-line" }, this.progress, this.progressText);
    this.message = make("div", { class: "fbr-message" });
    this.cell = new CellOpener(store);
    this.note = make("div", { class: "fbr-caption" });
    this.params = make("div", {});
    this.outputRoot = make("div", { class: "fbr-output" });
    this.output = new OutputView(this.outputRoot);
    this.data = new DataPane("Data", () => store.look(this.id));
    const act = (name, words) => make("button", { type: "button", class: "fbr-act", title: words, onclick: () => store.pin(name.toLowerCase(), this.id) }, name);
    this.pin = act("Pin", "Use this data in place of running the node");
    this.write = act("Edit", "Write the data to use in place of running the node");
    this.unpin = act("Unpin", "Let the node run again");
    this.pinned = chip("skipped", "pinned");
    this.acts = make("span", { class: "fbr-acts" }, this.pinned, this.pin, this.unpin, this.write);
    this.root = make("section", { class: "fbr-detail", "aria-label": "Node output" },
      make("div", { class: "fbr-head" }, this.title, this.state, this.about, this.acts),
      this.progressLine, this.message, this.cell.root, this.note, this.params, this.outputRoot, this.data.root);
  }

  show(id) {
    const node = id === null ? null : this.store.state.nodes[id];
    this.root.hidden = !node;
    if (!node) {
      this.id = null;
      return;
    }
    if (this.id !== id) {
      this.id = id;
      this.drawn = {};
      this.output.reset(this.store.state.output[id] ?? []);
    }
    this.drawHead(node);
    this.cell.show(node);
    this.drawOnce("params", node.params, () => make("details", { class: "fbr-params" }, make("summary", {}, "Input"), drawData(node.params)));
    this.data.show(node.data ?? null, node.tree ?? null);
    this.drawActs(node);
  }

  drawActs(node) {
    const pins = this.store.pins();
    this.acts.hidden = pins === null;
    if (pins === null) return;
    const held = pins.includes(node.id);
    this.pin.hidden = held || !node.data || node.data.kind === "note";
    this.unpin.hidden = this.pinned.hidden = !held;
  }

  /** Draw a part again only when it is different, so that what a person has unfolded stays so. */
  drawOnce(name, value, draw) {
    if (this.drawn[name] === value) return;
    this.drawn[name] = value;
    this[name].replaceChildren(...(value ? [draw()] : []));
  }

  drawHead(node) {
    this.title.textContent = this.store.name(node);
    this.title.title = node.id;
    this.state.replaceChildren(chip(node.status));
    this.message.textContent = node.message ?? "";
    this.message.dataset.status = node.status;
    this.note.textContent = node.note ?? "";
    this.drawAbout(node);
    const [done, total, text] = node.progress ?? [];
    const bar = node.progress && node.status === "running";
    this.progressLine.hidden = !bar;
    if (!bar) return;
    if (total) {
      this.progress.max = total;
      this.progress.value = done;
    } else this.progress.removeAttribute("value");
    this.progressText.textContent = [text, total ? `${amount(done)} of ${amount(total)}` : amount(done)].filter(Boolean).join(" · ");
  }

  drawAbout(node) {
    const going = node.status === "running" && node.started;
    const seconds = going ? Math.max(this.store.now() - node.started, 0) : node.started ? node.seconds : null;
    const parts = [];
    if (seconds !== null && seconds !== undefined) parts.push(duration(seconds) + (going ? "…" : ""));
    if (node.attempts > 1) parts.push(`attempt ${node.attempts}`);
    if (node.worker) parts.push(`on ${node.worker}`);
    if (node.task) parts.push(node.task);
    this.about.textContent = parts.join(" · ");
  }

  tick() {
    const node = this.id === null ? null : this.store.state.nodes[this.id];
    if (node?.status === "running") this.drawAbout(node);
  }
}
