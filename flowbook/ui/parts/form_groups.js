/** Where the fields of a form stand: those without a group first and open, the others under headings that fold. */
import { make } from "./dom.js";

export class Groups {
  constructor(root) {
    this.root = root;
    this.boxes = new Map();
    this.form = 0;
  }

  /** Put the fields in their order, moving none that stands where it is to stand. */
  arrange(fields) {
    /** @type {[HTMLElement[], Map<string, any[]>]} */
    const [loose, inside] = [[], new Map()];
    for (const field of fields) {
      const { group } = field.spec;
      if (group) inside.set(group, [...(inside.get(group) ?? []), field]);
      else loose.push(field.root);
    }
    const form = fields[0]?.spec.form ?? 0;
    if (form !== this.form) this.boxes.clear(); // what was opened was another form's
    this.form = form;
    const boxes = [...inside].map(([label, members]) => this.box(label, members));
    place(this.root, [...loose, ...boxes]);
  }

  box(label, members) {
    const known = this.boxes.get(label);
    const head = known?.firstChild ?? make("summary", {});
    const box = known ?? make("details", { class: "fb-fields", open: members.some((field) => !field.spec.folded) }, head);
    const several = members.some((field) => field.spec.counted) ? ` (${members.length})` : "";
    head.textContent = label + several;
    place(box, [head, ...members.map((field) => field.root)]);
    this.boxes.set(label, box);
    return box;
  }

  /** Open the group that a field stands in. */
  static reveal(field) {
    const box = field.root.closest("details");
    if (box) box.open = true;
  }
}

function place(parent, nodes) {
  if (nodes.length !== parent.children.length || nodes.some((node, index) => node !== parent.children[index])) parent.replaceChildren(...nodes);
}
