// Where things are, worked out from numbers alone: what fits into a view, how a line bends, what is near a place.

/** The zoom below which Fit does not go: a card can still be told from another, and its name be guessed. */
export const LEAST_FIT = 0.35;
const MARGIN = 36;

/**
 * The zoom and pan that show `box` in a view of `width` × `height`: whole and in the middle where that is possible
 * without going below `LEAST_FIT`, else from its left side on, at the height of `first`.
 */
export function fitted(box, width, height, first) {
  const [wide, high] = [width - 2 * MARGIN, height - 2 * MARGIN];
  const whole = Math.min(1, wide / (box.x2 - box.x1), high / (box.y2 - box.y1));
  const zoom = Math.max(LEAST_FIT, whole);
  const middle = (low, up, room) => room / 2 - (zoom * (low + up)) / 2;
  const pan = { x: middle(box.x1, box.x2, width), y: middle(box.y1, box.y2, height) };
  if (zoom * (box.x2 - box.x1) > wide + 1) pan.x = MARGIN - zoom * box.x1;
  if (zoom * (box.y2 - box.y1) > high + 1) {
    const [top, bottom] = [MARGIN - zoom * box.y1, height - MARGIN - zoom * box.y2];
    pan.y = Math.min(top, Math.max(bottom, height / 2 - zoom * first.y));
  }
  return { zoom, pan };
}

// ---- lines

const BACK = 46; // how far a line that leads back swings out on either side

/** The points that a line is drawn towards on its way from `start` (the right side of a card) to `end` (a left side). */
export function way(start, end) {
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  if (dx > -20) {
    const reach = Math.min(Math.max(Math.abs(dx) / 2, 36), 140);
    return [{ x: start.x + reach, y: start.y }, { x: end.x - reach, y: end.y }];
  }
  const between = Math.abs(dy) >= 70 ? (start.y + end.y) / 2 : Math.max(start.y, end.y) + 64;
  const [right, left] = [start.x + BACK, end.x - BACK];
  return [{ x: right, y: start.y }, { x: right, y: between }, { x: left, y: between }, { x: left, y: end.y }];
}

/** Points along the line that `way` describes, from `start` to `end`, as it is drawn: curves between the middles. */
export function along(start, end, steps = 8) {
  const towards = way(start, end);
  const points = [start];
  let from = start;
  towards.forEach((control, at) => {
    const next = towards[at + 1];
    const to = next ? { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 } : end;
    for (let step = 1; step <= steps; step += 1) {
      const [t, u] = [step / steps, 1 - step / steps];
      points.push({ x: u * u * from.x + 2 * u * t * control.x + t * t * to.x, y: u * u * from.y + 2 * u * t * control.y + t * t * to.y });
    }
    from = to;
  });
  return points;
}

/** How far `place` is from a line given by points on it. */
export function distance(points, place) {
  let least = Infinity;
  for (let at = 1; at < points.length; at += 1) {
    const [a, b] = [points[at - 1], points[at]];
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const share = Math.max(0, Math.min(1, ((place.x - a.x) * dx + (place.y - a.y) * dy) / (dx * dx + dy * dy || 1)));
    least = Math.min(least, Math.hypot(a.x + share * dx - place.x, a.y + share * dy - place.y));
  }
  return least;
}

// ---- walking over nodes

/** The id of the nearest of `nodes` ({id: {x, y}}) from a place in a direction; null when there is none. */
export function nearest(nodes, from, [dx, dy], anyway = false) {
  /** @type {[string | null, number]} */
  let [best, cost] = [null, Infinity];
  for (const [id, at] of Object.entries(nodes)) {
    const [x, y] = [at.x - from.x, at.y - from.y];
    const ahead = x * dx + y * dy;
    const aside = Math.abs(x * dy - y * dx);
    const price = Math.abs(ahead) + 2.5 * aside + (ahead <= 0 ? 1e6 : 0) + (aside > 2 * ahead ? 1e5 : 0);
    if ((ahead > 0 || anyway) && price < cost) [best, cost] = [id, price];
  }
  return best;
}

/** The ids of `nodes` as a page is read: rows from above, each from left to right. */
export function readingOrder(nodes) {
  return Object.values(nodes).sort((a, b) => {
    const [rowA, rowB] = [Math.round(a.y / 46), Math.round(b.y / 46)];
    return rowA - rowB || a.x - b.x;
  }).map((node) => node.id);
}

// ---- arranging

const SHAPE = 1.8;
const LONGEST_ROW = 12;

/**
 * Wrap an arrangement that is a thin line as a text is wrapped (arrangement.py does the same): `nodes` are
 * {id: {x, y}} in columns from left to right; what stands after the last column of a row goes on below, at the left.
 */
export function wrapped(nodes, high, gap = 60) {
  const columns = [...new Set(Object.values(nodes).map((at) => Math.round(at.x)))].sort((a, b) => a - b);
  if (columns.length <= LONGEST_ROW) return nodes;
  const ys = Object.values(nodes).map((at) => at.y);
  const tall = Math.max(...ys) - Math.min(...ys) + high + gap;
  const step = (columns[columns.length - 1] - columns[0]) / (columns.length - 1);
  const fitting = Math.ceil(Math.sqrt((SHAPE * columns.length * tall) / step));
  if (fitting >= columns.length) return nodes;
  const wide = Math.ceil(columns.length / Math.ceil(columns.length / fitting));
  const place = new Map(columns.map((x, at) => [x, at]));
  const result = {};
  for (const [id, at] of Object.entries(nodes)) {
    const column = place.get(Math.round(at.x)) ?? 0;
    const row = Math.floor(column / wide);
    result[id] = { x: at.x - columns[row * wide] + columns[0], y: at.y + row * tall };
  }
  return result;
}
