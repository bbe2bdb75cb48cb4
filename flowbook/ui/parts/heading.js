/** A heading, what explains it, and, above rows of compact forms, the names of their columns. */
import { follow, make } from "./dom.js";

function render({ model, el }) {
  const root = make("div", { class: "fb-heading" });
  const draw = () => {
    const detail = model.get("detail");
    const columns = model.get("columns");
    const text = model.get("text");
    root.replaceChildren(
      ...(text ? [make("h3", {}, text)] : []),
      ...(detail ? [make("p", {}, detail)] : []),
      ...(columns.length ? [make("div", { class: "fb-compact-heads", "aria-hidden": "true" }, ...columns.map((name) => make("span", {}, name)))] : []),
    );
  };
  draw();
  el.append(root);
  return follow(model, ["text", "detail", "columns"], draw);
}

export default { render };
