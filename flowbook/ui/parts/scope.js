/** What the expressions of a form can use, asked for when it is needed: once for each node and run. */
const KNOWN = new WeakMap();

class Scope {
  constructor(model) {
    this.model = model;
    this.asked = 0;
    this.tree = null;
    this.listeners = new Set();
    model.on("msg:custom", (message) => {
      if (message.kind !== "scope" || message.turn !== model.get("scope_turn")) return;
      this.tree = message.scope;
      for (const listener of this.listeners) listener();
    });
    model.on("change:scope_turn", () => {
      if (this.asked) this.ask();
    });
  }

  /** Whether there is anything to ask for. */
  get there() {
    return this.model.get("scope_turn") > 0;
  }

  ask() {
    const turn = this.model.get("scope_turn");
    if (!turn || turn === this.asked) return;
    this.asked = turn;
    this.model.send({ kind: "scope" });
  }

  /** What was asked for, once it is there. */
  arrived() {
    return new Promise((resolve) => {
      const stop = this.listen(() => {
        stop();
        resolve(this.tree);
      });
    });
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** A scope without some names, which have no meaning in a field: the item in what gives the items, for instance. */
export function without(scope, names) {
  if (!names.length) return scope;
  const less = (tree) => tree && { ...tree, entries: tree.entries.filter((one) => !names.includes(one.key)) };
  return {
    get there() { return scope.there; },
    get tree() { return less(scope.tree); },
    ask: () => scope.ask(),
    arrived: () => scope.arrived().then(less),
  };
}

export function scopeOf(model) {
  if (!KNOWN.has(model)) KNOWN.set(model, new Scope(model));
  return KNOWN.get(model);
}
