/** `.flow.yaml` files: an icon, the editor on a double click, and a command that makes a new one. */
import { folder } from "./folder.js";

const FACTORY = "Flowbook";
const ENDING = ".flow.yaml";

/** The last part of a path. */
const base = (path) => path.slice(path.lastIndexOf("/") + 1);

export function files(here) {
  const { app, icon, lab } = here;
  if (!app.docRegistry || !lab.docregistry.ABCWidgetFactory || !lab.outputarea.SimplifiedOutputArea) return;
  app.docRegistry.addFileType({
    name: "flowbook",
    displayName: "Flowbook workflow",
    extensions: [ENDING],
    mimeTypes: ["text/yaml"],
    contentType: "file",
    fileFormat: "text",
    icon,
  });
  const factory = new (factoryClass(here))();
  app.docRegistry.addWidgetFactory(factory);
  comeBack(here, factory);
  addNew(here);
}

/** Have the files that are open come back when the page is loaded again. */
function comeBack({ restorer, lab }, factory) {
  if (!restorer || !lab.apputils.WidgetTracker) return;
  const tracker = new lab.apputils.WidgetTracker({ namespace: "flowbook-file" });
  factory.widgetCreated.connect((_, shown) => {
    shown.context.pathChanged.connect(() => tracker.save(shown));
    tracker.add(shown);
  });
  restorer.restore(tracker, {
    command: "docmanager:open",
    args: (shown) => ({ path: shown.context.path, factory: FACTORY }),
    name: (shown) => shown.context.path,
  });
}

function factoryClass({ rendermime, icon, lab, Page }) {
  return class extends lab.docregistry.ABCWidgetFactory {
    constructor() {
      super({
        name: FACTORY,
        label: "Flowbook",
        fileTypes: ["flowbook"],
        defaultFor: ["flowbook"],
        readOnly: true, // the kernel writes the file; JupyterLab would write it as it was read
        canStartKernel: true,
        preferKernel: true,
        autoStartDefault: true,
        shutdownOnClose: true,
      });
    }

    createNewWidget(context) {
      const local = (path) => path.replace(/^[^/:]+:/, "");
      const began = local(context.path).split("/").slice(0, -1);
      const content = new Page(context, rendermime, base(local(context.path)));
      const shown = new lab.docregistry.DocumentWidget({ content, context });
      shown.title.icon = icon;
      context.pathChanged.connect((_, path) => content.move(relative(began, local(path).split("/"))));
      context.ready.then(() => content.begin());
      return shown;
    }
  };
}

/** A path as it is called from the folder in which the kernel began. */
export function relative(from, to) {
  let same = 0;
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same += 1;
  return [...from.slice(same).map(() => ".."), ...to.slice(same)].join("/");
}

function addNew(here) {
  const { app, launcher, palette, icon } = here;
  const command = "flowbook:new-workflow";
  app.commands.addCommand(command, {
    label: (args) => (args.isPalette ? "New Flowbook Workflow" : "New Flowbook workflow"),
    caption: "Make a .flow.yaml file here and open it in the editor",
    icon: (args) => (args.isPalette ? undefined : icon),
    execute: async (args) => {
      const { contents } = app.serviceManager;
      const made = await contents.newUntitled({ path: folder(here, args), type: "file", ext: ENDING });
      const name = base(made.path).slice(0, -ENDING.length);
      const content = `flowbook: 1\nname: ${name}\nnodes: {}\n`;
      await contents.save(made.path, { type: "file", format: "text", content });
      return app.commands.execute("docmanager:open", { path: made.path, factory: FACTORY });
    },
  });
  launcher?.add({ command, category: "Flowbook", rank: 2 });
  palette?.addItem({ command, category: "Flowbook", args: { isPalette: true } });
}
