// A task carried here from a palette: where it is let go, a node is put; upon a line, into that line.
import { edgeAt } from "./canvas-lines.js";
import { element, listen } from "./canvas-parts.js";
import { graphPlace } from "./canvas-places.js";

const TASK_TYPE = "application/x-flowbook-task";

/**
 * Let elements with `data-flowbook-task` be carried by plain mouse events too, for palettes that are not `draggable`:
 * where they are let go, the element below gets a "flowbook-drop" event. One canvas of the page does it for all.
 */
function carry(event) {
  const origin = event.target instanceof Element ? event.target.closest("[data-flowbook-task]") : null;
  if (!origin || origin.draggable || event.button || event.flowbookCarried) return;
  event.flowbookCarried = true;
  event.preventDefault();
  const task = origin.dataset.flowbookTask;
  const start = { x: event.clientX, y: event.clientY };
  let chip = null;
  const tell = (name, at) => {
    const below = document.elementFromPoint(at.clientX, at.clientY);
    below?.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { task, clientX: at.clientX, clientY: at.clientY } }));
  };
  const move = (at) => {
    if (!chip && Math.hypot(at.clientX - start.x, at.clientY - start.y) < 5) return;
    if (!chip) {
      chip = element("div", "flowbook-carried");
      chip.textContent = task;
      (origin.closest("[popover]") ?? document.body).append(chip); // in the full window nothing of the page is seen
    }
    chip.style.left = `${at.clientX + 10}px`;
    chip.style.top = `${at.clientY + 8}px`;
    tell("flowbook-carry", at);
  };
  const end = (at) => {
    window.removeEventListener("mousemove", move, true);
    window.removeEventListener("mouseup", end, true);
    if (!chip) return;
    chip.remove();
    tell("flowbook-drop", at);
  };
  window.addEventListener("mousemove", move, true);
  window.addEventListener("mouseup", end, true);
}

export function addDropping(view) {
  const { container, cy } = view;
  const drop = (task, clientX, clientY) => {
    const edge = aim(clientX, clientY);
    cy.edges(".fb-drop").removeClass("fb-drop");
    container.focus({ preventScroll: true });
    const into = edge ? { edge: edge.data("record").id } : {};
    if (task) view.send("drop", { task, ...into, ...graphPlace(view, clientX, clientY) });
  };
  /** Mark the line under the pointer, into which the task would go. */
  const aim = (clientX, clientY) => {
    const edge = edgeAt(view, graphPlace(view, clientX, clientY));
    cy.batch(() => {
      cy.edges(".fb-drop").forEach((other) => { if (!edge?.same(other)) other.removeClass("fb-drop"); });
      edge?.addClass("fb-drop");
    });
    return edge;
  };
  const leave = () => {
    container.classList.remove("flowbook-drop-here");
    cy.edges(".fb-drop").removeClass("fb-drop");
  };
  const ours = (event) => event.dataTransfer && [...event.dataTransfer.types].includes(TASK_TYPE);
  const over = (event) => {
    if (!ours(event)) return;
    event.preventDefault();
    event.stopPropagation();
    event.dataTransfer.dropEffect = "copy";
    container.classList.add("flowbook-drop-here");
    aim(event.clientX, event.clientY);
  };
  listen(view, container, "dragenter", over);
  listen(view, container, "dragover", over);
  listen(view, container, "dragleave", leave);
  listen(view, container, "drop", (event) => {
    if (!ours(event)) return;
    event.preventDefault();
    event.stopPropagation();
    container.classList.remove("flowbook-drop-here");
    drop(event.dataTransfer.getData(TASK_TYPE), event.clientX, event.clientY);
  });
  listen(view, container, "flowbook-carry", (event) => aim(event.detail.clientX, event.detail.clientY));
  listen(view, container, "mouseleave", leave);
  listen(view, container, "flowbook-drop", (event) => drop(event.detail.task, event.detail.clientX, event.detail.clientY));
  listen(view, document, "mousedown", carry);
}
