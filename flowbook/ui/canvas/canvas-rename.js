// A node's name is written where it stands: F2. Whoever writes it goes on when the view moves, or the node does.
import { CARD } from "./canvas-look.js";
import { element, shield } from "./canvas-parts.js";

export function addRenaming(view) {
  const { cy, container, graph } = view;
  const input = /** @type {HTMLInputElement} */ (shield(element("input", "flowbook-canvas-name flowbook-canvas-over", { type: "text", "aria-label": "Name of the node", spellcheck: "false", hidden: "" })));
  container.append(input);
  let about = "";
  const end = (keep) => {
    if (!about) return;
    const [id, text] = [about, input.value.trim()];
    about = "";
    input.hidden = true;
    const node = graph.elements.nodes[id];
    if (keep && node && text && text !== (node.label || id)) view.send("command", { name: "rename", nodes: [id], edges: [], notes: [], text });
  };
  input.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
    event.preventDefault();
    end(event.key === "Enter");
    container.focus({ preventScroll: true });
  });
  input.addEventListener("blur", () => end(true));
  const place = () => {
    if (!about) return;
    const node = cy.getElementById(`n:${about}`);
    if (node.empty()) return;
    const zoom = cy.zoom();
    const at = node.renderedPosition();
    const width = Math.max(140, (CARD.width - CARD.text) * zoom);
    const most = { left: container.clientWidth - width - 4, top: container.clientHeight - 30 };
    input.style.left = `${Math.max(4, Math.min(most.left, at.x - (CARD.width / 2 - CARD.text + 7) * zoom))}px`;
    input.style.top = `${Math.max(4, Math.min(most.top, at.y - 9 * zoom - 13))}px`;
    input.style.width = `${width}px`;
  };
  cy.on("viewport resize", place);
  cy.on("position", "node.fb-card", (event) => { if (event.target.id() === `n:${about}`) place(); });
  view.rename = (id) => {
    if (view.readOnly || cy.getElementById(`n:${id}`).empty()) return;
    about = id;
    input.value = graph.elements.nodes[id].label || id;
    place();
    input.hidden = false;
    input.focus({ preventScroll: true });
    input.select();
  };
  view.cleanups.push(() => input.remove());
}
