/** What a person opens comes into sight, as far as it takes; what is in sight already stays where it is. */

const GROWS = 1200; // milliseconds in which what was opened is filled, also by a kernel that has to answer first
const SEEN = "flowbook.seen";
const MOST = 200; // so many things that were opened are known again when the page is loaded again
const ACTS = ["wheel", "pointerdown", "keydown"];

/** Scroll until `node` is seen, and again while it grows; no more once the person does something else. */
export function bringIntoSight(node) {
  const look = () => node.scrollIntoView({ block: "nearest" });
  const end = () => {
    observer.disconnect();
    clearTimeout(timer);
    for (const act of ACTS) removeEventListener(act, end, true);
  };
  const observer = new ResizeObserver(look); // the first time as soon as it is laid out
  observer.observe(node);
  const timer = setTimeout(end, GROWS);
  for (const act of ACTS) addEventListener(act, end, { capture: true, passive: true });
}

/** The same for what was opened just now, called `id`; not again when the page is loaded again. */
export function bringOnce(node, id) {
  try {
    const before = JSON.parse(sessionStorage.getItem(SEEN) ?? "[]");
    if (before.includes(id)) return;
    sessionStorage.setItem(SEEN, JSON.stringify([...before.slice(1 - MOST), id]));
  } catch {
    return; // a page that may not remember would do it each time
  }
  bringIntoSight(node);
}

/** Scroll what is around `node` inside of `frame`, and nothing further out, until the node is seen. */
export function showInside(frame, node) {
  for (let box = node.parentElement; box && frame.contains(box); box = box.parentElement) {
    if (box.scrollHeight <= box.clientHeight || !/auto|scroll/.test(getComputedStyle(box).overflowY)) continue;
    const [one, all] = [node.getBoundingClientRect(), box.getBoundingClientRect()];
    box.scrollTop += Math.max(0, one.bottom - all.bottom) || Math.min(0, one.top - all.top);
  }
}

/** Bring into sight what a click inside of `frame` unfolds, and the page of a tab; what is returned stops. */
export function showWhatOpens(frame) {
  const clicked = (event) => {
    const target = /** @type {Element} */ (event.target);
    const folded = target.closest("summary")?.parentElement;
    if (folded) setTimeout(() => { if (/** @type {HTMLDetailsElement} */ (folded).open) bringIntoSight(folded); });
    else if (target.closest("[role=tab]") && !target.closest(".fb-inspector")) bringIntoSight(frame);
  };
  frame.addEventListener("click", clicked);
  return () => frame.removeEventListener("click", clicked);
}
