// The graph in words: what stands on cards, what is found, what is read out.
import { amount } from "../parts/wording.js";
import { readingOrder } from "./canvas-geometry.js";

/** "3/10", with the failed ones: what stands at the lower right of a card while it goes through a list, and after. */
export function progressWords(far) {
  if (!far) return "";
  const done = far.total ? `${amount(far.done)}/${amount(far.total)}` : amount(far.done);
  return far.failed ? `${done} · ${amount(far.failed)} failed` : done;
}

/** The ids of the nodes that `text` finds: those that begin with it first, then by their place. */
export function matching(nodes, text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const words = (node) => [node.id, node.label || "", node.task || ""].map((word) => String(word).toLowerCase());
  const found = readingOrder(nodes).filter((id) => words(nodes[id]).some((word) => word.includes(wanted)));
  const first = found.filter((id) => words(nodes[id]).slice(0, 2).some((word) => word.startsWith(wanted)));
  return [...first, ...found.filter((id) => !first.includes(id))];
}

/**
 * A condition in the room that a line has for it: `most` letters a row, in two rows where one is too short, and cut in the
 * middle, since what it is compared with stands at its end.
 */
export function inRows(text, most) {
  const cut = (row) => {
    if (row.length <= most) return row;
    const end = Math.floor((most - 1) / 2);
    return `${row.slice(0, most - 1 - end)}…${row.slice(row.length - end)}`;
  };
  if (text.length <= most) return text;
  const longest = (at) => Math.max(at, text.length - at - 1);
  const blanks = [...text.matchAll(/ /g)].map((blank) => blank.index);
  if (!blanks.length) return cut(text);
  const at = blanks.reduce((best, one) => (longest(one) < longest(best) ? one : best));
  return [text.slice(0, at), text.slice(at + 1)].map(cut).join("\n");
}

/** The edges of each node that leave it. */
export function leavingFrom(graph) {
  const leaving = {};
  for (const edge of Object.values(graph.elements.edges)) (leaving[edge.source] ??= []).push(edge);
  return leaving;
}

/** A node in words: its name, task, how it is, and where it leads. */
export function described(graph, id, leaving = leavingFrom(graph)) {
  const { nodes } = graph.elements;
  const node = nodes[id];
  const name = (other) => nodes[other].label || other;
  const leads = (leaving[id] || []).map((edge) => {
    const words = [{ failure: "on failure", always: "always" }[edge.on], edge.label ? `when ${edge.label}` : ""].filter(Boolean).join(" ");
    return `${name(edge.target)}${words ? ` (${words})` : ""}`;
  });
  const parts = [name(id), node.task, graph.status[id], progressWords(graph.progress[id]), node.disabled ? "disabled" : "", node.pinned ? "pinned" : "", node.problem];
  return `${parts.filter(Boolean).join(", ")}. ${leads.length ? `Leads to ${leads.join(", ")}.` : "Leads nowhere."}`;
}
