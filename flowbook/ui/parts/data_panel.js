/** The data before a node: as a tree, as tables, or as the shape that it has. What is clicked or dragged is a path. */
import { focused, make } from "./dom.js";

const VIEWS = ["Tree", "Table", "Schema"];
const PATH_TYPE = "application/x-flowbook-path";
const CHOSEN = { view: "Tree", folded: false, open: new Map() }; // as the person left it, for every panel of the page

/** Something that puts a path in when it is clicked, and can be dragged; pressing it takes the focus from no field. */
function source(item, pick, ...inside) {
  const node = make("button", { type: "button", class: "fb-path", draggable: "true", title: `Insert ${item.path ?? item.signature}`, tabindex: "-1", onclick: () => pick(item) }, ...inside);
  node.addEventListener("dragstart", (event) => {
    const { path, call } = item;
    event.dataTransfer.setData(PATH_TYPE, JSON.stringify({ path, call }));
    event.dataTransfer.setData("text/plain", path ?? `${call}()`);
    event.dataTransfer.effectAllowed = "copy";
  });
  return node;
}

function leaf(entry, pick) {
  return source(entry, pick, make("span", { class: "fb-key" }, entry.label ?? entry.key), " ", make("span", { class: "fb-worth" }, entry.value));
}

function branch(entry, pick, depth) {
  if (!entry.children?.length) return make("div", { class: "fb-leaf" }, leaf(entry, pick));
  const open = CHOSEN.open.get(entry.path) ?? depth < 2;
  const more = entry.more ? [make("div", { class: "fb-leaf fb-worth" }, `and ${entry.more} more`)] : [];
  const box = make("details", { class: "fb-branch", open }, make("summary", { tabindex: "-1" }, leaf(entry, pick)));
  const fill = () => box.childElementCount === 1 && box.append(...entry.children.map((one) => branch(one, pick, depth + 1)), ...more);
  if (open) fill();
  box.addEventListener("toggle", () => {
    CHOSEN.open.set(entry.path, box.open);
    if (box.open) fill();
  });
  return box;
}

/** The lists of objects in a value, each a table. */
function tablesIn(entry) {
  const inside = entry.children ?? [];
  const rows = inside.filter((one) => one.at !== undefined);
  if (rows.length && rows.every((row) => row.kind === "mapping" && row.children)) return [{ entry, rows }];
  return inside.filter((one) => one.at === undefined).flatMap(tablesIn);
}

function table({ entry, rows }, pick) {
  const keys = [...new Set(rows.flatMap((row) => row.children.map((one) => one.key)))];
  const cell = (row, key) => {
    const found = row.children.find((one) => one.key === key);
    return make("td", {}, found ? source(found, pick, make("span", { class: "fb-worth" }, found.value)) : "");
  };
  return make("div", { class: "fb-data-table" },
    make("div", { class: "fb-data-name" }, leaf({ ...entry, label: entry.path }, pick)),
    make("table", {}, make("thead", {}, make("tr", {}, ...keys.map((key) => make("th", {}, key)))),
      make("tbody", {}, ...rows.map((row) => make("tr", {}, ...keys.map((key) => cell(row, key)))))));
}

/** The shape of a value: its keys with the kind of each, of a list's items that of the first. */
function shape(entry, pick, depth = 0) {
  const item = entry.children?.find((one) => one.at !== undefined);
  const inside = (item ? item.children : entry.children) ?? [];
  const kind = item && !inside.length ? `list of ${item.kind}` : entry.kind;
  return make("div", { class: "fb-shape" }, source(entry, pick, make("span", { class: "fb-key" }, depth ? entry.key : entry.path), " ", make("span", { class: "fb-worth" }, kind)),
    ...inside.filter((one) => one.at === undefined).map((one) => shape(one, pick, depth + 1)));
}

