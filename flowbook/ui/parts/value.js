/** A text in a box, as text. */
import { follow, make } from "./dom.js";

function render({ model, el }) {
  const head = make("div", { class: "fb-value-head", "aria-hidden": "true" });
  const box = make("pre", { class: "fb-value", tabindex: "0" });
  const draw = () => {
    box.textContent = model.get("text");
    box.setAttribute("aria-label", model.get("label"));
    box.classList.toggle("fb-as-it-is", !model.get("wrap"));
    box.hidden = !model.get("text");
    head.textContent = model.get("label");
    head.hidden = box.hidden || !model.get("headed");
  };
  draw();
  el.append(head, box);
  return follow(model, ["text", "label", "wrap", "headed"], draw);
}

export default { render };
