/**
 * A person who works by keys goes on by keys: where what had the keyboard is gone, what came in its place gets it.
 *
 * A page gives it to nobody then, so the next key would do nothing, or something to the notebook.
 */
import { focused } from "./dom.js";

const PATIENCE = 2000; // milliseconds within which a canvas that is opened shows

/** Where to go on: on the canvas, where there is one or will be, else at the tab that is open; null: not yet. */
function place(frame) {
  const shown = (one) => one.getClientRects().length > 0;
  const canvas = [...frame.querySelectorAll(".flowbook-canvas[tabindex]")].find(shown);
  const coming = frame.querySelector(".fb-places") || [...frame.querySelectorAll(".fb-opening")].some(shown);
  return canvas ?? (coming ? null : [...frame.querySelectorAll("[role=tab][aria-selected=true]")].find(shown));
}

/** Give the keyboard to where a person goes on who leaves `part` by a key. */
export function goOn(part) {
  const frame = part.closest(".flowbook");
  if (frame) place(frame)?.focus({ preventScroll: true });
}

/** Watch over the keyboard inside of `frame`; what is returned stops. */
export function keepFocus(frame) {
  let held = null;
  let timer = 0;
  const lost = () => held && (!focused() || focused() === document.body) && !(held.isConnected && held.getClientRects().length);
  const restore = (until) => {
    if (!lost()) return;
    const next = place(frame);
    if (next) next.focus({ preventScroll: true });
    else if (performance.now() < until) timer = setTimeout(restore, 50, until);
  };
  const take = (event) => { held = event.target; };
  const look = () => {
    if (!held) return;
    clearTimeout(timer);
    timer = setTimeout(restore, 60, performance.now() + PATIENCE); // what comes in its place may take the keyboard itself
  };
  const leave = (event) => { if (!frame.contains(event.target)) held = null; };
  const observer = new MutationObserver(look);
  observer.observe(frame, { childList: true, subtree: true });
  frame.addEventListener("focusin", take);
  frame.addEventListener("focusout", look); // what had it may have been hidden
  document.addEventListener("focusin", leave);
  document.addEventListener("mousedown", leave, true);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    frame.removeEventListener("focusin", take);
    frame.removeEventListener("focusout", look);
    document.removeEventListener("focusin", leave);
    document.removeEventListener("mousedown", leave, true);
  };
}
