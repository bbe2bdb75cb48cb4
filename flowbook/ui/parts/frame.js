/**
 * Carries the stylesheet, and is the border between Flowbook and the page around it: keys that are pressed inside stay
 * inside, and a page that takes the kernel along when it goes (Voilà's) asks first when something is not saved.
 */
import { focused, keepKeys, make } from "./dom.js";

function render({ el }) {
  const marker = make("span", { hidden: true });
  el.append(marker);
  // JupyterLab leaves the focus where it is when a cell's prompt is clicked; the keys must go where the person looks.
  const giveKeysBack = (event) => {
    const active = focused();
    if (frame?.contains(active) && !frame.contains(event.target)) active.blur();
  };
  const askFirst = (event) => {
    const unsaved = [...frame.querySelectorAll(".fb-dot")].some((dot) => dot.textContent.trim());
    if (unsaved && document.body.hasAttribute("data-voila")) event.preventDefault();
  };
  let frame = null;
  let gone = false;
  let giveBack = () => {};
  const attach = () => {
    frame = marker.closest(".flowbook");
    if (frame) {
      giveBack = keepKeys(frame);
      addEventListener("beforeunload", askFirst);
      document.addEventListener("mousedown", giveKeysBack, true);
    } else if (!gone) setTimeout(attach, 25); // a view is made before it is part of the page
  };
  attach();
  return () => {
    gone = true;
    giveBack();
    removeEventListener("beforeunload", askFirst);
    document.removeEventListener("mousedown", giveKeysBack, true);
  };
}

export default { render };
