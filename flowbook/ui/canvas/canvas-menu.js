// The context menu: what can be done to what was clicked, and the commands behind it, which keys have too.
import { element, listen, shield } from "./canvas-parts.js";
import { graphPlace, kindOf, pointerPlace } from "./canvas-places.js";

const COLOURS = ["yellow", "blue", "green", "red", "purple", "grey"];

export function addMenu(view) {
  addCommands(view);
  const { cy, container } = view;
  const menu = shield(element("div", "flowbook-canvas-menu flowbook-canvas-over", { role: "menu", "aria-label": "Canvas", hidden: "" }));
  container.append(menu);
  const hide = (refocus = true) => {
    if (menu.hidden) return;
    menu.hidden = true;
    if (refocus) container.focus({ preventScroll: true });
  };
  const show = (items, left, top) => {
    menu.replaceChildren(...items.map((item) => (item === "-" ? element("div", "flowbook-line", { role: "separator" }) : entry(view, item, hide))));
    menu.hidden = false;
    const room = { x: container.clientWidth - menu.offsetWidth - 6, y: container.clientHeight - menu.offsetHeight - 6 };
    menu.style.left = `${Math.max(4, Math.min(left, room.x))}px`;
    menu.style.top = `${Math.max(4, Math.min(top, room.y))}px`;
    menu.querySelector("button")?.focus({ preventScroll: true });
  };
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const buttons = [...menu.querySelectorAll("button")];
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const moved = { ArrowDown: at + 1, ArrowUp: at - 1 + buttons.length, Home: 0, End: buttons.length - 1 }[event.key];
    if (moved !== undefined) buttons[moved % buttons.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") hide();
    else return;
    event.preventDefault();
  });
  listen(view, document, "mousedown", (event) => { if (!menu.contains(event.target)) hide(false); }, { capture: true });
  cy.on("viewport", () => hide(false));

  const openAt = (target, clientX, clientY) => {
    const box = container.getBoundingClientRect();
    if (target && !target.selected()) cy.batch(() => { cy.elements(":selected").unselect(); target.select(); });
    view.flushSelection();
    const at = { ...graphPlace(view, clientX, clientY), left: Math.round(clientX - box.left), top: Math.round(clientY - box.top) };
    show(itemsFor(view, target, at), at.left, at.top);
  };
  // cytoscape tells what is under the mouse; the browser's own menu must not come in any case
  let under = null;
  cy.on("cxttapstart", (event) => { under = event.target !== cy && event.target.data("record") ? event.target : null; });
  listen(view, container, "contextmenu", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.target.closest?.(".flowbook-canvas-over")) return;
    openAt(under, event.clientX, event.clientY);
    under = null;
  });
  view.menu = {
    openForSelection: () => {
      const target = cy.elements(":selected").first();
      const box = container.getBoundingClientRect();
      const at = target.empty() ? { x: box.width / 2, y: box.height / 2 } : target.isEdge() ? target.renderedMidpoint() : target.renderedPosition();
      openAt(target.empty() ? null : target, box.left + at.x, box.top + at.y);
    },
  };
  view.cleanups.push(() => menu.remove());
}

function entry(view, item, hide) {
  if (item.colours) return colours(item, hide);
  const button = element("button", item.danger ? "flowbook-danger" : "", { type: "button", role: "menuitem" });
  const name = element("span", "");
  name.textContent = item.name;
  const keys = element("kbd", "");
  keys.textContent = item.keys || "";
  button.append(name, keys);
  button.addEventListener("click", () => {
    hide();
    item.act();
  });
  return button;
}

function colours(item, hide) {
  const row = element("div", "flowbook-colours", { role: "group", "aria-label": "Colour" });
  for (const colour of COLOURS) {
    const button = element("button", "", { type: "button", role: "menuitem", "aria-label": `Colour ${colour}`, title: colour });
    button.style.background = LOOK.paper[colour].fill;
    button.style.borderColor = LOOK.paper[colour].border;
    button.addEventListener("click", () => {
      hide();
      item.colours(colour);
    });
    row.append(button);
  }
  return row;
}

// ---- what the menu holds

function itemsFor(view, target, at) {
  const kind = target ? kindOf(target) : "canvas";
  const find = { node: nodeItems, edge: edgeItems, note: noteItems, canvas: canvasItems }[kind];
  return find(view, target, at);
}

function nodeItems(view, node, at) {
  const chosen = view.selection();
  const several = chosen.nodes.length + chosen.notes.length > 1;
  const act = (name, more = {}) => () => view.command(name, { ...at, ...more });
  if (view.readOnly) return [{ name: "Copy", keys: "Ctrl C", act: () => view.copy() }];
  const one = [
    { name: "Run This Node", act: act("run-node") }, { name: "Run Up to Here", act: act("run-to") }, "-",
    { name: "Open", keys: "Enter", act: () => view.send("open", { id: node.data("record").id, kind: "node" }) },
    { name: "Rename", keys: "F2", act: act("rename") }, { name: "Replace Task…", act: act("replace") },
    { name: "Add Node After…", keys: "A", act: act("add", { after: node.data("record").id }) }, "-",
  ];
  return [
    ...(several ? [] : one),
    { name: allDisabled(view, chosen.nodes) ? "Enable" : "Disable", keys: "D", act: act("disable") },
    { name: "Duplicate", keys: "Ctrl D", act: () => view.send("key", { name: "duplicate", ...pointerPlace(view) }) },
    { name: "Copy", keys: "Ctrl C", act: () => view.copy() }, { name: "Cut", keys: "Ctrl X", act: () => view.cut() },
    { name: several ? "Frame Around Them" : "Frame Around It", act: act("frame") }, "-",
    { name: "Delete", keys: "Delete", danger: true, act: act("delete") },
    ...(onLine(node) || several ? [{ name: "Delete and Keep the Line", keys: "Shift Delete", danger: true, act: act("delete-keep") }] : []),
  ];
}

