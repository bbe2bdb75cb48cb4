/**
 * The browser's side of wire.py: keeps the state of a widget as the kernel has it.
 *
 * `state` is the model's own object, changed in place, so that views that are new and a saved notebook have it as it
 * is. `changed(message)` makes a change, `replaced()` follows when all of it is another, `told(message)` hears what
 * changes nothing, `answered()` once that a kernel is there.
 */
export class Wire {
  /**
   * @param {Model} model
   * @param {{ changed: (message: any) => void, replaced: () => void, told?: (message: any) => void, answered?: () => void }} hears
   */
  constructor(model, hears) {
    this.model = model;
    this.hears = hears;
    this.answered = false;
  }

  /** @returns {any} */
  get state() {
    return this.model.get("state");
  }

  /** Listen, and say hello; what is returned stops. */
  start() {
    const receive = (message) => this.receive(message);
    const replaced = () => this.hears.replaced();
    this.model.on("msg:custom", receive);
    this.model.on("change:state", replaced);
    const late = () => this.hello(); // hearing.js: what the kernel has said so far was lost
    this.model.on("late", late);
    this.hello();
    return () => {
      this.model.off("late", late);
      this.model.off("msg:custom", receive);
      this.model.off("change:state", replaced);
    };
  }

  hello() {
    this.send("hello", { revision: this.state.revision });
  }

  /**
   * @param {string} kind
   * @param {object} content
   */
  send(kind, content = {}) {
    this.model.send({ kind, ...content });
  }

  /** Take a message in: what comes twice is left, and what came before one that is missing is asked for, whole. */
  receive(message) {
    if (!this.answered) {
      this.answered = true;
      this.hears.answered?.();
    }
    if (message.revision === undefined) this.hears.told?.(message);
    else if (message.revision === this.state.revision + 1) {
      this.state.revision = message.revision;
      this.hears.changed(message);
    } else if (message.revision > this.state.revision) this.hello();
  }
}
