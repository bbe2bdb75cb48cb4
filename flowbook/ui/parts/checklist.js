/** Groups of things to check, with a search; a group, and all that is found, can be checked at once. */
import { checkedOf, withChecked } from "./checking.js";
import { focused, follow, make } from "./dom.js";
import { PAGE } from "./page.js";
import { ranked } from "./ranking.js";

function render({ model, el }) {
  const search = make("input", { type: "search", class: "fb-picker-search", autocomplete: "off", spellcheck: "false", "aria-label": model.get("placeholder"), placeholder: model.get("placeholder") });
  const count = make("span", { class: "fb-checklist-count", role: "status" });
  const list = make("div", { class: "fb-checklist-list" });
  const turned = new Set(); // the groups that a person has opened or closed
  let found = [];
  const checked = () => new Set(model.get("checked"));
  const take = (items, on) => {
    model.set("checked", withChecked(model.get("groups"), checked(), items, on));
    mark();
  };
  const turn = (items, on) => {
    take(items, on);
    model.send({ kind: "turn", made: model.get("made"), page: PAGE, ids: items.map((item) => item.id), on });
  };
  const hear = ({ kind, made, page, ids, on }) => {
    if (kind === "turn" && made === model.get("made") && page !== PAGE) take(ids.map((id) => ({ id })), on);
  };
  const all = (label, on) => make("button", { type: "button", class: "fb-row-action", onclick: () => turn(found.flatMap((one) => one.items), on) }, label);
  const top = make("div", { class: "fb-checklist-top" }, search, all("Check all", true), all("Check none", false), count);
  const root = make("div", { class: "fb-checklist", role: "group", "aria-label": model.get("label") }, top, list);

  const line = (item) => make("label", { class: "fb-check", title: item.about },
    make("input", { type: "checkbox", "data-id": item.id, onchange: (event) => turn([item], event.target.checked) }),
    make("span", { class: "fb-check-label" }, item.label), make("span", { class: "fb-check-detail" }, item.detail ?? ""));
  const groupBox = ({ group, items }, searched) => {
    const open = searched || Boolean(group.shut) === turned.has(group.label);
    const box = make("div", { class: "fb-checks" });
    const whole = make("input", { type: "checkbox", "data-group": group.label, "aria-label": `All of ${group.label}`, onchange: (event) => turn(items, event.target.checked) });
    const name = make("button", { type: "button", class: "fb-check-group", "data-opens": group.label, "aria-expanded": String(open) }, `${group.label} (${items.length})`);
    name.addEventListener("click", () => {
      if (searched) return;
      if (turned.has(group.label)) turned.delete(group.label);
      else turned.add(group.label);
      draw();
    });
    box.append(make("div", { class: "fb-check-head" }, whole, name));
    if (open) box.append(...items.map(line));
    return box;
  };
  const mark = () => {
    const now = checked();
    for (const box of list.querySelectorAll("input[data-id]")) box.checked = now.has(box.dataset.id);
    for (const { group, items } of found) {
      const box = [...list.querySelectorAll("input[data-group]")].find((one) => one.dataset.group === group.label);
      const state = checkedOf(items, now);
      if (box) [box.checked, box.indeterminate] = [state === "all", state === "some"];
    }
    const total = model.get("groups").reduce((sum, group) => sum + group.items.length, 0);
    count.textContent = `${now.size} of ${total} checked`;
  };
  const draw = () => {
    const held = list.contains(focused()) ? focused()?.dataset : null;
    found = ranked(model.get("groups"), search.value);
    const searched = search.value.trim() !== "";
    const boxes = found.map((one) => groupBox(one, searched));
    list.replaceChildren(...(boxes.length ? boxes : [make("div", { class: "fb-picker-empty" }, "Nothing fits.")]));
    if (held?.opens) [...list.querySelectorAll("[data-opens]")].find((one) => one.dataset.opens === held.opens)?.focus();
    mark();
  };
  root.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [search, ...list.querySelectorAll("input")];
    const next = stops[stops.indexOf(focused()) + (event.key === "ArrowDown" ? 1 : -1)];
    if (!stops.includes(focused()) || !next) return;
    event.preventDefault();
    next.focus();
  });
  search.addEventListener("input", draw);
  draw();
  el.append(root);
  model.on("msg:custom", hear);
  const stops = [follow(model, ["groups"], draw), follow(model, ["checked"], mark), () => model.off("msg:custom", hear)];
  return () => stops.forEach((stop) => stop());
}

export default { render };
