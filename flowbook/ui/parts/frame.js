/** Carries the stylesheet, and keeps the keys that are pressed inside Flowbook from the notebook's shortcuts. */
import { focused, keepKeys, make } from "./dom.js";

function render({ el }) {
  const marker = make("span", { hidden: true });
  el.append(marker);
  // JupyterLab leaves the focus where it is when a cell's prompt is clicked; the keys must go where the person looks.
  const giveKeysBack = (event) => {
    const active = focused();
    // what an editor offers lies over the page, outside of the frame
    const ours = (/** @type {Element} */ (event.target)).closest(".flowbook, .flowbook-floating");
    if (frame?.contains(active) && !frame.contains(event.target) && !ours) active.blur();
  };
  let frame = null;
  let gone = false;
  let giveBack = () => {};
  const attach = () => {
    frame = marker.closest(".flowbook");
    if (frame) {
      giveBack = keepKeys(frame);
      document.addEventListener("mousedown", giveKeysBack, true);
    } else if (!gone) setTimeout(attach, 25); // a view is made before it is part of the page
  };
  attach();
  return () => {
    gone = true;
    giveBack();
    document.removeEventListener("mousedown", giveKeysBack, true);
  };
}

export default { render };
