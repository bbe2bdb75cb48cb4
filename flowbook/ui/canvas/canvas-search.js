// Finding a node by its id, label or task: Ctrl-F.
import { element, shield } from "./canvas-parts.js";
import { matching } from "./canvas-words.js";

export function addSearch(view) {
  const { cy, container, graph } = view;
  const bar = shield(element("div", "flowbook-canvas-search flowbook-canvas-over", { role: "search", "aria-label": "Find on the canvas", hidden: "" }));
  const input = /** @type {HTMLInputElement} */ (element("input", "", { type: "text", "aria-label": "Find a node", placeholder: "Find a node", spellcheck: "false", autocomplete: "off" }));
  const count = element("span", "", { "aria-live": "polite" });
  const before = element("button", "", { type: "button", "aria-label": "Previous" });
  const next = element("button", "", { type: "button", "aria-label": "Next" });
  const close = element("button", "", { type: "button", "aria-label": "Close the search" });
  [before.textContent, next.textContent, close.textContent] = ["↑", "↓", "×"];
  bar.append(input, count, before, next, close);
  container.append(bar);
  /** @type {[string[], number]} */
  let [found, at] = [[], -1];

  const mark = () => {
    const wanted = new Set(found.map((id) => `n:${id}`));
    cy.batch(() => {
      cy.nodes(".fb-found").forEach((node) => { if (!wanted.has(node.id())) node.removeClass("fb-found"); });
      for (const id of wanted) cy.getElementById(id).addClass("fb-found");
    });
    count.textContent = found.length ? `${at + 1} of ${found.length}` : input.value.trim() ? "not found" : "";
  };
  const go = (step) => {
    if (!found.length) return;
    at = (at + step + found.length) % found.length;
    const node = cy.getElementById(`n:${found[at]}`);
    cy.batch(() => { cy.elements(":selected").unselect(); node.select(); });
    view.focusNode(found[at]);
    mark();
  };
  const look = () => {
    [found, at] = [matching(graph.elements.nodes, input.value), -1];
    if (found.length) go(1);
    else mark();
  };
  const hide = () => {
    bar.hidden = true;
    found = [];
    mark();
    container.focus({ preventScroll: true });
  };
  input.addEventListener("input", look);
  before.addEventListener("click", () => go(-1));
  next.addEventListener("click", () => go(1));
  close.addEventListener("click", hide);
  bar.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && event.target === input) go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") hide();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f") input.select();
    else return;
    event.preventDefault();
  });
  view.search = {
    open: () => {
      bar.hidden = false;
      input.focus({ preventScroll: true });
      input.select();
      if (input.value) look();
    },
  };
  view.cleanups.push(() => bar.remove());
}
