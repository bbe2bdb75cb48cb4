// The few pieces of HTML that lie upon the canvas: zoom buttons, short messages, the hover text. Text is only ever
// set as textContent.
import { progressWords } from "./canvas-words.js";

export function listen(view, target, type, handler, options) {
  target.addEventListener(type, handler, options);
  view.cleanups.push(() => target.removeEventListener(type, handler, options));
}

export function element(tag, className, attributes = {}) {
  const made = document.createElement(tag);
  made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Keep the gestures made upon `overlay` from the canvas below it. */
export function shield(overlay) {
  for (const name of ["mousedown", "mouseup", "touchstart", "touchend", "dblclick", "click", "contextmenu"]) {
    overlay.addEventListener(name, (event) => event.stopPropagation());
  }
  return overlay;
}

function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

export function addControls(view) {
  const bar = shield(element("div", "flowbook-canvas-controls", { role: "group", "aria-label": "Zoom" }));
  const size = () => `${Math.round(view.cy.zoom() * 100)} %`;
  const buttons = [
    ["Zoom in", icon("M8 3v10M3 8h10"), () => view.zoomBy(1.25)],
    ["Zoom out", icon("M3 8h10"), () => view.zoomBy(0.8)],
    ["Fit the graph", "Fit", () => view.fit(true)],
    ["Show at full size", size(), () => view.zoomBy(1 / view.cy.zoom())],
  ].map(([name, face, act]) => {
    const button = element("button", "", { type: "button", title: name, "aria-label": name });
    button.append(face);
    button.addEventListener("click", act);
    bar.append(button);
    return button;
  });
  view.cy.on("viewport", () => {
    if (buttons[3].textContent !== size()) buttons[3].textContent = size();
  });
  view.container.append(bar);
  view.cleanups.push(() => bar.remove());
}

export function addMessages(view) {
  const list = shield(element("div", "flowbook-canvas-messages", { role: "status", "aria-live": "polite" }));
  view.container.append(list);
  view.cleanups.push(() => list.remove());
  view.tell = (text, tone) => {
    view.awaitNothing();
    const known = ["error", "warning", "success", "info"].includes(tone) ? tone : "info";
    const message = element("div", `flowbook-canvas-message flowbook-${known}`);
    const words = element("span", "");
    words.textContent = text;
    const close = element("button", "", { type: "button", "aria-label": "Dismiss this message" });
    close.textContent = "×";
    close.addEventListener("click", () => message.remove());
    message.append(words, close);
    while (list.childElementCount > 2) list.firstElementChild.remove();
    list.append(message);
    setTimeout(() => message.remove(), 4000 + 40 * String(text).length);
  };
}

function nodeLines(node) {
  const record = node.data("record");
  const label = record.label || record.id;
  return [
    [label === record.id ? record.id : `${label} (${record.id})`, "flowbook-first"],
    [record.task, ""], [[node.data("status"), progressWords(node.data("progress"))].filter(Boolean).join(" · "), ""],
    [node.data("worker") && `on ${node.data("worker")}`, "flowbook-worker"],
    [record.problem, "flowbook-problem"],
  ];
}

const WENT = { yes: "taken by the last run", no: "not taken by the last run" };

function edgeLines(edge) {
  const went = [WENT[edge.data("taken")], edge.data("items")].filter(Boolean).join(" · ");
  return [[edge.data("label"), "flowbook-condition"], [went, ""]];
}

/** Where the hover text of a line goes: clear of what stands in its middle. */
function middleOf(edge) {
  const { x, y } = edge.renderedMidpoint();
  return { x1: x - 60, x2: x + 60, y1: y - 14, y2: y + 34 };
}

/** The whole of what a card had to cut short, and its problem, after half a second's rest upon it. */
export function addHoverText(view) {
  const box = element("div", "flowbook-canvas-hover", { role: "tooltip", hidden: "" });
  view.container.append(box);
  let timer = 0;
  const hide = () => { clearTimeout(timer); box.hidden = true; };
  const show = (node) => {
    if (node.removed()) return;
    const lines = node.isEdge() ? edgeLines(node) : nodeLines(node);
    box.replaceChildren(...lines.filter(([text]) => text).map(([text, className]) => {
      const line = element("div", className);
      line.textContent = text;
      return line;
    }));
    box.hidden = false;
    const place = node.isEdge() ? middleOf(node) : node.renderedBoundingBox({ includeLabels: false, includeOverlays: false, includeUnderlays: false });
    const room = view.container.getBoundingClientRect();
    box.style.left = `${Math.max(4, Math.min(place.x1, room.width - box.offsetWidth - 8))}px`;
    const below = place.y2 + 6;
    box.style.top = `${below + box.offsetHeight > room.height ? Math.max(4, place.y1 - box.offsetHeight - 6) : below}px`;
  };
  view.cy.on("mouseover", "node.fb-card, edge.fb-edge", (event) => {
    hide();
    if (event.target.isEdge() && !edgeLines(event.target).some(([text]) => text)) return;
    timer = setTimeout(() => show(event.target), 600);
  });
  view.cy.on("mouseout", "node.fb-card, edge.fb-edge", hide);
  view.cy.on("tapstart cxttapstart viewport drag", hide);
  listen(view, view.container, "mouseleave", hide); // cytoscape tells of no mouse that leaves by a card at the edge
  view.cleanups.push(() => { hide(); box.remove(); });
}

/** What to do where there is nothing yet. */
export function addHint(view) {
  const line = element("div", "flowbook-canvas-hint", { hidden: "" });
  line.textContent = view.graph.hint;
  view.container.append(line);
  view.showHint = (empty) => { line.hidden = !(empty && view.graph.hint); };
  view.cleanups.push(() => line.remove());
}

/** How wide the canvas is up to the inspector, which lies over its right side where there is little room. */
export function roomLeft(container) {
  return container.clientWidth - (parseFloat(getComputedStyle(container).getPropertyValue("--fb-covered")) || 0);
}
