/**
 * Outputs whose kernel is gone. A notebook that is opened again has outputs of widgets that live no more; JupyterLab
 * would say "model not found". What Flowbook displays also holds a picture, which is shown then, and how to go on.
 */
const OURS = "application/vnd.flowbook+json";
const LIVE = "application/vnd.jupyter.widget-view+json";
const STILL = ["image/svg+xml", "text/html", "text/plain"];
const RANK = -20; // before ipywidgets, whose rank is -10

export function fallback(here) {
  const { rendermime, lab } = here;
  if (!lab.manager?.registerWidgetManager) return;
  const Output = outputClass(here);
  rendermime.addFactory({ safe: false, mimeTypes: [OURS], createRenderer: () => new Output() }, RANK);
}

/** The nearest widget around one that has what is asked for. */
function around(widget, wanted) {
  let one = widget.parent;
  while (one && !wanted(one)) one = one.parent;
  return one;
}

function outputClass({ app, rendermime, lab }) {
  const { Panel, Widget } = lab.widgets;
  return class extends Panel {
    constructor() {
      super();
      /** @type {Promise<void>} */
      this.drawn = new Promise((resolve) => {
        this.draw = resolve;
      });
      this.shown = null;
    }

    async renderModel(model) {
      await this.drawn; // by then it is in its notebook, by which all else is found
      if (this.isDisposed) return;
      const place = around(this, (one) => one.context?.sessionContext && one.content?.rendermime);
      const manager = place ? await managerOf(place, lab) : null;
      const id = model.data[LIVE]?.model_id;
      const look = async () => {
        if (this.isDisposed || this.shown === "live") return;
        if (!manager || (await lives(manager, place.context.sessionContext, id))) await this.live(model);
        else if (manager.restoredStatus) await this.still(model);
      };
      manager?.restored.connect(look);
      this.disposed.connect(() => manager?.restored.disconnect(look));
      await look();
    }

    onAfterAttach(message) {
      super.onAfterAttach(message);
      this.draw();
    }

    async live(model) {
      this.shown = "live";
      await this.put(LIVE, model);
    }

    async still(model) {
      if (this.shown === "still") return;
      this.shown = "still";
      const mime = STILL.find((one) => model.data[one] !== undefined);
      if (!mime) return this.live(model);
      await this.put(mime, model);
      const drawing = this.node.querySelector("svg");
      if (drawing?.viewBox.baseVal?.width) drawing.style.maxWidth = `${drawing.viewBox.baseVal.width}px`;
      this.insertWidget(0, this.hint());
    }

    /** Show the output in one of its forms. */
    async put(mime, model) {
      for (const one of [...this.widgets]) one.dispose();
      const area = around(this, (one) => one.rendermime); // Voilà puts outputs into the page without one
      const inner = (area?.rendermime ?? rendermime).createRenderer(mime);
      this.addWidget(inner);
      await inner.renderModel(model);
    }

    hint() {
      const node = document.createElement("div");
      Object.assign(node.style, { display: "flex", gap: "12px", alignItems: "center", padding: "6px 0" });
      const words = document.createElement("span");
      words.textContent = "As it was when it was saved. Its kernel has ended; what was not saved is kept.";
      const button = document.createElement("button");
      button.className = "jp-mod-styled jp-mod-accept";
      Object.assign(button.style, { flex: "none", width: "auto" }); // its words whole, also where there is little room
      button.textContent = "Run This Cell";
      button.addEventListener("click", () => this.run());
      node.append(words, button);
      return new Widget({ node });
    }

    /** Run the cell that this is the output of. */
    run() {
      const book = around(this, (one) => one.widgets && typeof one.activeCellIndex === "number");
      const cell = book?.widgets.findIndex((one) => one.node.contains(this.node)) ?? -1;
      if (cell < 0) return;
      book.deselectAll();
      book.activeCellIndex = cell;
      app.commands.execute("notebook:run-cell");
    }
  };
}

/** What keeps the widgets of a document. */
function managerOf(place, lab) {
  return new Promise((resolve) => {
    const asked = {
      set manager(given) {
        resolve(given);
      },
    };
    lab.manager.registerWidgetManager(place.context, place.content.rendermime, [asked]);
  });
}

/** Whether a widget is known to the page, or to the kernel. */
async function lives(manager, sessionContext, id) {
  if (!id) return false;
  if (manager.has_model(id)) return true;
  const kernel = sessionContext.session?.kernel;
  if (!kernel) return false;
  const reply = await kernel.requestCommInfo({ target_name: "jupyter.widget" }).catch(() => null);
  return id in (reply?.content.comms ?? {});
}
