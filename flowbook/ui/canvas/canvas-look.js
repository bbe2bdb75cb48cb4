// How the graph looks: colours from JupyterLab's theme, images for the cards, and cytoscape's stylesheet.

export const CARD = LOOK.card;
export const NOTE = LOOK.note;
export const FONT = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif"; // cytoscape takes no single quotes
const THEME_VARIABLES = {
  canvas: "--jp-layout-color0", card: "--jp-layout-color1", text: "--jp-ui-font-color1",
  border: "--jp-border-color1", line: "--jp-ui-font-color3", grid: "--jp-border-color2", ...LOOK.theme,
};

const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

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
  if (palette.dark) {
    Object.assign(palette, { noteFill: "#3d3618", noteBorder: "#7d6c2a", noteText: "#f3e3ab" });
    palette.card = mix("#ffffff", palette.card, 0.03);
  }
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

/** `text` in lines of at most `width` pixels; a word longer than that is broken. */
export function wrap(text, width, font, most) {
  pen.font = font;
  const lines = [];
  for (const paragraph of String(text).split("\n")) {
    let line = "";
    for (const part of paragraph.split(/(?<=\s)/)) {
      if (pen.measureText(line + part.trimEnd()).width <= width) { line += part; continue; }
      if (line) lines.push(line.trimEnd());
      line = part;
      while (pen.measureText(line.trimEnd()).width > width) {
        let size = line.length - 1;
        while (size > 1 && pen.measureText(line.slice(0, size)).width > width) size -= 1;
        lines.push(line.slice(0, size));
        line = line.slice(size);
      }
    }
    lines.push(line.trimEnd());
    if (lines.length > most) return [...lines.slice(0, most - 1), "…"];
  }
  return lines;
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
    : `<circle cx="8" cy="8" r="4" fill="${ground}" stroke="${colour}" stroke-width="2"/>`));
}

/** Badge and task line of a card: nodes with the same task share it. */
function faceImage(node, palette) {
  const badge = node.badge || {};
  const icon = /^data:image\//.test(badge.icon || "") ? badge.icon : "";
  const colour = solid(badge.color || "#64748b", "#64748b");
  const letters = [...String(badge.text || node.id)].slice(0, 2).join("");
  const task = ellipsis(String(node.task || ""), CARD.width - CARD.text - 10, `11.5px ${FONT}`);
  return image(JSON.stringify([icon, colour, letters, task, palette.muted, palette.text]), () => {
    const top = (CARD.height - CARD.badge) / 2;
    const square = icon
      ? `<image x="12" y="${top}" width="${CARD.badge}" height="${CARD.badge}" href="${xml(icon)}"/>`
      : `<rect x="12" y="${top}" width="${CARD.badge}" height="${CARD.badge}" rx="7" fill="${colour}"/>` +
        `<rect x="12.5" y="${top + 0.5}" width="${CARD.badge - 1}" height="${CARD.badge - 1}" rx="6.5" fill="none" stroke="#fff" stroke-opacity="0.16"/>` +
        `<text x="${12 + CARD.badge / 2}" y="${top + 20}" text-anchor="middle" font-size="13" font-weight="700" fill="#fff">${xml(letters)}</text>`;
    return dataUri(CARD.width, CARD.height, `<g font-family="${xml(FONT)}">${square}` +
      `<text x="${CARD.text}" y="41" font-size="11.5" fill="${palette.muted}">${xml(task)}</text></g>`);
  });
}

/** What is painted upon a card, bottom first: `{uri, x, y, width, height}` from its upper left corner. */
function layers(ele, palette) {
  const node = ele.data("record");
  const small = { width: CARD.mark, height: CARD.mark };
  const list = [{ uri: faceImage(node, palette), x: 0, y: 0, width: CARD.width, height: CARD.height }];
  const marks = [ele.data("status"), node.pinned ? "pinned" : ""].filter((name) => name in LOOK.marks);
  marks.forEach((name, at) => list.push({ uri: markImage(name, palette), x: CARD.width - 22 - 20 * at, y: 6, ...small }));
  if (node.problem) list.push({ uri: markImage("problem", palette), x: -7, y: -7, ...small });
  const middle = (CARD.height - 16) / 2;
  if (ele.hasClass("fb-in")) list.push({ uri: portImage(palette.line, palette.card, false), x: -8, y: middle, ...small });
  if (ele.hasClass("fb-out")) list.push({ uri: portImage(palette.brand, palette.card, ele.hasClass("fb-grip")), x: CARD.width - 8, y: middle, ...small });
  return list;
}

function labelRoom(ele) {
  const node = ele.data("record");
  const marks = (ele.data("status") in LOOK.marks ? 1 : 0) + (node.pinned ? 1 : 0);
  return CARD.width - CARD.text - 10 - 20 * marks;
}

const BEND = { distances: [0], weights: [0.5] };

/** Control points that let an edge leave rightward and arrive from the left, in cytoscape's terms. */
export function bend(edge) {
  const [source, target] = [edge.source(), edge.target()];
  const [from, to] = [source.position(), target.position()];
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  if (length < 1) return BEND;
  const [x0, x1] = [from.x + source.width() / 2, to.x - target.width() / 2];
  const reach = Math.min(Math.max(Math.abs(x1 - x0) / 2, 36), 140);
  const points = [{ x: x0 + reach - from.x, y: 0 }, { x: x1 - reach - from.x, y: dy }];
  return {
    weights: points.map((point) => (point.x * dx + point.y * dy) / (length * length)),
    distances: points.map((point) => (-point.x * dy + point.y * dx) / length),
  };
}

