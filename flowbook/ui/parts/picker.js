/** A list of groups of items to click: the palette of tasks, the names an expression can use, problems. */
import { focused, follow, make, whenShown } from "./dom.js";
import { explained } from "./explain.js";
import { goOn } from "./keeping_focus.js";
import { ranked } from "./ranking.js";

const TASK_DRAG = "application/x-flowbook-task";

function pickerBadge(badge) {
  if (!badge) return null;
  const square = make("span", { class: "fb-badge", "aria-hidden": "true" });
  square.style.background = badge.color ?? "";
  if (badge.icon) {
    square.style.background = "transparent";
    square.append(make("img", { src: badge.icon, alt: "" }));
  } else square.textContent = badge.text ?? "";
  return square;
}

/** Long names may go on in the next line after an underscore. */
function breakable(text) {
  return String(text).split(/(?<=_)/).flatMap((part, index) => (index ? [make("wbr"), part] : [part]));
}

const ON_A_MAC = /Mac|iPhone|iPad/.test(navigator.platform);

/** Whether a key press is that which begins a search from anywhere in the editor. */
function begins(event) {
  const modified = ON_A_MAC ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
  return modified && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k";
}

/** All groups: first those that repeat items of the others. Items come with the places of their badges. */
function listed(model) {
  const badges = model.get("badges");
  const whole = (item) => (item.badge === undefined ? item : { ...item, badge: badges[item.badge] });
  const groups = model.get("groups").map((group) => ({ ...group, items: group.items.map(whole) }));
  const items = new Map(groups.flatMap((group) => group.items.map((item) => [item.id, item])));
  const again = model.get("again").map(({ label, ids }) => ({ label, again: true, items: ids.map((id) => items.get(id)).filter(Boolean) }));
  return [...again, ...groups];
}

