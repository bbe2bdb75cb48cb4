/** The run history: filters, a table that opens a run by a click, and more of it on demand. */
import { focused, follow, freshId, make } from "../parts/dom.js";
import { duration } from "../parts/wording.js";
import { chip, clockTime } from "./run_timeline.js";

function listTime(seconds) {
  const time = clockTime(seconds);
  return time.length > 5 ? time : `Today ${time}`;
}

function render({ model, el }) {
  const root = make("div", { class: "fbr fbr-history" });
  let asked = null; // the run whose deletion waits for an answer

  const called = (name) => model.get("titles")[name] ?? name;

  const filter = (name, label, choices) => {
    const id = freshId(name);
    const change = (event) => {
      model.set("filters", { ...model.get("filters"), [name]: event.target.value });
      model.save_changes();
    };
    const select = make("select", { id, "data-filter": name, onchange: change }, ...choices.map(([value, words]) => make("option", { value }, words)));
    select.value = model.get("filters")[name];
    return make("span", { class: "fbr-filter" }, make("label", { for: id }, label), select);
  };

  const action = (run, kind, words, danger) => make("button", {
    type: "button", class: `fbr-link${danger ? " fbr-danger" : ""}`, "aria-label": `${words} ${called(run.workflow)} of ${clockTime(run.started)}`,
    onclick: (event) => { event.stopPropagation(); act(run, kind); },
  }, words);

  const act = (run, kind) => {
    asked = kind === "ask" ? run.id : null;
    if (kind !== "ask" && kind !== "keep") model.send({ kind, id: run.id });
    draw();
  };

  const line = (run) => {
    const answers = asked === run.id
      ? [make("span", {}, "Delete this run? "), action(run, "delete", "Delete", true), action(run, "keep", "Keep")]
      : [...(run.resumable ? [action(run, "resume", "Resume")] : []), action(run, "again", "Run again"), action(run, "ask", "Delete", true)];
    const time = make("button", { type: "button", class: "fbr-link fbr-time", title: run.id, "aria-label": `Open ${called(run.workflow)} of ${clockTime(run.started)}`,
      onclick: (event) => { event.stopPropagation(); act(run, "open"); } }, listTime(run.started));
    return make("tr", { "data-run": run.id, onclick: () => act(run, "open") },
      make("td", {}, time), make("th", { scope: "row" }, called(run.workflow), run.parent && make("div", { class: "fbr-caption" }, `inside ${run.parent}`)),
      make("td", {}, chip(run.status)), make("td", { class: "fbr-number" }, run.status === "running" ? "…" : duration(run.seconds)),
      make("td", { class: "fbr-said", title: run.message }, run.message), make("td", { class: "fbr-answers" }, ...answers));
  };

  const draw = () => {
    const held = root.contains(focused()) ? focused()?.dataset.filter : null;
    const rows = model.get("rows");
    const bar = make("div", { class: "fbr-filters", role: "search", "aria-label": "Filter runs" },
      filter("workflow", "Workflow", [["", "All"], ...model.get("workflows").map((name) => [name, called(name)])]),
      filter("status", "Status", [["", "All"], ...model.get("statuses").map((name) => [name, name])]),
      filter("time", "Time", [["today", "Today"], ["week", "Last 7 days"], ["month", "Last 30 days"], ["", "All"]]));
    const heads = ["Time", "Workflow", "Status", "Duration", "Message"].map((name) => make("th", { scope: "col" }, name));
    const table = make("table", { class: "fbr-table", "aria-label": "Runs" },
      make("thead", {}, make("tr", {}, ...heads, make("th", { scope: "col" }, make("span", { class: "fb-unseen" }, "Actions")))),
      make("tbody", {}, ...rows.map(line)));
    const more = make("button", { type: "button", class: "fbr-button fbr-more", onclick: () => model.send({ kind: "more" }) }, "Show more");
    root.replaceChildren(bar, rows.length ? make("div", { class: "fbr-wide" }, table) : make("div", { class: "fbr-none" }, model.get("empty")));
    if (model.get("more")) root.append(more);
    if (held) root.querySelector(`[data-filter="${held}"]`)?.focus();
  };
  draw();
  el.append(root);
  return follow(model, ["rows", "workflows", "titles", "filters", "more", "empty"], draw);
}

export default { render };
