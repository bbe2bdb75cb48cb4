// Copying as text: what is copied is a piece of a flow file on the system's clipboard, which any notebook takes.
import { listen } from "./canvas-parts.js";
import { pointerPlace } from "./canvas-places.js";

export function addClipboard(view) {
  const { container } = view;
  const ask = (name) => {
    view.flushMoves();
    view.flushSelection();
    view.send("key", { name, ...pointerPlace(view) });
  };
  view.copy = () => ask("copy"); // the kernel makes the text, and answers with it
  view.cut = () => { if (!view.readOnly) ask("cut"); };
  const paste = (text, at) => { if (!view.readOnly) view.send("key", { name: "paste", text, ...at }); };
  view.pasteFromMenu = (at) => {
    const given = { x: at.x, y: at.y };
    if (!navigator.clipboard?.readText) { paste("", given); return; }
    navigator.clipboard.readText().then((text) => paste(text, given), () => paste("", given));
  };
  const take = (event, act) => {
    event.stopPropagation();
    if (event.target !== container) return;
    event.preventDefault();
    act();
  };
  listen(view, container, "copy", (event) => take(event, view.copy));
  listen(view, container, "cut", (event) => take(event, view.cut));
  listen(view, container, "paste", (event) => take(event, () => paste(event.clipboardData?.getData("text/plain") ?? "", pointerPlace(view))));
}
