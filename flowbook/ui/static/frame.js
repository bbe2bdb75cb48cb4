/** Carries the stylesheet, and keeps the keys that are pressed inside Flowbook from the notebook's shortcuts. */
function render({ el }) {
  const marker = make("span", { hidden: true });
  el.append(marker);
  const keepPageSaving = (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") event.preventDefault();
  };
  let frame = null;
  const attach = (tries) => {
    frame = marker.closest(".flowbook");
    if (frame) {
      frame.setAttribute("data-lm-suppress-shortcuts", "true");
      frame.addEventListener("keydown", keepPageSaving);
    } else if (tries > 0) setTimeout(() => attach(tries - 1), 25);
  };
  attach(200);
  return () => frame?.removeEventListener("keydown", keepPageSaving);
}

export default { render };
