/**
 * Models that hear the kernel however long they took to begin.
 *
 * anywidget (0.9 to 0.11 at least: `Runtime` and `AnyModel._handle_comm_msg`) gives a model two seconds to load its module
 * and to begin, and lets none of the kernel's messages through to one that took longer, ever: on a busy machine, a page
 * that was loaded again would show what was there then, and nothing that is done after that.
 */

/** What a widget's module exports, which from then on hears the kernel, whether anywidget has given it up or not. */
export function heard(widget) {
  return async () => {
    const made = typeof widget === "function" ? await widget() : widget;
    return {
      ...made,
      initialize(given) {
        hearAnyway(given.model.set({})); // a module is given a part of its model, and a model that is set gives itself
        return made.initialize?.(given);
      },
    };
  };
}

/**
 * Wait until messages come through to a model. If they never will, take them past anywidget, and ask for what was lost:
 * the state here, and what else there is by who hears of "late".
 */
export async function hearAnyway(model) {
  try { await model?._handle_comm_msg({ content: { data: { method: "" } } }); } catch {
    if (!model.comm) return; // it was closed meanwhile
    const ofAll = Object.getPrototypeOf(model.constructor.prototype)._handle_comm_msg;
    model.comm.on_msg((message) => ofAll.call(model, message));
    model.comm.send({ method: "request_state" }, {}, {}, []);
    model.trigger("late");
  }
}
