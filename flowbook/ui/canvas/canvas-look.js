// How the graph looks: colours from JupyterLab's theme, images for the cards, and cytoscape's stylesheet.
import { way } from "./canvas-geometry.js";
import { lines } from "./canvas-markdown.js";
import { inRows, progressWords } from "./canvas-words.js";

export const CARD = LOOK.card;
export const NOTE = LOOK.note;
export const FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"; // cytoscape takes no single quotes
const THEME_VARIABLES = {
  canvas: "--jp-layout-color0", card: "--jp-layout-color1", text: "--jp-ui-font-color1",
  border: "--jp-border-color1", line: "--jp-ui-font-color3", grid: "--jp-border-color2", ...LOOK.theme,
};

const pen = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d", { willReadFrequently: true }));

/** `colour` (any CSS notation, also half transparent) as it looks upon `ground`, as "#rrggbb". */
function solid(colour, ground) {
  pen.canvas.width = pen.canvas.height = 1;
  for (const layer of [ground, colour]) {
    pen.fillStyle = "rgba(0, 0, 0, 0)";
    pen.fillStyle = layer; // an invalid colour leaves the transparent one
    pen.fillRect(0, 0, 1, 1);
  }
  return "#" + [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, "0")).join("");
}

function mix(colour, ground, share) {
  pen.canvas.width = pen.canvas.height = 1;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, 1, 1);
  pen.globalAlpha = share;
  pen.fillStyle = colour;
  pen.fillRect(0, 0, 1, 1);
  pen.globalAlpha = 1;
  return "#" + [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, "0")).join("");
}

/**
 * The theme's colours as solid "#rrggbb"; the light ones where there is no theme. `dark` is whether it is a dark one.
 * @returns {Record<string, any>}
 */
export function readPalette(element) {
  const css = getComputedStyle(element);
  const value = (name) => css.getPropertyValue(THEME_VARIABLES[name] || "").trim() || LOOK.light[name];
  const canvas = solid(value("canvas"), "#ffffff");
  /** @type {Record<string, any>} */
  const palette = { ...LOOK.light, canvas };
  for (const name of Object.keys(THEME_VARIABLES)) if (name !== "canvas") palette[name] = solid(value(name), canvas);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(canvas.slice(at, at + 2), 16));
  palette.dark = 0.3 * red + 0.59 * green + 0.11 * blue < 128;
  palette.line = mix(palette.text, canvas, palette.dark ? 0.5 : 0.42);
  palette.border = mix(palette.text, palette.card, palette.dark ? 0.32 : 0.24);
  palette.grid = mix(palette.text, canvas, palette.dark ? 0.16 : 0.13);
  palette.paper = palette.dark ? LOOK.darkPaper : LOOK.paper;
  if (palette.dark) palette.card = mix("#ffffff", palette.card, 0.03);
  return palette;
}

function xml(text) {
  return String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`)
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/g, "\ufffd");
}

function dataUri(width, height, body) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
  return "data:image/svg+xml;utf8," + encodeURIComponent(svg);
}

/** `text` cut to `width` pixels in `font`. */
function ellipsis(text, width, font) {
  pen.font = font;
  if (pen.measureText(text).width <= width) return text;
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(text.slice(0, middle) + "…").width <= width) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low).trimEnd() + "…";
}

const images = new Map(); // the same few pictures serve hundreds of nodes, and cytoscape loads each address once

function image(key, make) {
  if (images.size > 4000) images.clear();
  if (!images.has(key)) images.set(key, make());
  return images.get(key);
}

function markImage(name, palette) {
  const { tone, path } = LOOK.marks[name];
  return image(`mark ${name} ${palette[tone]}`, () => dataUri(16, 16,
    `<circle cx="8" cy="8" r="8" fill="${palette[tone]}"/><path d="${path}" fill="none" stroke="${palette.dark ? palette.canvas : "#fff"}" ` +
    'stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>'));
}

function portImage(colour, ground, big) {
  return image(`port ${colour} ${ground} ${big}`, () => dataUri(16, 16, big
    ? `<circle cx="8" cy="8" r="7" fill="${colour}"/><path d="M8 5v6M5 8h6" stroke="${ground}" stroke-width="1.6" stroke-linecap="round"/>`
    : `<circle cx="8" cy="8" r="5" fill="${ground}" stroke="${colour}" stroke-width="2"/>`));
}

const PORT = 8; // pixels that the place a line is drawn from stands out of a card

