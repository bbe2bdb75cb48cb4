/** Carries the stylesheet, and keeps the keys that are pressed inside Flowbook from the notebook's shortcuts. */
function render({ el }) {
  const marker = make("span", { hidden: true });
  el.append(marker);
  // JupyterLab's command mode takes the keys of whatever has the focus and is no text field (`d d` on a button deletes
  // the cell). It looks for this attribute at the focused element itself, not at what is around it.
  const keepShortcutsOut = (event) => event.target.setAttribute("data-lm-suppress-shortcuts", "true");
  const keepPageSaving = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") event.preventDefault();
  };
  // JupyterLab leaves the focus where it is when a cell's prompt is clicked; the keys must go where the person looks.
  const giveKeysBack = (event) => {
    const active = document.activeElement;
    if (frame?.contains(active) && !frame.contains(event.target)) active.blur();
  };
  let frame = null;
  let gone = false;
  const attach = (tries) => {
    frame = marker.closest(".flowbook");
    if (frame) {
      frame.addEventListener("focusin", keepShortcutsOut, true);
      frame.addEventListener("keydown", keepPageSaving);
      document.addEventListener("mousedown", giveKeysBack, true);
    } else if (tries > 0 && !gone) setTimeout(() => attach(tries - 1), 25);
  };
  attach(200);
  return () => {
    gone = true;
    frame?.removeEventListener("focusin", keepShortcutsOut, true);
    frame?.removeEventListener("keydown", keepPageSaving);
    document.removeEventListener("mousedown", giveKeysBack, true);
  };
}

export default { render };
