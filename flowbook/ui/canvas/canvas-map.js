// The minimap of a graph of many nodes: all of it in a corner, with what is seen of it; a click or drag moves the view.
import { CARD } from "./canvas-look.js";
import { element, roomLeft, shield } from "./canvas-parts.js";

const MANY = 60; // nodes from which on there is one
const WIDE = 480; // pixels of a canvas from which on it does not cover half of what there is to see
const SIZE = { width: 190, height: 120 };

export function addMap(view) {
  const { cy, container, graph } = view;
  const box = shield(element("div", "flowbook-canvas-map flowbook-canvas-over", { role: "img", "aria-label": "Map of the graph", hidden: "" }));
  const sheet = /** @type {HTMLCanvasElement} */ (element("canvas", "", { "aria-hidden": "true" }));
  const pane = element("div", "flowbook-pane");
  box.append(sheet, pane);
  container.append(box);
  let [scale, from, frame, drawn, many] = [1, { x: 0, y: 0 }, 0, false, false];
  const isWide = () => roomLeft(container) >= WIDE;

  const colour = (id) => {
    const tone = LOOK.statuses[graph.status[id]];
    return tone && tone !== "muted" ? view.palette[tone] : view.palette.line;
  };
  const draw = () => {
    const nodes = Object.values(graph.elements.nodes);
    many = nodes.length >= MANY;
    box.hidden = !many || !isWide();
    drawn = true;
    if (box.hidden) return;
    const xs = nodes.map((node) => node.x), ys = nodes.map((node) => node.y);
    const [left, right] = [Math.min(...xs) - CARD.width, Math.max(...xs) + CARD.width];
    const [top, bottom] = [Math.min(...ys) - CARD.height * 2, Math.max(...ys) + CARD.height * 2];
    scale = Math.min(SIZE.width / (right - left), SIZE.height / (bottom - top));
    from = { x: left - (SIZE.width / scale - (right - left)) / 2, y: top - (SIZE.height / scale - (bottom - top)) / 2 };
    const sharp = window.devicePixelRatio || 1;
    [sheet.width, sheet.height] = [SIZE.width * sharp, SIZE.height * sharp];
    const pen = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
    pen.scale(sharp, sharp);
    for (const node of nodes) {
      pen.fillStyle = colour(node.id);
      const [width, height] = [Math.max(2, CARD.width * scale), Math.max(1.5, CARD.height * scale)];
      pen.fillRect((node.x - from.x) * scale - width / 2, (node.y - from.y) * scale - height / 2, width, height);
    }
  };
  const follow = () => {
    frame = 0;
    if (!drawn || box.hidden === (many && isWide())) draw();
    if (box.hidden) return;
    const { x1, y1, w, h } = cy.extent();
    pane.style.left = `${(x1 - from.x) * scale}px`;
    pane.style.top = `${(y1 - from.y) * scale}px`;
    pane.style.width = `${w * scale}px`;
    pane.style.height = `${h * scale}px`;
  };
  const later = () => { if (!frame) frame = requestAnimationFrame(follow); };
  view.mapChanged = () => {
    drawn = false;
    later();
  };
  cy.on("viewport resize", later);
  const go = (event) => {
    const place = sheet.getBoundingClientRect();
    const x = (event.clientX - place.left) / scale + from.x, y = (event.clientY - place.top) / scale + from.y;
    cy.stop(true);
    cy.pan({ x: container.clientWidth / 2 - x * cy.zoom(), y: container.clientHeight / 2 - y * cy.zoom() });
  };
  box.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    box.setPointerCapture(event.pointerId);
    go(event);
  });
  box.addEventListener("pointermove", (event) => { if (box.hasPointerCapture(event.pointerId)) go(event); });
  view.cleanups.push(() => {
    cancelAnimationFrame(frame);
    box.remove();
  });
}
