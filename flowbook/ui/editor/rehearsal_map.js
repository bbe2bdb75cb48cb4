/** What a dry run would have changed, by place: each call in a line, what it would send folded below it. */
import { follow, make } from "../parts/dom.js";

function render({ model, el }) {
  const root = make("div", { class: "fb-rehearsal", role: "group", "aria-label": "What would be changed" });
  const node = (id) => make("button", { type: "button", class: "fb-row-action", title: `Show the node ${id}`, onclick: () => model.send({ pick: id }) }, id);
  const effectBox = (effect, open) => {
    const line = [make("span", { class: "fb-effect-action" }, effect.action), make("span", { class: "fb-effect-calls" }, effect.calls)];
    const box = make("div", { class: "fb-effect" });
    if (effect.sent.length) {
      box.append(make("details", { open }, make("summary", {}, ...line),
        ...effect.sent.map((text) => make("pre", { class: "fb-value", tabindex: "0", "aria-label": "What would be sent" }, text)), effect.more || null));
    } else box.append(make("div", { class: "fb-effect-line" }, ...line));
    box.append(make("div", { class: "fb-effect-nodes" }, "by ", ...effect.nodes.map(node)));
    return box;
  };
  const draw = () => {
    const places = model.get("places");
    const alone = places.length === 1 && places[0].effects.length === 1;
    root.replaceChildren(...places.map((place) => make("section", {}, make("h4", {}, place.label), ...place.effects.map((effect) => effectBox(effect, alone)))));
    if (!places.length) root.append(make("div", { class: "fb-picker-empty" }, model.get("empty")));
  };
  draw();
  el.append(root);
  return follow(model, ["places", "empty"], draw);
}

export default { render };