/** Badge and task line of a card, and where lines are drawn from: nodes with the same task share it. */
function faceImage(node, palette, room, open) {
  const badge = node.badge || {};
  const icon = /^data:image\//.test(badge.icon || "") ? badge.icon : "";
  const colour = badgeColour(node);
  const letters = [...String(badge.text || node.id)].slice(0, 2).join("");
  return image(JSON.stringify([icon, colour, letters, node.task, room, open, palette.muted, palette.text, palette.card]), () => {
    const task = ellipsis(String(node.task || ""), room, `11.5px ${FONT}`);
    const top = (CARD.height - CARD.badge) / 2;
    const square = icon
      ? `<image x="12" y="${top}" width="${CARD.badge}" height="${CARD.badge}" href="${xml(icon)}"/>`
      : `<rect x="12" y="${top}" width="${CARD.badge}" height="${CARD.badge}" rx="7" fill="${colour}"/>` +
        `<rect x="12.5" y="${top + 0.5}" width="${CARD.badge - 1}" height="${CARD.badge - 1}" rx="6.5" fill="none" stroke="#fff" stroke-opacity="0.16"/>` +
        `<text x="${12 + CARD.badge / 2}" y="${top + 20}" text-anchor="middle" font-size="13" font-weight="700" fill="#fff">${xml(letters)}</text>`;
    const port = open ? `<circle cx="${CARD.width}" cy="${CARD.height / 2}" r="5.5" fill="${palette.card}" stroke="${palette.line}" stroke-width="2"/>` : "";
    return dataUri(CARD.width + PORT, CARD.height, `<g font-family="${xml(FONT)}">${square}${port}` +
      `<text x="${CARD.text}" y="41" font-size="11.5" fill="${palette.muted}">${xml(task)}</text></g>`);
  });
}

const badgeColours = new Map();

function badgeColour(node) {
  const given = node.badge?.color || "#64748b";
  if (!badgeColours.has(given)) badgeColours.set(given, solid(given, "#64748b"));
  return badgeColours.get(given);
}

const PROGRESS_FONT = `600 10.5px ${FONT}`;

