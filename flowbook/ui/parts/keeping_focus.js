/**
 * A person who works by keys goes on by keys: where what had the keyboard is gone, what came in its place gets it.
 *
 * A page gives it to nobody then, so the next key would do nothing, or something to the notebook. From who was in the
 * middle of a word, as what another page does may take a field away, the next keys are letters, and no commands to a
 * canvas: the frame gets them, and does nothing.
 */
import { focused } from "./dom.js";

const PATIENCE = 30_000; // milliseconds within which a canvas that is opened shows, also from a kernel that is busy
const WRITING = 3000; // milliseconds after a letter within which the next key is likely to be one too

/** Where to go on: on the canvas, where there is one or will be, else at the tab that is open; null: not yet. */
function place(frame) {
  const shown = (one) => one.getClientRects().length > 0;
  const canvas = [...frame.querySelectorAll(".flowbook-canvas[tabindex]")].find(shown);
  const coming = [...frame.querySelectorAll(".fb-places, .fb-opening")].some(shown);
  return canvas ?? (coming ? null : [...frame.querySelectorAll("[role=tab][aria-selected=true]")].find(shown));
}

/** Whether a key says something to an editor; others are the browser's, which loads the page again by Ctrl-R, say. */
function isForEditor({ key, ctrlKey, metaKey, altKey }) {
  if (altKey) return false;
  return ctrlKey || metaKey ? /^([adfksyz]|Enter)$/i.test(key) : key.length === 1 || /^(Enter|F2|Delete|Backspace|Arrow\w+)$/.test(key);
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
  /** @type {KeyboardEvent[] | null} what is typed while an editor is on its way: it is meant for that */
  let ahead = null;
  let wrote = -Infinity; // when a letter was typed into what has the keyboard
  const lost = () => held && (!focused() || focused() === document.body) && !(held.isConnected && held.getClientRects().length);
  const restore = (until) => {
    if (!lost()) return;
    if (performance.now() - wrote < WRITING) {
      frame.focus({ preventScroll: true, focusVisible: false });
      return;
    }
    const next = place(frame);
    if (next) next.focus({ preventScroll: true });
    else if (performance.now() < until) {
      ahead = [];
      frame.focus({ preventScroll: true, focusVisible: false });
      timer = setTimeout(arrive, 50, until);
    }
  };
  const arrive = (until) => {
    const typed = ahead ?? [];
    const next = focused() === frame ? place(frame) : null;
    if (!next && focused() === frame && performance.now() < until) {
      timer = setTimeout(arrive, 50, until);
      return;
    }
    ahead = null;
    next?.focus({ preventScroll: true });
    if (!next?.matches(".flowbook-canvas")) return; // it could not be opened
    for (const { key, code, ctrlKey, metaKey, shiftKey, altKey } of typed) {
      next.dispatchEvent(new KeyboardEvent("keydown", { key, code, ctrlKey, metaKey, shiftKey, altKey, bubbles: true, cancelable: true }));
    }
  };
  const take = (event) => {
    if (held !== event.target) wrote = -Infinity;
    held = event.target;
  };
  const write = (event) => {
    if (ahead && event.target === frame && isForEditor(event)) {
      ahead.push(event);
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const writes = event.target.matches("input, textarea, [contenteditable=true]") && (event.key.length === 1 || event.key === "Backspace");
    wrote = writes && !event.ctrlKey && !event.metaKey ? performance.now() : -Infinity;
  };
  const look = () => {
    if (!held || ahead) return;
    clearTimeout(timer);
    timer = setTimeout(restore, 60, performance.now() + PATIENCE); // what comes in its place may take the keyboard itself
  };
  const leave = (event) => { if (!frame.contains(event.target)) held = null; };
  const observer = new MutationObserver(look);
  observer.observe(frame, { childList: true, subtree: true });
  frame.addEventListener("focusin", take);
  frame.addEventListener("keydown", write, true);
  frame.addEventListener("focusout", look); // what had it may have been hidden
  document.addEventListener("focusin", leave);
  document.addEventListener("mousedown", leave, true);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    frame.removeEventListener("focusin", take);
    frame.removeEventListener("keydown", write, true);
    frame.removeEventListener("focusout", look);
    document.removeEventListener("focusin", leave);
    document.removeEventListener("mousedown", leave, true);
  };
}
