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
  let waiting = 0;
  // where the browser tells of no paste, what was copied last is pasted
  view.expectPaste = () => {
    clearTimeout(waiting);
    const at = pointerPlace(view);
    waiting = setTimeout(() => paste("", at), 250);
  };
  const take = (event) => {
    event.stopPropagation();
    if (event.target === container) event.preventDefault();
  };
  for (const type of ["copy", "cut", "beforecopy", "beforecut", "beforepaste"]) listen(view, container, type, take);
  listen(view, container, "paste", (event) => {
    take(event);
    if (event.target !== container) return;
    clearTimeout(waiting);
    paste(event.clipboardData?.getData("text/plain") ?? "", pointerPlace(view));
  });
  view.cleanups.push(() => clearTimeout(waiting));
}