/** What is shown at the top: the data of each node before, then what else there is. */
function shown(tree, without) {
  return tree.entries.filter((one) => !without.includes(one.key)).flatMap((entry) => {
    if (entry.key !== "nodes") return entry.children ? entry.children.map((one) => ({ ...one, label: one.path })) : [{ ...entry, label: entry.path }];
    return entry.children.flatMap((node) => node.children.filter((one) => one.key === "data").map((one) => ({ ...one, label: one.path })));
  });
}

function functions(tree, pick) {
  const items = tree.functions.map((one) => make("div", { class: "fb-leaf" },
    source({ call: one.name, signature: one.signature }, pick, make("span", { class: "fb-key" }, one.signature), " ", make("span", { class: "fb-worth" }, one.about))));
  return make("details", { class: "fb-branch fb-functions", open: CHOSEN.open.get("functions") ?? false, ontoggle: (event) => CHOSEN.open.set("functions", event.target.open) },
    make("summary", { tabindex: "-1" }, "Functions"), ...items);
}

/**
 * @param {{ tree: any, listen: (act: () => void) => () => void }} scope
 * @param {(item: { path?: string, call?: string }) => void} pick
 */
export function dataPanel(scope, pick) {
  const body = make("div", { class: "fb-data-body" });
  const tabs = make("span", { class: "fb-data-views", role: "group", "aria-label": "Show the data as" });
  const fold = make("button", { type: "button", class: "fb-data-fold", onclick: () => choose({ folded: !CHOSEN.folded }) }, "Data before this node");
  const node = make("section", { class: "fb-data", "aria-label": "Data before this node" }, make("header", {}, fold, tabs), body);
  let without = [];
  const choose = (chosen) => {
    Object.assign(CHOSEN, chosen);
    draw();
  };
  const draw = () => {
    fold.setAttribute("aria-expanded", String(!CHOSEN.folded));
    const held = tabs.contains(focused());
    tabs.replaceChildren(...VIEWS.map((name) => make("button", { type: "button", "aria-pressed": String(name === CHOSEN.view), tabindex: name === CHOSEN.view ? "0" : "-1", onclick: () => choose({ view: name, folded: false }) }, name)));
    if (held) /** @type {HTMLElement | null} */ (tabs.querySelector("[aria-pressed=true]"))?.focus({ preventScroll: true });
    body.hidden = CHOSEN.folded;
    if (CHOSEN.folded) return;
    const tree = scope.tree;
    if (!tree) return body.replaceChildren(make("div", { class: "fb-leaf fb-worth" }, "Reading the last run's data…"));
    const entries = shown(tree, without);
    const tables = entries.flatMap(tablesIn);
    const views = {
      Tree: () => entries.map((entry) => branch(entry, pick, 0)),
      Table: () => (tables.length ? tables.map((one) => table(one, pick)) : [make("div", { class: "fb-leaf fb-worth" }, "No list of objects is among it.")]),
      Schema: () => entries.map((entry) => shape(entry, pick)),
    };
    const told = tree.told ? [make("div", { class: "fb-leaf fb-worth" }, tree.told)] : [];
    const at = body.scrollTop;
    body.replaceChildren(...told, ...views[CHOSEN.view](), functions(tree, pick));
    body.scrollTop = at;
  };
  // one stop of Tab on the way from field to field
  tabs.addEventListener("keydown", (event) => {
    const [at, last] = [VIEWS.indexOf(CHOSEN.view), VIEWS.length - 1];
    const next = { ArrowRight: Math.min(at + 1, last), ArrowLeft: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose({ view: VIEWS[next], folded: false });
  });
  // what is pressed here puts something into the field that has the focus, which keeps it
  node.addEventListener("mousedown", (event) => {
    if (!event.target.closest("[draggable]")) event.preventDefault();
  });
  const stop = scope.listen(draw);
  draw();
  return {
    node,
    /** Show all but these names, which the field cannot use that it stands under. */
    leaveOut(names) {
      if (names.join() === without.join()) return;
      without = names;
      draw();
    },
    remove() {
      stop();
      node.remove();
    },
  };
}
