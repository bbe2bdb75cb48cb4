/**
 * **Open as Cell** at a node that did not succeed. Our part of JupyterLab hears of the event and puts the cell into the
 * notebook; where there is none, or no notebook, the text stands here to be copied.
 */
import { make } from "../parts/dom.js";

export const OPEN = "flowbook:open-cell";

export class CellOpener {
  constructor(store) {
    this.store = store;
    this.id = null;
    this.asked = false; // by a press here: other pages show the same run
    this.button = make("button", {
      type: "button", class: "fbr-act", title: "A cell with its real inputs and its code or call: mend it, run it, and press Continue",
      onclick: () => this.ask(),
    }, "Open as Cell");
    this.said = make("span", { class: "fbr-caption", role: "status" });
    this.text = make("textarea", { class: "fbr-cell", readonly: true, rows: 12, spellcheck: "false", "aria-label": "The cell" });
    this.root = make("div", { class: "fbr-rescue" }, this.button, this.said, this.text);
    this.tell("");
  }

  show(node) {
    this.root.hidden = !node.rescuable;
    if (node.id === this.id) return;
    this.id = node.id;
    this.asked = false;
    this.tell("");
  }

  ask() {
    this.asked = true;
    this.tell("");
    this.store.cell(this.id);
  }

  /** Take in the text of a cell, or why there is none. */
  take({ id, code, problem }) {
    if (!this.asked || id !== this.id) return;
    this.asked = false;
    if (problem) {
      this.tell(problem);
      return;
    }
    const open = new CustomEvent(OPEN, { bubbles: true, cancelable: true, composed: true, detail: { code } });
    if (!this.root.dispatchEvent(open)) {
      this.tell("It is in the notebook, below.");
      return;
    }
    this.tell("Copy this into a cell of a notebook, or a script:", code);
    this.text.focus();
    this.text.select();
  }

  tell(words, code = "") {
    this.said.textContent = words;
    this.text.value = code;
    this.text.hidden = !code;
  }
}
