/** **Full window**: what is in a frame fills the browser's window, over the notebook around it, until Escape. */
import { make } from "./dom.js";

/** Have the frame offer it; what is returned takes that back. */
export function offerFullWindow(frame) {
  if (!frame.showPopover) return () => {};
  const words = make("span", { class: "fb-full-words" }, "Full window");
  const button = make("button", { type: "button", class: "fb-full", "aria-pressed": "false", onclick: () => turn(!isFull()) },
    make("span", { "aria-hidden": "true" }, "⤢"), words);
  const isFull = () => "full" in frame.dataset;
  const turn = (full) => {
    const around = frame.parentElement;
    // the top layer of the page is where nothing around the frame clips it; its place in the notebook is kept free
    if (full) {
      if (around) around.style.minHeight = `${frame.offsetHeight}px`;
      frame.setAttribute("popover", "manual");
      frame.dataset.full = "";
      frame.showPopover();
    } else {
      frame.hidePopover();
      delete frame.dataset.full;
      frame.removeAttribute("popover");
      if (around) around.style.minHeight = "";
      frame.scrollIntoView({ block: "nearest" });
    }
    words.textContent = full ? "Leave full window" : "Full window";
    button.setAttribute("aria-pressed", String(full));
    button.focus({ preventScroll: true });
    frame.dispatchEvent(new CustomEvent("flowbook-full", { bubbles: true }));
  };
  // Escape first does what it does in a field or list that uses it
  let used = false;
  const before = (event) => {
    const target = event.target instanceof Element ? event.target : null;
    used = Boolean(target?.closest(".fb-chooser, dialog, .cm-editor")) || Boolean(target?.matches("input[type=search], .fb-secret input") && /** @type {HTMLInputElement} */ (target).value);
  };
  const pressed = (event) => {
    if (event.key !== "Escape" || !isFull() || used || event.defaultPrevented) return;
    event.preventDefault();
    turn(false);
  };
  const unused = () => { if (isFull()) turn(false); };
  const elsewhere = (event) => {
    if (isFull() && event.key === "Escape" && event.target === document.body) turn(false);
  };
  frame.append(button);
  frame.addEventListener("keydown", before, true);
  frame.addEventListener("keydown", pressed);
  frame.addEventListener("flowbook-escape", unused);
  document.addEventListener("keydown", elsewhere, true);
  return () => {
    if (isFull()) turn(false);
    button.remove();
    frame.removeEventListener("keydown", before, true);
    frame.removeEventListener("keydown", pressed);
    frame.removeEventListener("flowbook-escape", unused);
    document.removeEventListener("keydown", elsewhere, true);
  };
}
