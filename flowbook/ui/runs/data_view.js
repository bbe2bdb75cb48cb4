/** One value, as a tree, a table or its schema. */
import { follow, keepKeys, make } from "../parts/dom.js";
import { DataPane } from "./data_pane.js";

function render({ model, el }) {
  const pane = new DataPane(model.get("label"), () => model.send({ kind: "look" }));
  const root = make("div", { class: "fbr fbr-alone" }, pane.root);
  const some = (name) => (model.get(name).kind ? model.get(name) : null);
  const draw = () => pane.show(some("shown"), some("tree"));
  keepKeys(root);
  draw();
  el.append(root);
  return follow(model, ["shown", "tree"], draw);
}

export default { render };
