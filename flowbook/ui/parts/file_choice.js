/** A button that asks for a file, and the name of the one that was chosen. Its content leaves by a message, not as state. */
import { follow, make } from "./dom.js";

function render({ model, el }) {
  const input = make("input", { type: "file", accept: model.get("accept"), hidden: true, onchange: chosen });
  const button = make("button", { type: "button", class: "fb-button fb-plain jupyter-button", onclick: () => input.click() }, model.get("label"));
  const name = make("span", { class: "fb-file-name", role: "status" });

  async function chosen() {
    const [file] = input.files;
    if (!file) return;
    const content = await file.arrayBuffer();
    input.value = ""; // so that the same one can be chosen again, once it has changed
    model.send({ kind: "file", name: file.name }, undefined, [content]);
  }

  const show = () => (name.textContent = model.get("name"));
  show();
  el.append(make("div", { class: "fb-file-choice" }, button, input, name));
  return follow(model, ["name"], show);
}

export default { render };
