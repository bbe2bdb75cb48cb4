/** Draws previews of data (see flowbook/workspace/preview.py): tables, trees and texts, always as text. */
import { make } from "../parts/dom.js";
import { counted } from "../parts/wording.js";

export function drawTable(columns, rows, caption) {
  const cell = (value) => (typeof value === "object" ? make("td", { class: "fbr-number" }, value.v) : make("td", {}, value));
  const table = make("table", { class: "fbr-table" },
    make("thead", {}, make("tr", {}, ...columns.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell)))));
  const scroller = make("div", { class: "fbr-scroll", tabindex: "0", role: "region", "aria-label": "Table" }, table);
  return make("div", { class: "fbr-tabled" }, scroller, caption && make("div", { class: "fbr-caption" }, caption));
}

function leaf(branch) {
  const [kind, text, length] = branch;
  if (kind !== "s") return make("span", { class: kind === "v" ? "fbr-v" : "fbr-x" }, text);
  const cut = length > text.length ? `… (${length.toLocaleString("en")} characters)` : "";
  return make("span", { class: "fbr-s" }, `"${text}"${cut}`);
}

function drawBranch(branch, name, depth) {
  const [kind, entries, size] = branch;
  const label = name === null ? [] : [make("span", { class: "fbr-key" }, name), ": "];
  if (kind !== "o" && kind !== "a") return make("div", { class: "fbr-leaf" }, ...label, leaf(branch));
  const [opened, closed] = kind === "o" ? "{}" : "[]";
  if (!size) return make("div", { class: "fbr-leaf" }, ...label, opened + closed);
  const inner = make("div", { class: "fbr-branch" });
  const fill = () => {
    if (inner.childNodes.length) return;
    entries.forEach((entry, index) => inner.append(
      kind === "o" ? drawBranch(entry[1], entry[0], depth + 1) : drawBranch(entry, String(index), depth + 1)));
    if (entries.length < size) inner.append(make("div", { class: "fbr-caption" }, `… ${counted(size - entries.length, "more")}`.replace("mores", "more")));
  };
  const open = depth === 0 || (depth < 3 && size <= 8);
  if (open) fill();
  const words = kind === "o" ? counted(size, "field") : counted(size, "item");
  return make("details", { class: "fbr-tree", open, ontoggle: fill },
    make("summary", {}, ...label, make("span", { class: "fbr-caption" }, `${opened}${words}${closed}`)), inner);
}

function tableCaption(shown) {
  const [rows, columns] = [shown.rows.length, shown.columns.length];
  const words = rows === shown.count ? counted(rows, "row") : `first ${rows} of ${counted(shown.count, "row")}`;
  return columns === shown.width ? words : `${words} · ${columns} of ${counted(shown.width, "column")}`;
}

export function drawData(shown) {
  if (shown.kind === "table") return drawTable(shown.columns, shown.rows, tableCaption(shown));
  if (shown.kind === "tree") return make("div", { class: "fbr-json" }, drawBranch(shown.value, null, 0));
  if (shown.kind === "note") {
    return make("div", {}, make("div", { class: "fbr-caption" }, shown.why), make("pre", { class: "fbr-pre" }, shown.text));
  }
  const cut = shown.length > shown.text.length ? `\n… (${shown.length.toLocaleString("en")} characters)` : "";
  return make("pre", { class: "fbr-pre" }, shown.text + cut);
}

export function aboutData(shown) {
  if (shown.kind === "table") return "table";
  return shown.kind === "tree" ? shown.about : shown.kind === "text" ? "text" : "not kept";
}
