/** Data as a tree, a table or its schema, as a person chooses; what is not there yet is asked for. */
import { focused, make } from "../parts/dom.js";
import { aboutData, drawData } from "./run_data.js";
import { drawSchema, schemaOf } from "./data_schema.js";

const MODES = { table: ["Table", "Tree", "Schema"], tree: ["Tree", "Schema"] };

export class DataPane {
  /** `look()` asks for the tree of what is a table; it is given to `show` once it is there. */
  constructor(label, look) {
    this.look = look;
    this.mode = "";
    this.shown = this.tree = null;
    this.about = make("span", { class: "fbr-caption" });
    this.modes = make("div", { class: "fbr-modes", role: "group", "aria-label": `${label} as` });
    this.body = make("div", {});
    this.root = make("div", { class: "fbr-data" },
      make("div", { class: "fbr-data-head" }, make("span", { class: "fbr-label" }, label), this.about, this.modes), this.body);
    this.root.hidden = true; // until there is something
  }

  show(shown, tree) {
    if (this.shown === shown && this.tree === tree) return; // so that what a person has unfolded stays so
    [this.shown, this.tree] = [shown, tree];
    this.draw();
  }

  draw() {
    const { shown } = this;
    this.root.hidden = !shown;
    if (!shown) {
      this.body.replaceChildren();
      return;
    }
    this.about.textContent = aboutData(shown);
    const names = MODES[shown.kind] ?? [];
    const mode = names.includes(this.mode) ? this.mode : names[0];
    const held = this.modes.contains(focused()); // also when it is drawn again as what was asked for has come
    this.modes.replaceChildren(...(names.length > 1 ? names : []).map((name) => make("button", {
      type: "button", class: "fbr-mode", "aria-pressed": String(name === mode), onclick: () => this.choose(name),
    }, name)));
    if (held) /** @type {HTMLElement | null} */ (this.modes.querySelector('[aria-pressed="true"]'))?.focus();
    this.body.replaceChildren(this.drawn(mode));
  }

  choose(name) {
    this.mode = name;
    this.draw();
  }

  drawn(mode) {
    const { shown, tree } = this;
    if (mode === "Schema") return drawSchema(schemaOf(tree ?? shown));
    if (mode !== "Tree" || shown.kind === "tree") return drawData(shown);
    if (tree) return drawData(tree);
    this.look();
    return make("div", { class: "fbr-caption" }, "…");
  }
}
