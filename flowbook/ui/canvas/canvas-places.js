// Places: of the mouse on the graph, and of what stands there.

/** Where on the graph the screen's point lies; whole pixels are exact enough for a place. */
export function graphPlace(view, clientX, clientY) {
  const box = view.container.getBoundingClientRect();
  const [pan, zoom] = [view.cy.pan(), view.cy.zoom()];
  return {
    x: Math.round((clientX - box.left - view.container.clientLeft - pan.x) / zoom),
    y: Math.round((clientY - box.top - view.container.clientTop - pan.y) / zoom),
  };
}

export function pointerPlace(view) {
  if (view.pointer) return graphPlace(view, view.pointer.x, view.pointer.y);
  const box = view.container.getBoundingClientRect();
  return graphPlace(view, box.left + box.width / 2, box.top + box.height / 2);
}

export function kindOf(ele) {
  return ele.isEdge() ? "edge" : ele.hasClass("fb-note") ? "note" : "node";
}

export function places(nodes) {
  const sorted = { positions: {}, notes: {} };
  nodes.forEach((node) => {
    const { x, y } = node.position();
    const group = kindOf(node) === "note" ? sorted.notes : sorted.positions;
    if (node.data("record")) group[node.data("record").id] = [Math.round(x), Math.round(y)];
  });
  return sorted;
}

/** Where these nodes are, without what lies around them: a badge or a halo that comes must not shift the view. */
export function bounds(nodes) {
  const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity };
  nodes.forEach((node) => {
    const [{ x, y }, wide, high] = [node.position(), node.width() / 2, node.height() / 2];
    Object.assign(box, { x1: Math.min(box.x1, x - wide), y1: Math.min(box.y1, y - high), x2: Math.max(box.x2, x + wide), y2: Math.max(box.y2, y + high) });
  });
  return box;
}