export function stylesheet(palette) {
  const layer = (property) => (ele) => layers(ele, palette).map((item) => item[property]);
  const each = (value) => (ele) => layers(ele, palette).map(() => value); // one value would hold for the first image only
  const coloured = Object.entries(LOOK.statuses).filter(([, tone]) => tone !== "muted").map(([status, tone]) => [status, palette[tone]]);
  const tone = (status, colour) => ({ selector: `node.fb-card[status = "${status}"]`, style: { "border-color": colour, "border-width": 2 } });
  const glow = (colour, opacity, padding) => ({
    "underlay-color": colour, "underlay-opacity": opacity, "underlay-padding": padding, "underlay-shape": "round-rectangle",
  });
  return [
    { selector: "node, edge", style: { "overlay-opacity": 0, "font-family": FONT } },
    { selector: "node.fb-card", style: {
      shape: "round-rectangle", width: CARD.width, height: CARD.height, "background-color": palette.card,
      "border-width": 1.5, "border-color": palette.border,
      label: "data(label)", color: palette.text, "font-size": 13, "font-weight": 600, "text-valign": "center", "text-halign": "right",
      "text-margin-x": CARD.text - CARD.width, "text-margin-y": -9, "text-wrap": "ellipsis", "text-max-width": labelRoom, "min-zoomed-font-size": 4,
      "background-image": layer("uri"), "background-fit": each("none"), "background-clip": each("none"),
      "background-image-containment": each("over"),
      "background-position-x": layer("x"), "background-position-y": layer("y"),
      "background-width": layer("width"), "background-height": layer("height"), "bounds-expansion": 10,
    } },
    ...coloured.map(([status, colour]) => tone(status, colour)),
    // from afar only the colour of a card can be seen
    { selector: "node.fb-far", style: { "border-width": 4 } },
    ...coloured.map(([status, colour]) => ({ selector: `node.fb-far[status = "${status}"]`, style: { "border-width": 9, "background-color": mix(colour, palette.card, 0.3) } })),
    { selector: "edge.fb-far", style: { width: 4 } },
    { selector: 'node.fb-card[status = "running"]', style: glow(palette.brand, 0.16, 7) },
    { selector: 'node.fb-card[status = "skipped"]', style: { "border-style": "dashed", opacity: 0.6 } },
    { selector: "node.fb-disabled", style: { opacity: 0.45 } },
    { selector: "node.fb-hover", style: { "border-color": mix(palette.brand, palette.border, 0.45) } },
    { selector: "node.fb-card:selected", style: { "border-width": 2.5, "border-color": palette.brand, ...glow(palette.brand, 0.13, 4) } },
    { selector: "node.eh-target", style: { "border-width": 2.5, "border-color": palette.success, ...glow(palette.success, 0.16, 5) } },
    { selector: "node.fb-note", style: {
      shape: "round-rectangle", width: NOTE.width, height: "data(height)", "background-color": palette.noteFill,
      "border-width": 1.5, "border-color": palette.noteBorder, label: "data(label)", color: palette.noteText, "font-size": 12.5,
      "text-wrap": "wrap", "text-max-width": NOTE.width * 2, "text-valign": "center", "text-halign": "right", "text-justification": "left",
      "text-margin-x": NOTE.padding - NOTE.width, "line-height": NOTE.line / 12.5 / 1.15, "min-zoomed-font-size": 4,
    } },
    { selector: "node.fb-note:selected", style: { "border-width": 2.5, "border-color": palette.brand } },
    { selector: "edge", style: {
      width: 2, "line-color": palette.line, "target-arrow-color": palette.line, "target-arrow-shape": "triangle", "arrow-scale": 1.1,
      "curve-style": "unbundled-bezier", "edge-distances": "node-position",
      "control-point-distances": (edge) => (edge.data("bend") || BEND).distances,
      "control-point-weights": (edge) => (edge.data("bend") || BEND).weights,
      "source-endpoint": "50% 0", "target-endpoint": "-50% 0",
      "font-size": 11, color: palette.muted, "text-background-color": palette.canvas, "text-background-opacity": 1,
      "text-background-padding": 3, "text-background-shape": "round-rectangle", "text-wrap": "ellipsis", "text-max-width": 150,
      "text-events": "yes", "min-zoomed-font-size": 4,
    } },
    { selector: "edge.fb-edge", style: { label: "data(label)" } },
    { selector: 'edge[on = "failure"]', style: {
      "line-color": palette.error, "target-arrow-color": palette.error, "line-style": "dashed", "line-dash-pattern": [7, 4], color: palette.error } },
    { selector: 'edge[on = "always"]', style: { "line-style": "dotted" } },
    { selector: "edge.fb-hover", style: { width: 3 } },
    { selector: "edge.fb-edge:selected", style: { width: 3, "line-color": palette.brand, "target-arrow-color": palette.brand } },
    { selector: "edge.eh-ghost-edge, edge.eh-preview", style: {
      "line-color": palette.brand, "target-arrow-color": palette.brand, "line-style": "dashed", "line-dash-pattern": [6, 4] } },
    { selector: "edge.eh-preview", style: { "line-color": palette.success, "target-arrow-color": palette.success, "line-style": "solid" } },
    { selector: "core", style: {
      "active-bg-opacity": 0, "selection-box-color": palette.brand, "selection-box-opacity": 0.12, "selection-box-border-color": palette.brand, "selection-box-border-width": 1 } },
  ];
}
