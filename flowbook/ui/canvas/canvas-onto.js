// A card that is carried onto another and let go there asks for a line between them, and goes back to where it was:
// people drag from one node to another to connect them, and nobody means a card to lie on another.
import { cardAt, drawing, rendered } from "./canvas-lines.js";
import { CARD } from "./canvas-look.js";
import { element } from "./canvas-parts.js";
import { pointerPlace } from "./canvas-places.js";

export function addOnto(view) {
  const { cy, container } = view;
  const ghost = drawing(view);
  const words = element("div", "flowbook-canvas-mode", { hidden: "" });
  container.append(words);
  /** @type {any} the one card that is carried, and where it was */
  let carried = null;
  /** @type {any} the card below the mouse, to which the line would lead */
  let over = null;

  /** A card that a line leads to already is no goal: there the one that is carried may lie. */
  const goal = () => {
    if (!view.pointer || cy.zoom() < 0.3) return null;
    const card = cardAt(view, pointerPlace(view), carried.node);
    return card && carried.node.edgesTo(card).empty() ? card : null;
  };
  const aim = (card) => {
    over?.removeClass("fb-target");
    over = card;
    over?.addClass("fb-target");
    carried.node.toggleClass("fb-carried", Boolean(over));
    words.hidden = !over;
    ghost.svg.style.display = over ? "" : "none";
    if (!over) return;
    const { x, y } = over.position();
    const a = rendered(view, { x: carried.from.x + CARD.width / 2, y: carried.from.y });
    const b = rendered(view, { x: x - CARD.width / 2, y });
    ghost.path.setAttribute("d", `M${a.x} ${a.y}L${b.x} ${b.y}`);
    words.textContent = `Let go to connect ${carried.node.data("label")} to ${over.data("label")}`;
  };
  cy.on("grabon", "node.fb-card", ({ target }) => {
    const alone = !target.selected() || cy.nodes(":selected").length === 1;
    carried = alone ? { node: target, from: { ...target.position() } } : null;
  });
  cy.on("drag", "node.fb-card", () => { if (carried) aim(goal()); });
  cy.on("free", "node.fb-card", () => { if (!over) carried = null; });

  /** Whether `node`, which has been let go, lies upon another card: then it asks for a line, and is not moved. */
  view.carriedOnto = (node) => {
    if (!over || !carried?.node.same(node)) return false;
    const { from } = carried;
    const ends = { source: node.data("record").id, target: over.data("record").id };
    aim(null);
    carried = null;
    node.position(from);
    view.send("connect", ends);
    return true;
  };
  view.cleanups.push(() => { for (const part of [ghost.svg, words]) part.remove(); });
}
