// The keyboard: every gesture of the mouse has a key. `?` shows them.
import { nearest, readingOrder } from "./canvas-geometry.js";
import { element, listen, shield } from "./canvas-parts.js";
import { kindOf, pointerPlace } from "./canvas-places.js";

const NUDGE = 10;
const COMMANDS = { z: "undo", y: "redo", d: "duplicate", s: "save" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** What `?` shows; the page on the studio has the same. */
const HELP = [
  ["Arrows", "to the next node in that direction"], ["Tab, Shift Tab", "to the next node, the one before"],
  ["Alt arrows", "move what is selected; with Shift further"], ["Enter", "open what is selected"],
  ["A", "add a node after the selected one"], ["Ctrl K", "search for a task"], ["C", "connect: arrows or Tab choose, Enter connects"],
  ["F2", "rename"], ["D", "disable, enable"], ["Delete", "delete"], ["Shift Delete", "delete and keep the line"],
  ["Ctrl Z, Ctrl Shift Z", "undo, redo"], ["Ctrl C, X, V", "copy, cut, paste, also between notebooks"], ["Ctrl D", "duplicate"],
  ["Ctrl A", "select all"], ["Ctrl F", "find a node"], ["Ctrl S", "save"], ["Ctrl Enter", "run"], ["N", "a note"],
  ["F, + and −, 0", "fit, zoom, full size"], ["Shift F10", "the menu of what is selected"], ["Esc", "select nothing, leave a mode"], ["?", "these keys"],
];

export function addKeys(view) {
  const { container } = view;
  addHelp(view);
  addConnectMode(view);
  listen(view, container, "keydown", (event) => {
    event.stopPropagation(); // nothing may reach the notebook, where "d d" deletes a cell
    if (event.target !== container) return;
    if (view.typedAhead(event)) { event.preventDefault(); return; }
    if (view.connectMode.on) { if (view.connectMode.key(event)) event.preventDefault(); return; }
    const done = event.ctrlKey || event.metaKey ? commandKey(view, event) : plainKey(view, event);
    if (done) event.preventDefault();
  });
  for (const type of ["keyup", "keypress"]) listen(view, container, type, (event) => event.stopPropagation());
}

function commandKey(view, event) {
  const letter = event.key.toLowerCase();
  if (letter === "a") { view.selectAll(); return true; }
  if (letter === "f") { view.search.open(); return true; }
  if (event.key === "Enter") { view.send("key", { name: "run", ...pointerPlace(view) }); return true; }
  if (letter === "c") { view.copy(); return true; }
  if (letter === "x") { view.cut(); return true; }
  if (letter === "v") { view.expectPaste(); return false; } // what is on the clipboard only the event paste may tell
  let name = COMMANDS[letter];
  if (!name) return false;
  if (name === "undo" && event.shiftKey) name = "redo";
  flush(view);
  view.send("key", { name, ...pointerPlace(view) });
  return true;
}

function flush(view) {
  view.flushMoves();
  view.flushSelection();
}

/** The keys that stand for a command of the menu. */
const PLAIN = { d: "disable", n: "note", F2: "rename" };

function plainKey(view, event) {
  const { cy } = view;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const arrow = ARROWS[key];
  if (arrow && event.altKey && !view.readOnly) {
    const far = event.shiftKey ? 5 * NUDGE : NUDGE;
    if (cy.nodes(":selected").nonempty()) view.nudge(arrow[0] * far, arrow[1] * far);
  } else if (arrow) step(view, arrow);
  else if (key === "Tab") return tab(view, event.shiftKey);
  else if (key === "Delete" || key === "Backspace") view.command(event.shiftKey ? "delete-keep" : "delete");
  else if (key === "Escape") {
    if (view.connecting) view.cancelConnecting();
    else if (cy.elements(":selected").nonempty()) cy.elements(":selected").unselect();
    else view.container.dispatchEvent(new CustomEvent("flowbook-escape", { bubbles: true })); // not used here
  } else if (key === "Enter") open(view);
  else if (key === "a") addAfter(view);
  else if (key === "c") view.connectMode.begin();
  else if (key === "?") view.help.open();
  else if (key === "ContextMenu" || (key === "F10" && event.shiftKey)) view.menu.openForSelection();
  else if (key in PLAIN) view.command(PLAIN[key]);
  else if (key === "f") view.fit(true);
  else if (key === "0") view.zoomBy(1 / cy.zoom());
  else if (key === "+" || key === "=") view.zoomBy(1.25);
  else if (key === "-") view.zoomBy(0.8);
  else return !/^F\d+$/.test(key); // a letter that means nothing here must mean nothing to the notebook either
  return true;
}

function open(view) {
  const selected = view.cy.elements(":selected");
  if (selected.length === 1) view.send("open", { id: selected[0].data("record").id, kind: kindOf(selected[0]) });
}

function addAfter(view) {
  if (view.readOnly) return;
  flush(view);
  view.command("add", { after: view.selection().nodes.at(-1) ?? "" });
}

// ---- from node to node

function cardPlaces(view, without = "") {
  return Object.fromEntries(Object.entries(view.graph.elements.nodes).filter(([id]) => id !== without));
}

function selectOnly(view, id) {
  const { cy } = view;
  const node = cy.getElementById(`n:${id}`);
  cy.batch(() => { cy.elements(":selected").unselect(); node.select(); });
  view.reveal(node);
}

function middle(view) {
  const extent = view.cy.extent();
  return { x: (extent.x1 + extent.x2) / 2, y: (extent.y1 + extent.y2) / 2 };
}

/** Select the nearest card in a direction, seen from the selected one or the middle of the view. */
function step(view, direction) {
  const selected = view.cy.nodes(".fb-card:selected");
  const from = selected.nonempty() ? selected[0].position() : middle(view);
  const best = nearest(cardPlaces(view, selected.nonempty() ? selected[0].data("record").id : ""), from, direction, selected.empty());
  if (best !== null) selectOnly(view, best);
}

/** Tab goes from node to node, once one is selected, and leaves the canvas after the last; so does nothing selected. */
function tab(view, back) {
  const [current] = view.selection().nodes;
  if (current === undefined) return false;
  const order = readingOrder(view.graph.elements.nodes);
  const next = order[order.indexOf(current) + (back ? -1 : 1)];
  if (next === undefined) return false;
  selectOnly(view, next);
  return true;
}

// ---- connecting without a mouse

function addConnectMode(view) {
  const { cy, container } = view;
  const line = element("div", "flowbook-canvas-mode", { hidden: "" });
  container.append(line);
  let [source, target] = ["", ""];
  const mode = { on: false, begin, key };
  view.connectMode = mode;

  function show(id) {
    target = id ?? "";
    cy.nodes(".fb-target").removeClass("fb-target");
    if (target) {
      const node = cy.getElementById(`n:${target}`);
      node.addClass("fb-target");
      view.reveal(node);
    }
    const name = (node) => cy.getElementById(`n:${node}`).data("label");
    line.textContent = `Connect ${name(source)} to ${target ? name(target) : "…"}: arrows or Tab choose, Enter connects, Esc leaves.`;
    view.announce(line.textContent);
  }

  function begin() {
    const [first] = view.selection().nodes;
    if (view.readOnly) return;
    if (first === undefined) { view.tell("Select the node that the line is to begin at.", "info"); return; }
    [source, target] = [first, ""];
    mode.on = true;
    line.hidden = false;
    const [onward] = Object.values(view.graph.elements.edges).filter((edge) => edge.source === first).map((edge) => edge.target);
    show(nearest(cardPlaces(view, first), cy.getElementById(`n:${first}`).position(), [1, 0], true) ?? onward);
  }

  function end() {
    mode.on = false;
    line.hidden = true;
    cy.nodes(".fb-target").removeClass("fb-target");
  }

  function key(event) {
    const arrow = ARROWS[event.key];
    const at = cy.getElementById(`n:${target || source}`);
    if (at.empty() || event.key === "Escape") end();
    else if (event.key === "Enter") {
      end();
      if (target) view.send("connect", { source, target });
    } else if (arrow) {
      const others = cardPlaces(view, target);
      delete others[source];
      const next = nearest(others, at.position(), arrow);
      if (next !== null) show(next);
    } else if (event.key === "Tab") {
      const order = readingOrder(cardPlaces(view, source));
      show(order[(order.indexOf(target) + (event.shiftKey ? order.length - 1 : 1)) % order.length]);
    } else if (event.ctrlKey || event.metaKey) return false;
    return true;
  }
  view.cleanups.push(() => line.remove());
}

// ---- the list of keys

function addHelp(view) {
  const { container } = view;
  const box = shield(element("div", "flowbook-canvas-help flowbook-canvas-over", { role: "dialog", "aria-label": "Keys of the canvas", tabindex: "-1", hidden: "" }));
  const list = element("dl", "");
  for (const [keys, what] of HELP) {
    const [name, said] = [element("dt", ""), element("dd", "")];
    name.textContent = keys;
    said.textContent = what;
    list.append(name, said);
  }
  const close = element("button", "flowbook-close", { type: "button", "aria-label": "Close the list of keys" });
  close.textContent = "×";
  box.append(close, list);
  container.append(box);
  const hide = () => {
    box.hidden = true;
    container.focus({ preventScroll: true });
  };
  close.addEventListener("click", hide);
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "?") { event.preventDefault(); hide(); }
  });
  view.help = { open: () => { box.hidden = false; box.focus({ preventScroll: true }); } };
  view.cleanups.push(() => box.remove());
}
