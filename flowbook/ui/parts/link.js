/** A link that looks like a button and opens a page of another server in a tab of its own. */
import { follow, make } from "./dom.js";

function render({ model, el }) {
  const link = make("a", { class: "fb-link-button", target: "_blank", rel: "noopener noreferrer" });
  const draw = () => {
    const url = model.get("url");
    link.textContent = model.get("label");
    link.hidden = !/^https?:\/\//.test(url);
    if (!link.hidden) link.href = url;
  };
  draw();
  el.append(link);
  return follow(model, ["url", "label"], draw);
}

export default { render };
