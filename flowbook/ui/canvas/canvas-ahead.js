// What is typed while a field that was asked for is on its way is meant for that field, and is no key of the canvas.
import { listen } from "./canvas-parts.js";

const FIELD_PATIENCE = 10_000; // milliseconds within which it comes, also from a kernel that is busy
const FIELD_INTENTS = new Set(["extend", "insert"]);
const FIELD_COMMANDS = new Set(["add", "replace", "note", "frame"]);

export function addAhead(view) {
  /** @type {[number, string[]]} until when a field is awaited, and what was typed meanwhile */
  let [until, keys] = [0, []];
  const awaited = () => performance.now() < until;
  const stop = () => { [until, keys] = [0, []]; };
  const send = view.send;
  view.send = (intent, payload) => {
    if (FIELD_INTENTS.has(intent) || (intent === "command" && FIELD_COMMANDS.has(payload.name))) [until, keys] = [performance.now() + FIELD_PATIENCE, []];
    send(intent, payload);
  };
  /** Whether a key press on the canvas was one for the field that is to come. */
  view.typedAhead = (event) => {
    if (!awaited()) return false;
    if (event.key === "Escape") stop();
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.key === "Backspace") keys.pop();
    else if (event.key.length === 1 || event.key === "Enter") keys.push(event.key);
    else return false;
    return true;
  };
  view.awaitNothing = stop; // it was refused
  const arrived = (event) => {
    const field = event.target;
    if (!awaited() || !(field instanceof HTMLElement) || !(field.isContentEditable || field.matches("input, textarea"))) return;
    const typed = keys;
    stop();
    // once whoever gave the field the keyboard is done with it: it may select what is in there
    queueMicrotask(() => {
      const ofLines = !field.matches("input");
      for (const key of typed) {
        if (key !== "Enter" || ofLines) document.execCommand("insertText", false, key === "Enter" ? "\n" : key);
        else field.dispatchEvent(new KeyboardEvent("keydown", { key, code: key, bubbles: true, cancelable: true }));
      }
    });
  };
  listen(view, document, "focusin", arrived);
  listen(view, document, "mousedown", stop, { capture: true }); // who clicks has turned to something else
}
