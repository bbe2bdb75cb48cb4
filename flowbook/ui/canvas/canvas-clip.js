// Copying as text: what is copied is a piece of a flow file on the system's clipboard, which any notebook takes.
import { element, listen } from "./canvas-parts.js";
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
  // A browser pastes only where text can be written: for the moment of the key, the keyboard is at a field that is not seen.
  const field = /** @type {HTMLTextAreaElement} */ (element("textarea", "flowbook-canvas-words", { "aria-label": "Paste", tabindex: "-1" }));
  container.append(field);
  let [waiting, where] = [0, { x: 0, y: 0 }];
  const end = (text) => {
    clearTimeout(waiting);
    if (document.activeElement === field) container.focus({ preventScroll: true });
    field.value = "";
    paste(view.graph.isCopying() ? "" : text, where); // the kernel has what was copied a moment ago
  };
  view.expectPaste = () => {
    clearTimeout(waiting);
    where = pointerPlace(view);
    field.focus({ preventScroll: true });
    waiting = setTimeout(() => end(""), 400); // where the browser tells of no paste, what was copied last is pasted
  };
  field.addEventListener("paste", (event) => {
    event.preventDefault();
    end(event.clipboardData?.getData("text/plain") ?? "");
  });
  for (const type of ["copy", "cut", "paste"]) listen(view, container, type, (event) => event.stopPropagation());
  view.cleanups.push(() => {
    clearTimeout(waiting);
    field.remove();
  });
}
