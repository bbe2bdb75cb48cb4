/** A heading, what explains it, and, above rows of compact forms, the names of their columns. */
import { follow, make, whenShown } from "./dom.js";
import { bringOnce } from "./sight.js";

const OPENED = ".fb-panel, .fb-drawer, .fbr-opened"; // what comes when it is asked for, and goes

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
  whenShown(root, () => {
    const opened = root.closest(OPENED);
    if (opened) bringOnce(opened.matches(".fb-drawer") ? root : opened, model.get("opened"));
  });
  return follow(model, ["text", "detail", "columns"], draw);
}

export default { render };
