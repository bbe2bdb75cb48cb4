/** The studio as a tab of its own, with a kernel in the folder that the file browser shows. */
import { folder } from "./folder.js";

const COMMAND = "flowbook:studio";
const NOTHING = { connect: () => true, disconnect: () => true };

export function studio(here) {
  const { app, launcher, palette, restorer, icon, lab } = here;
  if (!lab.apputils.SessionContext || !lab.apputils.MainAreaWidget) return;
  const tracker = new lab.apputils.WidgetTracker({ namespace: "flowbook-studio" });
  app.commands.addCommand(COMMAND, {
    label: (args) => (args.isPalette ? "Open Flowbook" : "Flowbook"),
    caption: "Open the studio: integrations, workflows and runs of this folder",
    icon: (args) => (args.isPalette ? undefined : icon),
    execute: (args) => {
      const path = args.path ?? [folder(here, args), "Flowbook studio"].filter(Boolean).join("/");
      const known = tracker.find((one) => one.content.session.path === path);
      const tab = known ?? open(here, path);
      if (!known) {
        app.shell.add(tab, "main");
        tracker.add(tab);
      }
      app.shell.activateById(tab.id);
      return tab;
    },
  });
  launcher?.add({ command: COMMAND, category: "Flowbook", rank: 1 });
  palette?.addItem({ command: COMMAND, category: "Flowbook", args: { isPalette: true } });
  restorer?.restore(tracker, {
    command: COMMAND,
    args: (tab) => ({ path: tab.content.session.path }),
    name: (tab) => tab.content.session.path,
  });
}

function open({ app, rendermime, icon, lab, Page }, path) {
  const { serviceManager } = app;
  const sessionContext = new lab.apputils.SessionContext({
    sessionManager: serviceManager.sessions,
    specsManager: serviceManager.kernelspecs,
    kernelManager: serviceManager.kernels,
    path,
    name: "Flowbook",
    type: "flowbook",
    kernelPreference: { autoStartDefault: true, canStart: true, shouldStart: true, language: "python" },
  });
  // ipywidgets keeps the widgets of a document; of one it needs the session, and a model that keeps nothing.
  const model = { getMetadata: () => undefined, setMetadata: () => {}, metadata: new Map() };
  const owner = { sessionContext, path, model, saveState: NOTHING, ready: Promise.resolve() };
  const content = new Page(owner, rendermime, "");
  const tab = new lab.apputils.MainAreaWidget({ content });
  tab.id = `flowbook-${path}`;
  Object.assign(tab.title, { label: "Flowbook", caption: `The studio of ${path}`, icon, closable: true });
  tab.disposed.connect(async () => {
    await sessionContext.shutdown().catch(() => {});
    sessionContext.dispose();
  });
  sessionContext.initialize().then(() => content.begin());
  return tab;
}
