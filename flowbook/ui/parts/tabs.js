/** The top bar: the product's name and the tabs. Arrow keys, Home and End move between tabs. */
import { follow, make } from "./dom.js";

/** Scroll the tabs, and nothing around them, until one is seen whole. */
function keepSeen(list, tab) {
  const [inside, whole] = [tab.getBoundingClientRect(), list.getBoundingClientRect()];
  list.scrollLeft += Math.max(0, inside.right - whole.right) || Math.min(0, inside.left - whole.left);
}

function render({ model, el }) {
  const list = make("div", { class: "fb-tabs", role: "tablist", "aria-label": model.get("label") });
  const bar = make("div", { class: "fb-top" }, make("span", { class: "fb-brand" }, "Flowbook"), list);
  const open = (name, focus) => {
    if (model.get("selected") !== name) {
      model.set("selected", name);
      model.save_changes();
    }
    if (focus) list.querySelector('[aria-selected="true"]')?.focus();
  };
  const move = (event) => {
    const names = model.get("tabs");
    const at = names.indexOf(model.get("selected"));
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    open(names[(to + names.length) % names.length], true);
  };
  const draw = () => {
    const selected = model.get("selected");
    for (const tab of list.children) {
      const mine = tab.textContent === selected;
      tab.setAttribute("aria-selected", String(mine));
      tab.tabIndex = mine ? 0 : -1;
      if (mine) keepSeen(list, tab);
    }
  };
  list.append(...model.get("tabs").map((name) => make("button", { type: "button", role: "tab", class: "fb-tab", onclick: () => open(name), onkeydown: move }, name)));
  draw();
  el.append(bar);
  const observer = new ResizeObserver(draw); // also once it is shown, and whenever a page gets narrower
  observer.observe(list);
  const stop = follow(model, ["selected"], draw);
  return () => {
    stop();
    observer.disconnect();
  };
}

export default { render };
