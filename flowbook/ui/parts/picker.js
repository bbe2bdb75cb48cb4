/** A list of groups of items to click: the palette of tasks, the names an expression can use, problems. */
import { follow, make, whenShown } from "./dom.js";

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

function render({ model, el }) {
  const search = make("input", { type: "search", class: "fb-picker-search", autocomplete: "off", spellcheck: "false" });
  const list = make("div", { class: "fb-picker-list" });
  const fleeting = model.get("fleeting");
  const root = make("div", { class: "fb-picker", role: "group", tabindex: fleeting ? "-1" : null }, search, list);
  const closed = new Set();

  const item = (one) => {
    const node = make("button", {
      type: "button", class: `fb-item fb-item-${one.tone ?? "plain"}`, title: one.about, draggable: model.get("draggable") ? "true" : null,
      "data-id": one.id, onclick: () => model.send({ kind: "pick", id: one.id }),
    }, pickerBadge(one.badge), make("span", { class: "fb-item-label" }, ...breakable(one.label)), make("span", { class: "fb-item-detail" }, one.detail ?? ""));
    if (model.get("draggable")) {
      node.addEventListener("dragstart", (event) => {
        event.dataTransfer.setData(TASK_DRAG, one.id);
        event.dataTransfer.effectAllowed = "copy";
      });
    }
    return node;
  };
  const matches = (words, ...texts) => {
    const text = texts.join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const draw = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const groups = [];
    for (const group of model.get("groups")) {
      const items = group.items.filter((one) => matches(words, group.label, one.label, one.about ?? ""));
      if (!items.length && (words.length || !group.problem)) continue;
      const head = make("summary", { title: group.about }, pickerBadge(group.badge), make("span", { class: "fb-group-label" }, group.label));
      const shut = model.get("folded") ? !closed.has(group.label) : closed.has(group.label);
      const box = make("details", { class: "fb-group", open: words.length > 0 || !shut }, head);
      box.addEventListener("toggle", () => {
        if (search.value) return;
        if (box.open === Boolean(model.get("folded"))) closed.add(group.label);
        else closed.delete(group.label);
      });
      if (group.problem) box.append(make("div", { class: "fb-group-problem" }, group.problem));
      box.append(...items.map(item));
      groups.push(box);
    }
    if (!groups.length) groups.push(make("div", { class: "fb-picker-empty" }, words.length ? "Nothing fits." : model.get("empty")));
    const at = list.scrollTop;
    list.replaceChildren(...groups);
    list.scrollTop = at;
  };
  const dress = () => {
    search.hidden = !model.get("searching");
    search.placeholder = model.get("placeholder");
    search.setAttribute("aria-label", model.get("placeholder") || model.get("label"));
    root.setAttribute("aria-label", model.get("label"));
    draw();
  };
  root.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [...(search.hidden ? [] : [search]), ...list.querySelectorAll("details[open] .fb-item")];
    const at = stops.indexOf(root.ownerDocument.activeElement);
    const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") list.querySelector(".fb-item")?.click();
    if (event.key === "Escape" && !fleeting) {
      search.value = "";
      draw();
    }
  });
  search.addEventListener("input", draw);
  const leave = () => model.send({ kind: "leave" });
  if (fleeting) {
    root.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
    root.addEventListener("focusout", (event) => {
      if (document.hasFocus() && !root.contains(event.relatedTarget)) leave();
    });
  }
  const receive = (message) => {
    if (message.kind !== "ask") return;
    search.value = "";
    draw();
    list.scrollTop = 0;
    whenShown(search, () => search.focus({ preventScroll: true }));
  };
  model.on("msg:custom", receive);
  dress();
  el.append(root);
  const stop = follow(model, ["groups", "placeholder", "label", "empty", "searching", "folded"], dress);
  return () => {
    stop();
    model.off("msg:custom", receive);
  };
}

export default { render };
