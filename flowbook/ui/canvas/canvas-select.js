// What is selected: told to the kernel as one selection, and shown as the kernel says.
import { PREFIX } from "./canvas-elements.js";
import { GROUPS } from "./canvas-graph.js";

export function addSelection(view) {
  const { cy, graph } = view;
  let [quiet, timer, last] = [0, 0, "{}"];
  view.quietly = (act) => {
    quiet += 1;
    try { act(); } finally { quiet -= 1; }
  };
  view.selection = () => {
    const ids = (selector) => cy.elements(selector).map((ele) => ele.data("record").id);
    return { nodes: ids(".fb-card:selected"), edges: ids(".fb-edge:selected"), notes: ids(".fb-note:selected") };
  };
  const report = () => {
    timer = 0;
    const ids = view.selection();
    if (JSON.stringify(ids) === last) return;
    last = JSON.stringify(ids);
    graph.select(ids, view);
    view.sayChosen(ids);
    view.send("select", ids);
  };
  // a box selects one element after the other, and a click takes back what was selected first, within one event: they are
  // one selection, told right after it
  view.noteSelection = () => {
    if (quiet) return;
    clearTimeout(timer);
    timer = setTimeout(report);
  };
  view.sayAgain = () => {
    last = "";
    view.noteSelection();
  };
  // what a key is about must be known before the key is told
  view.flushSelection = () => {
    if (!timer) return;
    clearTimeout(timer);
    report();
  };
  view.showSelection = () => {
    clearTimeout(timer);
    timer = 0;
    const wanted = new Set(Object.entries(PREFIX).flatMap(([kind, prefix]) => (graph.selected[GROUPS[kind]] || []).map((id) => prefix + id)));
    view.quietly(() => cy.batch(() => cy.elements().forEach((ele) => {
      if (wanted.has(ele.id()) !== ele.selected()) ele[wanted.has(ele.id()) ? "select" : "unselect"]();
    })));
    last = JSON.stringify(view.selection());
  };
  view.cleanups.push(() => clearTimeout(timer));
}
