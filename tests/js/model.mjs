/** anywidget's model, without a widget manager: what is sent is kept, what the kernel sends is given by `hear`. */
export class FakeModel {
  constructor(state) {
    this.state = state;
    this.sent = [];
    this.listeners = new Map();
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    this.tell(`change:${name}`);
  }

  save_changes() {}

  send(content) {
    this.sent.push(content);
  }

  on(event, listener) {
    if (!this.listeners.has(event)) this.listeners.set(event, new Set());
    this.listeners.get(event).add(listener);
  }

  off(event, listener) {
    this.listeners.get(event)?.delete(listener);
  }

  hear(message) {
    this.tell("msg:custom", message);
  }

  tell(event, ...given) {
    for (const listener of this.listeners.get(event) ?? []) listener(...given);
  }
}