function wide(text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

function progressImage(far, palette) {
  const words = progressWords(far);
  const width = Math.ceil(wide(words, PROGRESS_FONT)) + 12;
  const colour = far.failed ? palette.error : palette.brand;
  const uri = dataUri(width, 16, `<rect width="${width}" height="16" rx="8" fill="${colour}" fill-opacity="0.14"/>` +
    `<text x="${width / 2}" y="11.8" text-anchor="middle" font-family="${xml(FONT)}" font-size="10.5" font-weight="600" fill="${colour}">${xml(words)}</text>`);
  return { uri, width, height: 16, x: CARD.width - width - 8, y: CARD.height - 22 };
}

/** @type {WeakMap<object, { key: any[], list: any[] }>} by the palette, which goes with its canvas: a script never does */
const drawn = new WeakMap();

/** What is painted upon a card; cytoscape asks nine times in a row. */
function layersOf(ele, palette) {
  const key = [ele, ele.data("record"), ele.data("status"), ele.data("progress"), ele.hasClass("fb-in"), ele.hasClass("fb-out"), ele.hasClass("fb-grip"), ele.hasClass("fb-open")];
  const last = drawn.get(palette);
  if (last && key.every((part, at) => part === last.key[at])) return last.list;
  const list = layers(ele, palette);
  drawn.set(palette, { key, list });
  return list;
}

/** What is painted upon a card, bottom first: `{uri, x, y, width, height}` from its upper left corner. */
function layers(ele, palette) {
  const node = ele.data("record");
  const small = { width: CARD.mark, height: CARD.mark };
  const progress = ele.data("progress") ? progressImage(ele.data("progress"), palette) : null;
  const room = CARD.width - CARD.text - 10 - (progress ? progress.width + 4 : 0);
  const list = [{ uri: faceImage(node, palette, room, ele.hasClass("fb-open")), x: 0, y: 0, width: CARD.width + PORT, height: CARD.height }];
  if (progress) list.push(progress);
  // at the corners, so that they leave the title its room
  const marks = [ele.data("status"), node.pinned ? "pinned" : ""].filter((name) => name in LOOK.marks);
  marks.forEach((name, at) => list.push({ uri: markImage(name, palette), x: CARD.width - 9 - 20 * at, y: -7, ...small }));
  if (node.problem) list.push({ uri: markImage("problem", palette), x: -7, y: -7, ...small });
  const middle = (CARD.height - 16) / 2;
  if (ele.hasClass("fb-in")) list.push({ uri: portImage(palette.line, palette.card, false), x: -8, y: middle, ...small });
  if (ele.hasClass("fb-out")) list.push({ uri: portImage(palette.brand, palette.card, ele.hasClass("fb-grip")), x: CARD.width - 8, y: middle, ...small });
  return list;
}

// ---- notes and frames

const CODE = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace";

function fontOf(piece, size) {
  return `${piece.em ? "italic " : ""}${piece.strong ? 700 : 400} ${size}px ${piece.code ? CODE : FONT}`;
}

/** The size of a note or frame, and its text in lines. */
export function noteLook(note) {
  const measure = (text, piece, size) => wide(text, fontOf(piece, size));
  if (note.frame) {
    const [width, height] = note.frame;
    return { width, height, lines: lines(note.text || "", width - 2 * NOTE.padding, measure, { size: LOOK.frame.title, most: 2 }) };
  }
  const found = lines(note.text || "", NOTE.width - 2 * NOTE.padding, measure, { most: NOTE.lines });
  return { width: NOTE.width, height: found.length * NOTE.line + 2 * NOTE.padding, lines: found };
}

function noteImage(ele, palette) {
  const note = ele.data("record");
  const colour = paperOf(note, palette).text;
  return image(JSON.stringify([note.text, note.frame, colour]), () => {
    const { width, height, lines: found } = noteLook(note);
    const step = note.frame ? LOOK.frame.title + 6 : NOTE.line;
    const body = found.map((line, at) => {
      const y = NOTE.padding + 13 + at * step;
      const bullet = line.bullet ? `<text x="${NOTE.padding + line.indent - 14}" y="${y}" font-size="${line.size}">${xml(line.bullet)}</text>` : "";
      const spans = line.pieces.map((piece) => `<tspan${piece.strong || note.frame ? ' font-weight="700"' : ""}${piece.em ? ' font-style="italic"' : ""}` +
        `${piece.code ? ` font-family="${xml(CODE)}"` : ""}${piece.link ? ' text-decoration="underline"' : ""}>${xml(piece.text)}</tspan>`).join("");
      return `${bullet}<text x="${NOTE.padding + line.indent}" y="${y}" font-size="${line.size}" xml:space="preserve">${spans}</text>`;
    });
    return dataUri(width, height, `<g font-family="${xml(FONT)}" fill="${colour}">${body.join("")}</g>`);
  });
}

function paperOf(note, palette) {
  return palette.paper[note.color] || palette.paper[note.frame ? "grey" : "yellow"];
}

const WORDS = 170; // pixels that a condition may take on its line
const LETTER = 5.8; // pixels that one of its letters takes
const SIZES = [11, 10, 9]; // pixels of a condition's letters: the smaller where there is little room
const LEAST = 4; // letters of a row of it
const BEND = { distances: [0], weights: [0.5], room: WORDS };

/** Control points that let an edge leave rightward and arrive from the left, in cytoscape's terms. */
export function bend(from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (length < 1) return BEND;
  const points = way({ x: from.x + CARD.width / 2, y: from.y }, { x: to.x - CARD.width / 2, y: to.y })
    .map((point) => ({ x: point.x - from.x, y: point.y - from.y }));
  return {
    weights: points.map((point) => (point.x * dx + point.y * dy) / (length * length)),
    distances: points.map((point) => (-point.x * dy + point.y * dx) / length),
    room: wordsRoom(dx, dy),
  };
}

/**
 * How far from its middle the words of a line stand: a short straight one would be hidden by them, so that they are above
 * it, below it where another line bends upwards from one of its ends, and upon it where lines bend both ways.
 */
function wordsAside(edge) {
  const { distances, room } = edge.data("bend") || BEND;
  if (room >= WORDS || distances.some((distance) => Math.abs(distance) >= 2)) return 0;
  const level = edge.source().position("y");
  const others = edge.source().outgoers("edge").targets().union(edge.target().incomers("edge").sources());
  const bends = (/** @type {number} */ down) => others.some((node) => (node.position("y") - level) * down > 2);
  if (!bends(-1)) return -11;
  return bends(1) ? 0 : 11;
}

/** How a condition is written in the room that its line has: whole where that can be read, and else with its middle cut. */
function written(edge) {
  const [label, { room }] = [edge.data("label"), edge.data("bend") || BEND];
  const widest = (words) => Math.max(...words.split("\n").map((row) => pen.measureText(row).width));
  let found = { size: 0, words: "" };
  for (const size of room < WORDS ? SIZES : SIZES.slice(0, 1)) {
    pen.font = `${size}px ${FONT}`;
    let most = Math.max(LEAST, Math.ceil((room * label.length) / (pen.measureText(label).width || 1)));
    while (most > LEAST && widest(inRows(label, most)) > room) most -= 1;
    found = { size, words: inRows(label, most) };
    if (!found.words.includes("…")) break;
  }
  return found;
}

/** A line's condition in the room that there is, and what went along below it. */
const conditionAndItems = (edge) => [written(edge).words, edge.data("items")].filter(Boolean).join("\n");
const conditionSize = (edge) => written(edge).size;

/** What went along a line: the number alone where cards stand so near that they would lie over the words. */
function itemsThere(edge) {
  const items = edge.data("items");
  const [from, to] = [edge.source().position(), edge.target().position()];
  const between = to.x - from.x - CARD.width - 4;
  const level = Math.abs(to.y - from.y) <= CARD.height && between > 0;
  return level && items.length * LETTER > between ? items.split(" ")[0] : items;
}

/** How wide the words in the middle of a line may be, so that no card lies over their beginning. */
function wordsRoom(dx, dy) {
  const between = dx - CARD.width - 4;
  return Math.abs(dy) > CARD.height || between < 0 ? WORDS : Math.min(WORDS, Math.max(44, between));
}

function cardStyle(palette) {
  const layer = (property) => (ele) => layersOf(ele, palette).map((item) => item[property]);
  const each = (value) => (ele) => layersOf(ele, palette).map(() => value); // one value would hold for the first image only
  return {
    shape: "round-rectangle", width: CARD.width, height: CARD.height, "background-color": palette.card,
    "border-width": 1.5, "border-color": palette.border, "z-index": 2,
    label: "data(label)", color: palette.text, "font-size": 13, "font-weight": 600, "text-valign": "center", "text-halign": "right",
    "text-margin-x": CARD.text - CARD.width, "text-margin-y": -9, "text-wrap": "ellipsis", "text-max-width": CARD.width - CARD.text - 10, "min-zoomed-font-size": 4,
    "background-image": layer("uri"), "background-fit": each("none"), "background-clip": each("none"),
    "background-image-containment": each("over"),
    "background-position-x": layer("x"), "background-position-y": layer("y"),
    "background-width": layer("width"), "background-height": layer("height"), "bounds-expansion": 12,
  };
}

/** From afar only blocks of colour can be seen: that of the integration, or of how the node is. */
function farStyles(palette, coloured) {
  const block = (colour) => ({ "background-color": mix(colour, palette.card, 0.55), "border-color": colour });
  return [
    { selector: "node.fb-card.fb-far", style: {
      label: "", "background-image": "none", "background-color": (ele) => mixed(badgeColour(ele.data("record")), palette.card, 0.45),
      "border-width": 3, "border-color": (ele) => badgeColour(ele.data("record")),
    } },
    ...coloured.map(([status, colour]) => ({ selector: `node.fb-card.fb-far[status = "${status}"]`, style: { ...block(colour), "border-width": 6 } })),
    { selector: "edge.fb-edge.fb-far", style: { label: "", "source-label": "", "curve-style": "straight", width: 4, "target-arrow-shape": "none" } },
  ];
}

const mixes = new Map();

function mixed(colour, ground, share) {
  const key = `${colour} ${ground} ${share}`;
  if (!mixes.has(key)) mixes.set(key, mix(colour, ground, share));
  return mixes.get(key);
}

function noteStyles(palette) {
  const paper = (part) => (ele) => paperOf(ele.data("record"), palette)[part];
  return [
    { selector: "node.fb-note", style: {
      shape: "round-rectangle", width: "data(width)", height: "data(height)", "background-color": paper("fill"), "z-index": 1,
      "border-width": 1.5, "border-color": paper("border"), "background-image": (ele) => noteImage(ele, palette),
      "background-fit": "none", "background-position-x": 0, "background-position-y": 0, "background-clip": "none",
      "background-width": "data(width)", "background-height": "data(height)",
    } },
    { selector: "node.fb-frame", style: { "background-opacity": 0.38, "border-style": "solid", "border-width": 2, "z-index": 0, "z-compound-depth": "bottom" } },
    { selector: "node.fb-note:selected", style: { "border-width": 2.5, "border-color": palette.brand } },
  ];
}

function edgeStyles(palette) {
  const taken = mix(palette.success, palette.canvas, 0.85);
  return [
    { selector: "edge", style: {
      width: 2, "line-color": palette.line, "target-arrow-color": palette.line, "target-arrow-shape": "triangle", "arrow-scale": 1.1,
      "curve-style": "unbundled-bezier", "edge-distances": "node-position",
      "control-point-distances": (edge) => (edge.data("bend") || BEND).distances,
      "control-point-weights": (edge) => (edge.data("bend") || BEND).weights,
      "source-endpoint": "50% 0", "target-endpoint": "-50% 0",
      "font-size": 11, color: palette.muted, "text-background-color": palette.canvas, "text-background-opacity": 1,
      "text-background-padding": 3, "text-background-shape": "round-rectangle", "text-wrap": "ellipsis", "text-max-width": (edge) => (edge.data("bend") || BEND).room,
      "text-events": "yes", "min-zoomed-font-size": 4,
    } },
    { selector: "edge.fb-edge", style: { label: "data(label)" } },
    { selector: 'edge.fb-edge[label != ""]', style: {
      label: conditionAndItems, "font-size": conditionSize, "text-wrap": "wrap", "text-max-width": 1000, "text-background-padding": 2,
      "text-border-width": 1, "text-border-color": palette.border, "text-border-opacity": 1, "text-background-color": palette.card, color: palette.text } },
    { selector: 'edge[on = "failure"]', style: {
      "line-color": palette.error, "target-arrow-color": palette.error, "line-style": "dashed", "line-dash-pattern": [7, 4], color: palette.error } },
    { selector: 'edge[on = "always"]', style: { "line-style": "dotted" } },
    // what the last run left
    { selector: 'edge[taken = "no"]', style: { opacity: 0.4 } },
    { selector: 'edge[taken = "yes"]', style: { width: 3, "line-color": taken, "target-arrow-color": taken } },
    { selector: 'edge[taken = "yes"][on = "failure"]', style: { "line-color": palette.error, "target-arrow-color": palette.error } },
    // in the middle, where lines that leave one node together have parted; below a condition that stands there
    { selector: 'edge.fb-edge[items != ""][label = ""]', style: { label: itemsThere, "text-wrap": "none", "text-margin-y": wordsAside, "text-background-padding": 1 } },
    { selector: "edge.fb-hover", style: { width: 3, opacity: 1 } },
    { selector: "edge.fb-edge:selected", style: { width: 3, opacity: 1, "line-color": palette.brand, "target-arrow-color": palette.brand } },
    { selector: "edge.fb-drop", style: { width: 5, opacity: 1, "line-color": palette.brand, "target-arrow-color": palette.brand } },
    { selector: "edge.fb-moving", style: { opacity: 0.25 } },
    { selector: "edge.eh-ghost-edge, edge.eh-preview", style: {
      "line-color": palette.brand, "target-arrow-color": palette.brand, "line-style": "dashed", "line-dash-pattern": [6, 4] } },
    { selector: "edge.eh-preview", style: { "line-color": palette.success, "target-arrow-color": palette.success, "line-style": "solid" } },
  ];
}

export function stylesheet(palette) {
  const coloured = Object.entries(LOOK.statuses).filter(([, tone]) => tone !== "muted").map(([status, tone]) => [status, palette[tone]]);
  const glow = (colour, opacity, padding) => ({
    "underlay-color": colour, "underlay-opacity": opacity, "underlay-padding": padding, "underlay-shape": "round-rectangle",
  });
  return [
    { selector: "node, edge", style: { "overlay-opacity": 0, "font-family": FONT } },
    { selector: "node.fb-card", style: cardStyle(palette) },
    ...coloured.map(([status, colour]) => ({ selector: `node.fb-card[status = "${status}"]`, style: { "border-color": colour, "border-width": 2 } })),
    ...noteStyles(palette),
    ...edgeStyles(palette),
    ...farStyles(palette, coloured),
    { selector: 'node.fb-card[status = "running"]', style: glow(palette.brand, 0.16, 7) },
    { selector: 'node.fb-card[status = "skipped"]', style: { "border-style": "dashed", opacity: 0.6 } },
    { selector: "node.fb-disabled", style: { opacity: 0.45 } },
    { selector: "node.fb-hover", style: { "border-color": mix(palette.brand, palette.border, 0.45) } },
    { selector: "node.fb-card:selected", style: { "border-width": 2.5, "border-color": palette.brand, ...glow(palette.brand, 0.13, 4) } },
    { selector: "node.fb-carried", style: { opacity: 0.4 } },
    { selector: "node.fb-found", style: glow(palette.warn, 0.3, 6) },
    { selector: "node.eh-target, node.fb-target", style: { "border-width": 2.5, "border-color": palette.success, ...glow(palette.success, 0.16, 5) } },
    { selector: "core", style: {
      "active-bg-opacity": 0, "selection-box-color": palette.brand, "selection-box-opacity": 0.12, "selection-box-border-color": palette.brand, "selection-box-border-width": 1 } },
  ];
}
