/** What was typed on this page and the kernel has not heard: values that it sent before must not take it back. */
import { PAGE } from "./page.js";

/** Of what was typed (name → {turn, form, value}), what still stands once `heard` turns arrived in a form that is `form`. */
export function standing(typed, heard, form) {
  return new Map([...typed].filter(([, one]) => one.turn > heard && one.form === form));
}

export class Unheard {
  constructor(model) {
    this.model = model;
    this.turn = 0;
    this.typed = new Map();
    model.on("change:values", () => this.keep());
  }

  /** Tell the kernel what was typed into a form; it comes as a message, for a changed state may wait, and be overtaken by a click. */
  say(form, values) {
    this.turn += 1;
    for (const [name, value] of Object.entries(values)) this.typed.set(name, { turn: this.turn, form, value });
    this.model.set("values", { ...this.model.get("values"), ...values });
    this.model.send({ kind: "typed", form, values, page: PAGE, turn: this.turn });
  }

  /** Tell it what was typed into a form that is another one by now: that is about something else, and shows none of it. */
  sayLate(form, values) {
    this.model.send({ kind: "typed", form, values, page: PAGE, turn: this.turn });
  }

  keep() {
    const values = this.model.get("values");
    this.typed = standing(this.typed, this.model.get("heard")[PAGE] ?? 0, this.model.get("fields")[0]?.form);
    const back = [...this.typed].filter(([name, one]) => values[name] !== one.value).map(([name, one]) => [name, one.value]);
    if (back.length) this.model.set("values", { ...values, ...Object.fromEntries(back) });
  }
}
