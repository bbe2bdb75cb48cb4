/** **Open as Cell** in a run: the cell comes below that with the run, else below the active one of the last notebook. */
const OPEN = "flowbook:open-cell";

export function cells({ app }) {
  let last = null; // the notebook that was used last: in a tab of the studio there is none around the button
  const isNotebook = (widget) => Boolean(widget?.content?.model?.sharedModel?.insertCell);
  app.shell.currentChanged?.connect(() => {
    if (isNotebook(app.shell.currentWidget)) last = app.shell.currentWidget;
  });
  const around = (node) => [...app.shell.widgets("main")].find((one) => isNotebook(one) && one.node.contains(node));
  document.addEventListener(OPEN, (event) => {
    const { target, detail } = /** @type {CustomEvent} */ (event);
    const place = around(target) ?? (last?.isDisposed ? null : last);
    if (!place) return; // whoever asked shows the text
    const book = place.content;
    const own = book.widgets.findIndex((cell) => cell.node.contains(target));
    const at = (own < 0 ? book.activeCellIndex : own) + 1;
    book.model.sharedModel.insertCell(at, { cell_type: "code", source: detail.code });
    book.deselectAll();
    book.activeCellIndex = at;
    app.shell.activateById(place.id);
    event.preventDefault();
  });
}
