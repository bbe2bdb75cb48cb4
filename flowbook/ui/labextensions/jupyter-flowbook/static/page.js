/** What a kernel shows, as a tab of its own: the studio, or the editor of a file. */

const BEGUN = "from flowbook.ui.pages import";
const STARTING = "Starting a kernel for Flowbook…";

/** A text as a Python literal. */
const quoted = (text) => JSON.stringify(text);

/**
 * The content of a tab: it asks the kernel for the page `path` ("" for the studio), shows it, and asks again when the
 * kernel was started anew. `owner` is what a document would be to ipywidgets: it has a sessionContext.
 */
export function pageClass({ Panel, Widget, SimplifiedOutputArea, OutputAreaModel, manager }) {
  return class FlowbookPage extends Panel {
    constructor(owner, rendermime, path) {
      super();
      this.addClass("jp-FlowbookPage");
      Object.assign(this.node.style, { overflow: "auto", padding: "8px", boxSizing: "border-box", containerType: "size" });
      // the editor is as high as the tab leaves it below its bars: one of a file has a toolbar, the studio also its tabs
      this.node.style.setProperty("--fb-high", `max(420px, calc(100cqh - ${path ? 66 : 146}px))`);
      this.session = owner.sessionContext;
      this.path = path;
      this.rendermime = rendermime.clone();
      this.sign = new Widget();
      this.sign.node.setAttribute("role", "status");
      this.addWidget(this.sign);
      this.area = null;
      this.lost = false;
      // Registered as JupyterLab's own documents are, or the kernel's widgets would know no classes.
      manager?.registerWidgetManager?.(owner, this.rendermime, [][Symbol.iterator]());
      this.session.statusChanged.connect(this.watch, this);
      this.session.kernelChanged.connect(this.change, this);
      this.node.addEventListener("keydown", (event) => this.key(event), true);
      this.say(STARTING);
    }

    /** Say something above what is shown; "" takes it away. */
    say(text) {
      this.sign.node.textContent = text;
      this.sign.setHidden(!text);
    }

    async begin() {
      await this.session.ready;
      if (this.session.session?.kernel) await this.show();
      else this.say("There is no kernel. Choose one: Kernel, Change Kernel.");
    }

    async show() {
      this.clear();
      const area = new SimplifiedOutputArea({
        model: new OutputAreaModel({ trusted: true }),
        rendermime: this.rendermime,
      });
      this.area = area;
      this.addWidget(area);
      this.say(STARTING);
      const kernel = this.session.session?.kernel;
      try {
        const reply = await SimplifiedOutputArea.execute(
          `${BEGUN} page\npage(${quoted(this.path)})`,
          area,
          this.session,
          { flowbook: true },
        );
        this.say(this.told(reply?.content));
      } catch (error) {
        if (this.isDisposed || this.area !== area) return;
        // a kernel that ended meanwhile: what comes after it says so
        const ended = kernel?.isDisposed || kernel !== this.session.session?.kernel;
        this.say(ended ? "" : error instanceof Error ? error.message : String(error));
      }
    }

    /** What to say of how the kernel took it. */
    told(content) {
      const missing = content?.status === "error" && content.ename === "ModuleNotFoundError";
      if (!missing) return "";
      const name = this.session.kernelDisplayName;
      return `Flowbook is not installed in the kernel “${name}”: pip install jupyter-flowbook, or choose another kernel.`;
    }

    clear() {
      this.area?.dispose();
      this.area = null;
    }

    /** Follow a kernel that is started anew: its page is another one. */
    watch(_, status) {
      if (status === "restarting" || status === "autorestarting") {
        this.lost = true;
        this.clear();
        this.say("The kernel is starting again…");
      } else if (status === "dead") {
        this.clear();
        this.say("The kernel has ended. What was not saved is kept; open this again to go on.");
      } else if (this.lost && status === "idle") {
        this.lost = false;
        this.show();
      }
    }

    change(_, { oldValue, newValue }) {
      if (oldValue && newValue) this.show();
    }

    /** Have the kernel do something with the page. */
    ask(code) {
      this.session.session?.kernel?.requestExecute({ code: `${BEGUN} ${code}`, silent: true, store_history: false });
    }

    /** Ctrl-S saves what is edited, wherever the focus is: JupyterLab would write the file as it was read. */
    key(event) {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
      event.preventDefault();
      event.stopPropagation();
      // what is being typed goes first
      for (const type of ["change", "flowbook-commit"]) document.activeElement?.dispatchEvent(new CustomEvent(type, { bubbles: true }));
      this.ask(`save\nsave(${quoted(this.path)})`);
    }

    move(path) {
      this.ask(`move\nmove(${quoted(this.path)}, ${quoted(path)})`);
      this.path = path;
    }

    dispose() {
      if (this.isDisposed) return;
      this.session.statusChanged.disconnect(this.watch, this);
      this.session.kernelChanged.disconnect(this.change, this);
      super.dispose();
    }
  };
}
