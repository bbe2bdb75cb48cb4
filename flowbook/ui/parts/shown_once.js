/** A secret in a box, for the moment in which it can be seen: it is asked for, so that no saved state holds it. */
import { make } from "./dom.js";

function render({ model, el }) {
  const box = make("pre", { class: "fb-value", tabindex: "0" });
  box.setAttribute("aria-label", model.get("label"));
  const receive = (message) => { box.textContent = message.text; };
  model.on("msg:custom", receive);
  model.send({ kind: "show" });
  el.append(box);
  return () => model.off("msg:custom", receive);
}

export default { render };
