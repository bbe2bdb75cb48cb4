/** Carries the stylesheet, offers the full window, and keeps the keys that are pressed inside Flowbook from the notebook's shortcuts. */
import { focused, keepKeys, make } from "./dom.js";
import { offerFullWindow } from "./full_window.js";
import { keepFocus } from "./keeping_focus.js";
import { PAGE } from "./page.js";
import { showWhatOpens } from "./sight.js";

function render({ model, el }) {
  const marker = make("span", { hidden: true });
  el.append(marker);
  // JupyterLab leaves the focus where it is when a cell's prompt is clicked; the keys must go where the person looks.
  const giveKeysBack = (event) => {
    const active = focused();
    // what an editor offers lies over the page, outside of the frame
    const ours = (/** @type {Element} */ (event.target)).closest(".flowbook, .flowbook-floating");
    if (frame?.contains(active) && !frame.contains(event.target) && !ours) active?.blur();
  };
  let frame = null;
  let gone = false;
  let giveBack = () => {};
  let offerNoMore = () => {};
  let keepNoMore = () => {};
  let showNoMore = () => {};
  const attach = () => {
    frame = marker.closest(".flowbook");
    if (frame) {
      tellBegun(model);
      giveBack = keepKeys(frame);
      offerNoMore = offerFullWindow(frame);
      keepNoMore = keepFocus(frame);
      showNoMore = showWhatOpens(frame);
      document.addEventListener("mousedown", giveKeysBack, true);
    } else if (!gone) setTimeout(attach, 25); // a view is made before it is part of the page
  };
  attach();
  return () => {
    gone = true;
    giveBack();
    offerNoMore();
    keepNoMore();
    showNoMore();
    document.removeEventListener("mousedown", giveKeysBack, true);
  };
}

/** Say that this page has what is in the frame: a box is made after all that is in it, and is seen after that. */
function tellBegun(model) {
  model.send({ kind: "begun", page: PAGE, seconds: performance.now() / 1000 });
}

export default { render };
