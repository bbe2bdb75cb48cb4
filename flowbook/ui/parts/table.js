/** A table with actions in each row. A row may carry a notice below it, which asks or tells something. */
import { focused, follow, make } from "./dom.js";

function cellContent(cell) {
  if (typeof cell === "string") return [cell];
  const parts = [];
  if (cell.text) parts.push(make("span", { class: "fb-said", "data-tone": cell.tone }, cell.text));
  if (cell.chips) parts.push(make("span", { class: "fb-chips" }, ...cell.chips.map((text) => make("span", { class: "fb-chip" }, text))));
  if (cell.detail) parts.push(make("span", { class: "fb-detail" }, cell.detail));
  return parts;
}

function render({ model, el }) {
  const root = make("div", { class: "fb-table-shell" });
  const button = (row, action, quiet) => make("button", {
    type: "button", class: `fb-row-action fb-tone-${action.tone ?? "plain"}`, "data-action": action.id, disabled: Boolean(row.busy) && !quiet,
    "aria-label": `${action.label} ${row.title}`, onclick: () => model.send({ kind: "action", action: action.id, row: row.id }),
  }, action.label);
  const line = (row) => {
    const cells = model.get("columns").map(({ key }, index) => make(index ? "td" : "th", { scope: index ? null : "row", class: `fb-cell-${key}` }, ...cellContent(row.cells[key] ?? "")));
    const actions = make("td", { class: "fb-actions" }, ...row.actions.map((action) => button(row, action)));
    if (row.busy) actions.prepend(make("span", { class: "fb-spinner", role: "status", "aria-label": "Working" }));
    const lines = [make("tr", { "data-row": row.id }, ...cells, actions)];
    if (row.notice) {
      const said = make("span", { class: "fb-said", "data-tone": row.notice.tone }, row.notice.text);
      const answers = row.notice.actions.map((action) => button(row, action, true));
      lines.push(make("tr", { class: "fb-notice", role: "alert" }, make("td", { colspan: cells.length + 1 }, make("div", { class: "fb-notice-line" }, said, ...answers))));
    }
    return lines;
  };
  const draw = () => {
    const held = root.contains(focused()) ? focused() : null;
    const at = held && { row: held.closest("tr")?.dataset.row, action: held.dataset.action };
    const rows = model.get("rows");
    if (!rows.length) {
      root.replaceChildren(make("div", { class: "fb-empty" }, model.get("empty")));
      return;
    }
    const heads = model.get("columns").map(({ key, label }) => make("th", { scope: "col", class: `fb-cell-${key}` }, label));
    root.replaceChildren(make("table", { class: "fb-table", "aria-label": model.get("label") },
      make("thead", {}, make("tr", {}, ...heads, make("th", { scope: "col" }, make("span", { class: "fb-unseen" }, "Actions")))),
      make("tbody", {}, ...rows.flatMap(line))));
    // Drawing again must not throw the person who works with the keyboard back to the top of the page.
    const asked = held && root.querySelector(".fb-notice button");
    (asked || (at && at.row && [...root.querySelectorAll("tr")].find((tr) => tr.dataset.row === at.row)?.querySelector(`[data-action="${at.action}"]`)))?.focus();
  };
  draw();
  el.append(root);
  return follow(model, ["rows", "columns", "empty"], draw);
}

export default { render };