/** Whether one line goes through a node, which can be kept when it goes. */
function onLine(node) {
  const [before, after] = [node.incomers("edge.fb-edge").length, node.outgoers('edge.fb-edge[on != "failure"]').length];
  return before > 0 && after > 0 && (before === 1 || after === 1);
}

function allDisabled(view, nodes) {
  return nodes.length > 0 && nodes.every((id) => view.graph.elements.nodes[id]?.disabled);
}

function edgeItems(view, edge) {
  const id = edge.data("record").id;
  const show = { name: "Edit the Condition", keys: "Enter", act: () => view.send("open", { id, kind: "edge" }) };
  if (view.readOnly) return [show];
  return [
    { name: "Put a Node Between…", act: () => view.insertInto(id) }, show, "-",
    { name: "Delete", keys: "Delete", danger: true, act: () => view.command("delete") },
  ];
}

function noteItems(view, note, at) {
  if (view.readOnly) return [{ name: "Copy", keys: "Ctrl C", act: () => view.copy() }];
  const id = note.data("record").id;
  return [
    { name: note.data("record").frame ? "Edit the Title" : "Edit", keys: "Enter", act: () => view.send("open", { id, kind: "note" }) },
    { colours: (colour) => view.command("colour", { ...at, colour }) }, "-",
    { name: "Duplicate", keys: "Ctrl D", act: () => view.send("key", { name: "duplicate", ...pointerPlace(view) }) },
    { name: "Copy", keys: "Ctrl C", act: () => view.copy() }, { name: "Cut", keys: "Ctrl X", act: () => view.cut() }, "-",
    { name: "Delete", keys: "Delete", danger: true, act: () => view.command("delete") },
  ];
}

function canvasItems(view, _target, at) {
  const look = [
    { name: "Select All", keys: "Ctrl A", act: () => view.selectAll() }, { name: "Find…", keys: "Ctrl F", act: () => view.search.open() },
    { name: "Fit", keys: "F", act: () => view.fit(true) }, { name: "Full Size", keys: "0", act: () => view.zoomBy(1 / view.cy.zoom()) },
    { name: "Keys", keys: "?", act: () => view.help.open() },
  ];
  if (view.readOnly) return look;
  return [
    { name: "Add Node Here…", keys: "A", act: () => view.command("add", { ...at, here: true, after: "" }) },
    { name: "Paste", keys: "Ctrl V", act: () => view.pasteFromMenu(at) },
    { name: "Note", keys: "N", act: () => view.command("note", { ...at }) }, { name: "Frame", act: () => view.command("frame", { ...at }) }, "-",
    { name: "Arrange", act: () => view.arrange() }, ...look,
  ];
}

// ---- commands

/** `view.command(name, more)` tells what is to be done to what is selected. */
function addCommands(view) {
  view.selectAll = () => view.cy.batch(() => view.cy.elements(".fb-card, .fb-note, .fb-edge").select());
  view.command = (name, more = {}) => {
    if (view.readOnly) return;
    view.flushMoves();
    view.flushSelection();
    const chosen = view.selection();
    const things = chosen.nodes.length + chosen.edges.length + chosen.notes.length;
    if (name === "rename") { if (chosen.nodes.length === 1) view.rename(chosen.nodes[0]); return; }
    if (name === "delete") { if (things) view.send("delete", chosen); return; }
    if (["disable", "delete-keep"].includes(name) && !chosen.nodes.length) return;
    const value = name === "disable" ? { disabled: !allDisabled(view, chosen.nodes) } : {};
    view.send("command", { name, ...chosen, ...whereTo(view, chosen), ...value, ...more });
  };
}

/** Where what is asked for belongs: beside the selected node, else where the mouse is. */
function whereTo(view, chosen) {
  const node = chosen.nodes.length ? view.cy.getElementById(`n:${chosen.nodes.at(-1)}`) : null;
  if (!node) {
    const at = pointerPlace(view);
    const [zoom, pan] = [view.cy.zoom(), view.cy.pan()];
    return { ...at, left: Math.round(at.x * zoom + pan.x), top: Math.round(at.y * zoom + pan.y) };
  }
  const seen = node.renderedPosition();
  const { x, y } = node.position();
  return { x: Math.round(x), y: Math.round(y), left: Math.round(seen.x + 40), top: Math.round(seen.y + 34 * view.cy.zoom()) };
}
