// The canvas's companion: attaches every view of the canvas to the graph of the page.
import { eachView, findModel } from "../parts/views.js";
import { addAhead } from "./canvas-ahead.js";
import { addClipboard } from "./canvas-clip.js";
import { addDropping } from "./canvas-drop.js";
import { addElements } from "./canvas-elements.js";
import { addFrames } from "./canvas-frames.js";
import { Graph } from "./canvas-graph.js";
import { addClicks, addConnecting, addFocus, addMoving } from "./canvas-hands.js";
import { addKeys } from "./canvas-keys.js";
import { addLines } from "./canvas-lines.js";
import { addList } from "./canvas-list.js";
import { readPalette, stylesheet } from "./canvas-look.js";
import { addMap } from "./canvas-map.js";
import { addMenu } from "./canvas-menu.js";
import { addOnto } from "./canvas-onto.js";
import { addControls, addHint, addHoverText, addMessages } from "./canvas-parts.js";
import { addRenaming } from "./canvas-rename.js";
import { addRest } from "./canvas-rest.js";
import { addSearch } from "./canvas-search.js";
import { addSelection } from "./canvas-select.js";
import { addViewport } from "./canvas-view.js";

/**
 * Let `cy` (any cytoscape.js instance inside `container`) show `graph`, and send what is done to it.
 * Returns the function that ends this. Knows nothing of notebooks or widgets.
 */
function attach(cy, container, graph) {
  /** @type {any} what every part of the canvas adds to */
  const view = { cy, container, graph, cleanups: [], readOnly: graph.readOnly, pointer: null, connecting: false, dragging: false, loading: false };
  view.send = (intent, payload) => graph.send(intent, payload);
  for (const add of [addAhead, addRest, addViewport, addElements, addSelection, addTheme, addFocus, addMessages, addHoverText, addHint, addControls, addList, addMap, addSearch]) add(view);
  for (const add of [addClicks, addMoving, addClipboard, addRenaming, addMenu, addKeys]) add(view);
  cy.autoungrabify(view.readOnly);
  if (!view.readOnly) for (const add of [addConnecting, addOnto, addDropping, addLines, addFrames]) add(view);
  graph.views.add(view);
  view.load();
  return () => {
    graph.views.delete(view);
    for (const cleanup of view.cleanups.splice(0).reverse()) cleanup();
    cy.destroy();
  };
}

function addTheme(view) {
  const { cy, container } = view;
  let current = "";
  const apply = () => {
    const palette = readPalette(container);
    if (JSON.stringify(palette) === current) return;
    current = JSON.stringify(palette);
    view.palette = palette;
    container.style.backgroundImage = `radial-gradient(circle, ${palette.grid} 1.1px, transparent 1.3px)`;
    cy.style(stylesheet(palette));
  };
  apply();
  const timers = [];
  const observer = new MutationObserver(() => {
    apply();
    timers.push(setTimeout(apply, 150), setTimeout(apply, 1000)); // a theme's style sheet may arrive after its name
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  view.cleanups.push(() => { observer.disconnect(); timers.forEach(clearTimeout); });
}

// ---- ipycytoscape's views

/** Attach to one view of ipycytoscape's widget, again whenever it makes a new cytoscape instance. */
async function bindView(view, graph, ended) {
  if (view.flowbookBound) return;
  view.flowbookBound = true;
  let detach = null;
  const bind = () => {
    detach?.();
    detach = view.cytoscape_obj ? attach(view.cytoscape_obj, view.el, graph) : null;
  };
  const original = view.init_render.bind(view);
  view.init_render = () => {
    detach?.();
    detach = null;
    original();
    bind();
  };
  const end = () => { detach?.(); detach = null; };
  view.on("remove", end);
  ended.push(end);
  await view.displayed;
  if (view.cytoscape_obj && !detach) bind();
}

function watchViews(surface, graph) {
  const ended = [];
  const stop = eachView(surface, (view) => bindView(view, graph, ended));
  return () => { stop(); ended.forEach((end) => end()); };
}

async function initialize({ model }) {
  const graph = new Graph(model);
  const stop = graph.wire.start();
  const surface = await findModel(model, model.get("target"));
  if (!surface) return stop();
  const leave = watchViews(surface, graph);
  return () => { leave(); stop(); };
}

export default { initialize };