function render({ model, el }) {
  const search = make("input", { type: "search", class: "fb-picker-search", autocomplete: "off", spellcheck: "false" });
  const hint = make("kbd", { class: "fb-picker-key", "aria-hidden": "true" }, ON_A_MAC ? "⌘ K" : "Ctrl K");
  const list = make("div", { class: "fb-picker-list" });
  const fleeting = model.get("fleeting");
  const root = make("div", { class: "fb-picker", role: "group", tabindex: fleeting ? "-1" : null },
    make("div", { class: "fb-picker-top" }, search, hint), list);
  const turned = new Set(); // the groups that a person has opened or closed

  const item = (one) => {
    const node = make("button", {
      type: "button", class: `fb-item fb-item-${one.tone ?? "plain"}`, title: one.about, draggable: model.get("draggable") && !one.fixed ? "true" : null,
      "data-id": one.id, onclick: () => model.send({ kind: "pick", id: one.id }),
    }, pickerBadge(one.badge), make("span", { class: "fb-item-label" }, ...breakable(one.label)), make("span", { class: "fb-item-detail" }, one.detail ?? ""));
    if (node.draggable) {
      node.addEventListener("dragstart", (event) => {
        event.dataTransfer.setData(TASK_DRAG, one.id);
        event.dataTransfer.effectAllowed = "copy";
      });
    }
    return node;
  };
  const groupBox = (group, items, searched) => {
    const head = make("summary", { title: group.about }, pickerBadge(group.badge), make("span", { class: "fb-group-label" }, group.label));
    const shut = Boolean(model.get("folded") || group.shut) !== turned.has(group.label);
    const box = make("details", { class: "fb-group", open: searched || !shut }, head);
    const fill = () => box.append(...items.map(item));
    if (shut && !searched) head.addEventListener("click", fill, { once: true });
    head.addEventListener("click", () => {
      if (searched) return;
      if (turned.has(group.label)) turned.delete(group.label);
      else turned.add(group.label);
    });
    if (group.problem) box.append(make("div", { class: "fb-group-problem" }, group.problem));
    if (box.open) fill(); // one that is shut gets its items, which may be hundreds, as it is opened
    return box;
  };
  const draw = () => {
    const searched = search.value.trim() !== "";
    const boxes = ranked(listed(model), search.value)
      .filter(({ group, items }) => items.length || (group.problem && !searched))
      .map(({ group, items }) => groupBox(group, items, searched));
    if (!boxes.length) boxes.push(make("div", { class: "fb-picker-empty" }, searched ? "Nothing fits." : model.get("empty")));
    const at = list.scrollTop;
    const held = list.contains(focused()) ? focused()?.dataset.id : null;
    list.replaceChildren(...boxes);
    list.scrollTop = searched ? 0 : at;
    if (held !== null) ([...list.querySelectorAll(".fb-item")].find((one) => one.dataset.id === held) ?? search).focus({ preventScroll: true });
    if (searched) list.querySelector(".fb-item")?.classList.add("fb-item-first"); // the one that Enter takes
    stopAt(list.contains(focused()) ? focused() : null);
  };
  /** Have Tab stop at one item only where there is a search: the arrows go from there to the others. */
  const stopAt = (held) => {
    if (search.hidden) return;
    const items = [...list.querySelectorAll(".fb-item")];
    const stop = items.includes(held) ? held : list.querySelector("details[open] .fb-item");
    for (const one of items) {
      const index = one === stop ? "0" : "-1";
      if (one.getAttribute("tabindex") !== index) one.setAttribute("tabindex", index); // each change costs its style anew
    }
  };
  list.addEventListener("focusin", (event) => stopAt(event.target));
  list.addEventListener("toggle", () => stopAt(null), true);
  const dress = () => {
    search.hidden = !model.get("searching");
    hint.hidden = search.hidden || !model.get("called");
    search.placeholder = model.get("placeholder");
    search.setAttribute("aria-label", model.get("placeholder") || model.get("label"));
    root.setAttribute("aria-label", model.get("label"));
    draw();
  };
  root.addEventListener("keydown", (event) => {
    const held = root.ownerDocument.activeElement;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const stops = [...(search.hidden ? [] : [search]), ...list.querySelectorAll("details[open] .fb-item")];
      const next = stops[stops.indexOf(held) + (event.key === "ArrowDown" ? 1 : -1)];
      if (!stops.includes(held) || !next) return;
      event.preventDefault();
      next.focus();
    } else if (held !== search && !search.hidden && event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) {
      search.focus(); // what is typed while an item has the keyboard goes on with the search
    }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) list.querySelector(".fb-item-first")?.click();
    if (event.key === "Escape" && !fleeting) {
      search.value = "";
      draw();
    }
  });
  search.addEventListener("input", draw);
  const leave = () => model.send({ kind: "leave" });
  if (fleeting) {
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      leave();
      goOn(root); // at once: the kernel takes the list away when it comes to that, and keys may come before
    });
    root.addEventListener("focusout", (event) => {
      if (document.hasFocus() && !root.contains(event.relatedTarget)) leave();
    });
  }
  const take = () => {
    list.scrollTop = 0;
    whenShown(search, () => {
      search.focus({ preventScroll: true });
      search.select();
    });
  };
  const call = (event) => {
    if (!model.get("called") || !begins(event) || !root.closest(".flowbook")?.contains(event.target)) return;
    if (!(root.closest(".fb-workbench") ?? root).getClientRects().length) return; // its editor is not to be seen
    event.preventDefault();
    event.stopPropagation();
    if (!root.getClientRects().length) model.send({ kind: "called" });
    take();
  };
  document.addEventListener("keydown", call, true);
  let asked = false; // a page of the documentation was picked in this view
  const explain = explained((page) => {
    asked = true;
    model.send({ kind: "explain", page });
  });
  root.addEventListener("click", (event) => { if (event.target instanceof Element && event.target.closest(".fb-item")) asked = true; });
  const receive = (message) => {
    if (message.kind === "explained") {
      if (asked) explain(message);
      asked = false;
      return;
    }
    if (message.kind !== "ask") return;
    search.value = "";
    draw();
    take();
  };
  model.on("msg:custom", receive);
  dress();
  el.append(root);
  let late = false; // the palette takes in what is new only when the mouse is elsewhere: nothing moves under it
  const news = () => {
    late = model.get("called") && !search.value && root.matches(":hover");
    if (!late) dress();
  };
  root.addEventListener("mouseleave", () => { if (late) dress(); });
  const stop = follow(model, ["groups", "badges", "again", "placeholder", "label", "empty", "searching", "folded", "called"], news);
  return () => {
    stop();
    document.removeEventListener("keydown", call, true);
    model.off("msg:custom", receive);
  };
}

export default { render };
