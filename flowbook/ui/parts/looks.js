/** What ipywidgets and JupyterLab would keep of widgets that are shown no more: their looks' views, and what is closed. */
import { eachView, findModel } from "./views.js";

/**
 * Have a view of a look that widgets share end with its parent.
 *
 * ipywidgets makes a view of the layout and of the style for each view of a widget, and removes them with their model
 * alone (`DOMWidgetView.remove` of @jupyter-widgets/base 6). A shared one lives on, and so would all that was shown. It
 * also keeps each view as one that hears its messages (`WidgetView.initialize`), of which looks have none.
 */
export function endWithParent(view) {
  const { parent } = view.options;
  if (!parent) return;
  view.model.off("msg:custom");
  const end = async () => {
    view.remove();
    await Promise.allSettled([parent.layoutPromise, parent.stylePromise]); // of a view that went at once: it may listen later
    parent.stopListening();
  };
  if (parent.luminoWidget?.isDisposed) end();
  else {
    parent.once("remove", end);
    view.once("remove", () => parent.off("remove", end)); // its parent has another look now, and lives on
  }
}

/**
 * Have a model that is about to be closed be forgotten then. JupyterLab (4.4 to 4.6 at least) keeps every comm as long as
 * its kernel (`CommHandler` listens to `statusChanged`, and never stops), a comm keeps its model, and that the last view.
 */
export function forgetWhenClosed(model) {
  model.once("destroy", () => {
    const inner = model.comm?.jsServicesComm ?? {};
    for (const hears of ["onMsg", "onClose"]) if (inner[hears]) inner[hears] = undefined;
  });
}

/** See to all that the kernel shares. */
function initialize({ model }) {
  const manager = model.widget_manager;
  const seen = new Map(); // id → what stops
  const take = async (id) => {
    if (seen.has(id)) return;
    seen.set(id, () => {});
    const found = await findModel(model, id);
    if (found) seen.set(id, eachView(found, endWithParent));
  };
  const look = () => { for (const id of model.get("looks")) take(id); };
  look();
  const hear = ({ leaving }) => {
    for (const id of leaving) if (manager.has_model(id)) manager.get_model(id).then(forgetWhenClosed, () => {});
  };
  model.on("change:looks", look);
  model.on("msg:custom", hear);
  return () => {
    model.off("msg:custom", hear);
    model.off("change:looks", look);
    for (const stop of seen.values()) stop();
  };
}

export default { initialize };
