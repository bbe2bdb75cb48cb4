/** What Flowbook adds to JupyterLab: a tile, commands, files that open in the editor, and outputs that outlive kernels. */
import { cells } from "./cells.js";
import { fallback } from "./fallback.js";
import { files } from "./files.js";
import { ICON } from "./icon.js";
import { pageClass } from "./page.js";
import { studio } from "./studio.js";

const PACKAGES = {
  application: "@jupyterlab/application",
  apputils: "@jupyterlab/apputils",
  docregistry: "@jupyterlab/docregistry",
  filebrowser: "@jupyterlab/filebrowser",
  launcher: "@jupyterlab/launcher",
  outputarea: "@jupyterlab/outputarea",
  rendermime: "@jupyterlab/rendermime",
  ui: "@jupyterlab/ui-components",
  widgets: "@lumino/widgets",
  manager: "@jupyter-widgets/jupyterlab-manager",
};

/** The packages that there are here, by their short names. */
async function packages(share) {
  const found = await Promise.all(Object.values(PACKAGES).map(share));
  return Object.fromEntries(Object.keys(PACKAGES).map((key, at) => [key, found[at]]));
}

/** The plugins for JupyterLab, made of what it shares by `share(name)`. */
export async function plugins(share) {
  const lab = await packages(share);
  if (!lab.rendermime.IRenderMimeRegistry || !lab.widgets.Panel || !lab.ui.LabIcon) return []; // no place for any of it
  const icon = new lab.ui.LabIcon({ name: "flowbook:flow", svgstr: ICON });
  const Page = pageClass({ ...lab.widgets, ...lab.outputarea, manager: lab.manager });
  const places = {
    launcher: lab.launcher.ILauncher,
    palette: lab.apputils.ICommandPalette,
    browsers: lab.filebrowser.IFileBrowserFactory,
    restorer: lab.application.ILayoutRestorer,
  };
  const known = Object.keys(places).filter((key) => places[key]);
  return [
    {
      id: "jupyter-flowbook:plugin",
      description: "The studio, and the editor of workflow files.",
      autoStart: true,
      requires: [lab.rendermime.IRenderMimeRegistry],
      optional: known.map((key) => places[key]),
      activate: (app, rendermime, ...given) => {
        const around = Object.fromEntries(known.map((key, at) => [key, given[at]]));
        const here = { app, rendermime, ...around, icon, lab, Page };
        files(here);
        studio(here);
        fallback(here);
        cells(here);
      },
    },
  ];
}
