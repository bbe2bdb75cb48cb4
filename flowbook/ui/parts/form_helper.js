/** The data before a node, under the field that has the focus: a click or a drag puts a path into a field. */
import { libraryOf } from "./library.js";

export const PATH_DRAG = "application/x-flowbook-path";

/** What scrolls `node`. */
function scroller(node) {
  for (let box = node.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
  }
  return document.scrollingElement;
}

/** Whether an expression may stand in a field. */
function takes(field) {
  return !field.secret && (field.spec.expressions || ["expression", "python"].includes(field.language));
}

export class Helper {
  constructor(model, scope, commit) {
    this.model = model;
    this.scope = scope;
    this.commit = commit;
    this.field = null;
    this.panel = null;
    this.gone = false;
  }

  /** Stand under a field that has got the focus, but not while the mouse that gave it that is pressed upon it. */
  attend(field) {
    if (!takes(field) || !this.scope.there) return;
    this.scope.ask();
    this.field = field;
    libraryOf(this.model).then((library) => {
      if (this.gone) return;
      this.panel ??= library.dataPanel(this.scope, (item) => this.field && this.insert(this.field, item));
      if (!field.root.matches(":active")) return this.place();
      const released = () => {
        for (const kind of ["pointerup", "pointercancel", "dragend"]) removeEventListener(kind, released, true);
        setTimeout(() => this.place());
      };
      for (const kind of ["pointerup", "pointercancel", "dragend"]) addEventListener(kind, released, true);
    }, () => {});
  }

  /** Move the panel without moving what the person looks at. */
  place() {
    const { field, panel } = this;
    if (!field || this.gone) return;
    panel.leaveOut(field.spec.without);
    if (panel.node.parentElement === field.root) return;
    const before = field.root.getBoundingClientRect().top;
    field.root.append(panel.node);
    const moved = field.root.getBoundingClientRect().top - before;
    if (moved) scroller(field.root).scrollTop += moved;
  }

  leave(field) {
    if (this.field !== field) return;
    this.field = null;
    this.panel?.node.remove();
  }

  insert(field, item, point) {
    if (field.code) {
      field.code.insert(item, point);
      this.commit(field);
      return;
    }
    const written = `\${{ ${item.call ? `${item.call}()` : item.path} }}`;
    const { input } = field;
    let text = written;
    if (input.type === "text") {
      const [from, to] = this.field === field ? [input.selectionStart, input.selectionEnd] : [input.value.length, input.value.length];
      text = input.value.slice(0, from) + written + input.value.slice(to);
    }
    this.model.send({ kind: "mode", name: field.spec.name, expression: true, text });
  }

  takeDrops(field) {
    if (!takes(field)) return;
    const ours = (event) => event.dataTransfer?.types.includes(PATH_DRAG);
    field.root.addEventListener("dragover", (event) => {
      if (!ours(event)) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "copy";
      field.root.classList.add("fb-dropping");
    });
    field.root.addEventListener("dragleave", () => field.root.classList.remove("fb-dropping"));
    field.root.addEventListener("drop", (event) => {
      field.root.classList.remove("fb-dropping");
      if (!ours(event)) return;
      event.preventDefault();
      event.stopPropagation();
      this.insert(field, JSON.parse(event.dataTransfer.getData(PATH_DRAG)), { x: event.clientX, y: event.clientY });
    }, true);
  }

  remove() {
    this.gone = true;
    this.panel?.remove();
  }
}
