/** The element that has the focus. */
export function focused() {
  return /** @type {HTMLElement | null} */ (document.activeElement);
}

/** An element with attributes, `on…` listeners and children; text children are always shown as text. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

/**
 * Keep the keys that are pressed inside `root` from the notebook around it, so that each does what it does in a plain
 * page; what is returned gives them back. Every root of ours that is not inside another one needs it.
 *
 * A click beside all fields gives the keyboard to the root: it would be the notebook's, in command mode.
 *
 * JupyterLab acts upon what reaches the document: in command mode `d d` deletes the cell, and from 4.6 on Enter makes no
 * new line in a cell's outputs. Where it listens before us, it leaves out a focused element with the attribute (it looks
 * at that element itself, not at what is around it).
 */
export function keepKeys(root) {
  const mark = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  const keep = (event) => {
    // the browser's own Save would save the page
    if (event.type === "keydown" && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") event.preventDefault();
    event.stopPropagation();
  };
  const kinds = ["keydown", "keypress", "keyup"];
  root.tabIndex = -1;
  root.addEventListener("focusin", mark, true);
  for (const kind of kinds) root.addEventListener(kind, keep);
  return () => {
    root.removeAttribute("tabindex");
    root.removeEventListener("focusin", mark, true);
    for (const kind of kinds) root.removeEventListener(kind, keep);
  };
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  eye: "M1 8s2.5-4.5 7-4.5S15 8 15 8s-2.5 4.5-7 4.5S1 8 1 8zM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  cross: "M4 4l8 8M12 4l-8 8",
};

export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 16 16");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  drawing.append(path);
  return drawing;
}

let idsGiven = 0;
export const freshId = (stem) => `fb-${stem}-${(idsGiven += 1)}-${Math.random().toString(36).slice(2, 7)}`;

/**
 * Call `act` once `node` is part of the page and laid out; views are made before they are attached. What is not shown
 * within some seconds was made for later. The browser tells of it: to ask would lay the page out anew at each question.
 */
export function whenShown(node, act) {
  const shown = () => node.getClientRects().length > 0;
  if (shown()) return act();
  const end = () => {
    clearTimeout(timer);
    observer.disconnect();
    if (shown()) act();
  };
  const timer = setTimeout(end, 5000); // a page behind another one is not told of sizes
  const observer = new ResizeObserver(() => shown() && setTimeout(end)); // `act` may change sizes, too
  observer.observe(node);
}

/**
 * Call `act`, but not while a button is pressed: what moves the button away from under the mouse loses the click. The
 * field that the press leaves does that, for instance, when its error goes.
 */
function unpressed(act) {
  if (!document.querySelector("button:active")) return act();
  const ends = ["pointerup", "pointercancel", "keyup"];
  const over = () => {
    clearTimeout(timer);
    for (const end of ends) removeEventListener(end, over, true);
    setTimeout(act); // after the click, which follows the release
  };
  const timer = setTimeout(over, 3000); // the release went elsewhere, to a frame for instance
  for (const end of ends) addEventListener(end, over, true);
}

/** Listen to changes of a model; what is returned stops listening. */
export function follow(model, names, act) {
  let [held, stopped] = [false, false];
  const changed = () => {
    if (held) return;
    held = true;
    unpressed(() => {
      held = false;
      if (!stopped) act();
    });
  };
  for (const name of names) model.on(`change:${name}`, changed);
  return () => {
    stopped = true;
    for (const name of names) model.off(`change:${name}`, changed);
  };
}
