/** The summary of a run and the timeline of its nodes. */
import { make } from "../parts/dom.js";
import { showInside } from "../parts/sight.js";
import { duration } from "../parts/wording.js";
import { drawData } from "./run_data.js";

const TO_COME = new Set(["pending", "running"]);

export function clockTime(seconds) {
  const two = (number) => String(number).padStart(2, "0");
  const at = new Date(seconds * 1000);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date().toDateString()) return time;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
}

/** Which worker made the call, where that was not the run's own process. */
function madeOn(node) {
  return node.worker ? `on ${node.worker}` : "";
}

export function chip(status, words) {
  return make("span", { class: "fbr-chip", "data-status": status }, words ?? status);
}

export class Timeline {
  constructor(store, choose) {
    this.store = store;
    this.choose = choose;
    this.rows = new Map();
    this.title = make("span", { class: "fbr-title" });
    this.state = make("span", { role: "status", "aria-live": "polite" });
    this.about = make("span", { class: "fbr-soft" });
    this.dashboard = make("a", { class: "fbr-dashboard", target: "_blank", rel: "noopener noreferrer", hidden: "" }, "Dask dashboard");
    this.message = make("div", { class: "fbr-message" });
    this.inputs = make("div", { class: "fbr-inputs" });
    this.cancel = make("button", { type: "button", class: "fbr-button", onclick: () => store.cancel() }, "Cancel");
    this.others = make("select", { class: "fbr-others", "aria-label": "Runs of this workflow", onchange: () => store.offer(this.others.value) });
    this.list = make("div", { class: "fbr-rows", role: "listbox", "aria-label": "Nodes", onkeydown: (event) => this.key(event) });
    this.root = make("section", { class: "fbr-summary", "aria-label": "Run" },
      make("div", { class: "fbr-head" }, this.title, this.state, this.about, this.dashboard, this.others, this.cancel), this.message, this.inputs, this.list);
  }

  build() {
    const { order } = this.store.state;
    this.rows.clear();
    this.list.replaceChildren(...order.map((id) => {
      const bar = make("span", { class: "fbr-bar" });
      const name = make("span", { class: "fbr-name", title: id });
      const took = make("span", { class: "fbr-took" });
      const root = make("div", { class: "fbr-row", role: "option", tabindex: "-1", "data-node": id, onclick: () => this.choose(id) },
        name, make("span", { class: "fbr-track" }, bar), took);
      this.rows.set(id, { root, name, bar, took });
      return root;
    }));
    const { inputs } = this.store.state.run;
    this.inputs.replaceChildren(...(inputs ? [make("details", { class: "fbr-params" }, make("summary", {}, "Inputs"), drawData(inputs))] : []));
    this.drawHead();
    for (const id of order) this.drawRow(id);
    this.place();
  }

  drawHead() {
    const { run, nodes, order } = this.store.state;
    const what = run.rehearsed ? "Dry run" : "Run";
    this.title.textContent = run.started ? `${what} ${clockTime(run.started)}` : what;
    this.title.title = `${run.workflow} · ${run.id}`;
    const own = order.filter((id) => !nodes[id].earlier);
    const ended = own.filter((id) => !TO_COME.has(nodes[id].status)).length;
    this.state.replaceChildren(chip(run.status, run.status === "running" ? `running · ${ended} of ${own.length}` : run.status));
    this.message.textContent = run.message && run.message !== run.status ? run.message : "";
    this.message.dataset.status = run.status;
    this.drawOffered();
    this.dashboard.hidden = !(run.status === "running" && /^https?:/.test(run.dashboard ?? ""));
    if (!this.dashboard.hidden) this.dashboard.href = run.dashboard;
    this.cancel.hidden = !(this.store.cancellable() && run.status === "running");
    this.drawTook();
  }

  /** Nothing is chosen where the run that is shown is not among those offered, as it has just begun. */
  drawOffered() {
    const runs = this.store.offered();
    const { id } = this.store.state.run;
    const known = runs.some((run) => run.id === id);
    this.others.replaceChildren(...(known ? [] : [make("option", { value: "" }, "This run")]),
      ...runs.map((run) => make("option", { value: run.id }, run.words)));
    this.others.value = known ? id : "";
    this.others.hidden = runs.length + Number(!known) < 2;
  }

  drawTook() {
    const { run } = this.store.state;
    const seconds = run.seconds ?? (run.started && run.status === "running" ? this.store.now() - run.started : null);
    this.about.textContent = seconds === null ? "" : duration(Math.max(seconds, 0));
  }

  drawRow(id) {
    const row = this.rows.get(id);
    const node = this.store.state.nodes[id];
    row.root.dataset.status = node.status;
    row.name.textContent = this.store.name(node);
    row.root.classList.toggle("fbr-earlier", Boolean(node.earlier));
    row.root.title = node.earlier ? "No part of this run: as it ended before" : madeOn(node);
    row.root.setAttribute("aria-label", `${this.store.name(node)}, ${node.status}${node.earlier ? " before" : ""}${node.seconds && node.started ? `, ${duration(node.seconds)}` : ""}${node.worker ? `, ${madeOn(node)}` : ""}`);
    const chosen = this.store.shown() === id;
    row.root.setAttribute("aria-selected", String(chosen));
    row.root.tabIndex = chosen ? 0 : -1;
  }

  /** Put every bar where its times say; while the run goes on, the whole width is the time until now. */
  place() {
    const { run, nodes, order } = this.store.state;
    const now = run.status === "running" ? this.store.now() : (run.started ?? 0) + (run.seconds ?? 0);
    const whole = Math.max(now - (run.started ?? now), 0.001);
    for (const id of order) {
      const node = nodes[id];
      const { bar, took } = this.rows.get(id);
      const start = node.started ?? node.at;
      const going = node.status === "running";
      const seconds = node.started ? (going ? Math.max(now - node.started, 0) : node.seconds ?? 0) : 0;
      bar.hidden = !start || !run.started;
      if (!bar.hidden) {
        const left = Math.min(Math.max((start - run.started) / whole, 0), 0.985);
        bar.style.left = `${(100 * left).toFixed(2)}%`;
        bar.style.width = node.started ? `${(100 * Math.min(Math.max(seconds / whole, 0.012), 1 - left)).toFixed(2)}%` : "7px";
      }
      took.textContent = node.earlier ? "before" : node.status === "pending" ? "" : going ? `${duration(seconds)}…` : node.started ? duration(seconds) : "–";
    }
    this.drawTook();
  }

  mark() {
    for (const id of this.rows.keys()) this.drawRow(id);
  }

  /** Bring the row of the chosen node into sight, where there are more rows than have room. */
  seek() {
    const row = this.rows.get(this.store.shown());
    if (row) showInside(this.root, row.root);
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const { order } = this.store.state;
    if (!step || !order.length) return;
    event.preventDefault();
    const next = order[Math.min(Math.max(order.indexOf(this.store.shown()) + step, 0), order.length - 1)];
    this.choose(next);
    this.rows.get(next).root.focus();
  }
}
