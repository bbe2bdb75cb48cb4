// The graph in words, for those who cannot see it: a list of the nodes beside the picture, and what is chosen, said.
import { counted } from "../parts/wording.js";
import { readingOrder } from "./canvas-geometry.js";
import { element } from "./canvas-parts.js";
import { described, leavingFrom } from "./canvas-words.js";

let lists = 0;

export function addList(view) {
  const { container, graph } = view;
  lists += 1;
  const prefix = `flowbook-list-${lists}`;
  const list = element("div", "flowbook-canvas-words", { role: "listbox", "aria-label": "Nodes", id: prefix });
  const said = element("div", "flowbook-canvas-words", { role: "status", "aria-live": "polite" });
  container.append(list, said);
  container.setAttribute("aria-describedby", `${prefix}-keys`);
  const hint = element("div", "flowbook-canvas-words", { id: `${prefix}-keys` });
  hint.textContent = "Arrows go from node to node, Enter opens one, question mark lists the keys.";
  container.append(hint);
  let timer = 0;
  const idOf = (id) => `${prefix}-${id}`;
  const point = () => {
    const [chosen] = graph.selected.nodes;
    if (chosen !== undefined && document.getElementById(idOf(chosen))) container.setAttribute("aria-activedescendant", idOf(chosen));
    else container.removeAttribute("aria-activedescendant");
  };
  const fill = () => {
    timer = 0;
    const chosen = new Set(graph.selected.nodes);
    const leaving = leavingFrom(graph);
    list.replaceChildren(...readingOrder(graph.elements.nodes).map((id) => {
      const option = element("div", "", { role: "option", id: idOf(id), "aria-selected": String(chosen.has(id)) });
      option.textContent = described(graph, id, leaving);
      return option;
    }));
    list.hidden = !list.childElementCount;
    point();
  };
  // words are read more slowly than pictures are drawn: they may come a moment later
  const later = () => { if (!timer) timer = setTimeout(fill, 400); };
  view.announce = (words) => { said.textContent = words; };
  view.graphChanged = () => { later(); view.mapChanged(); };
  view.statusChanged = () => { later(); view.mapChanged(); };
  view.sayChosen = (ids) => {
    for (const option of list.children) option.setAttribute("aria-selected", String(ids.nodes.some((id) => idOf(id) === option.id)));
    point();
    const count = ids.nodes.length + ids.edges.length + ids.notes.length;
    if (ids.nodes.length === 1 && count === 1) view.announce(described(graph, ids.nodes[0]));
    else view.announce(count ? `${counted(count, "thing")} selected.` : "Nothing selected.");
  };
  view.cleanups.push(() => {
    clearTimeout(timer);
    for (const part of [list, said, hint]) part.remove();
  });
}
