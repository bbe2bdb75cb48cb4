/** A text in a box, as text. */
import { follow, make } from "./dom.js";

function render({ model, el }) {
  const box = make("pre", { class: "fb-value", tabindex: "0" });
  const draw = () => {
    box.textContent = model.get("text");
    box.setAttribute("aria-label", model.get("label"));
    box.classList.toggle("fb-as-it-is", !model.get("wrap"));
    box.hidden = !model.get("text");
  };
  draw();
  el.append(box);
  return follow(model, ["text", "label", "wrap"], draw);
}

export default { render };
