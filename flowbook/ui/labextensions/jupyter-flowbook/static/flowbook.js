/**
 * The container by which JupyterLab takes an extension that was built elsewhere, written by hand: no build step.
 *
 * JupyterLab runs this script, calls `init` with the packages that it shares, and `get` for what package.json names.
 * https://webpack.js.org/concepts/module-federation/ says what a container is.
 */
(() => {
  const here = /** @type {HTMLScriptElement} */ (document.currentScript).src;
  /** @type {Record<string, any>} */
  let scope = {};
  const container = {
    init: (shared) => {
      scope = shared;
    },
    get: async () => {
      const { sharer } = await import(new URL("shared.js", here).href);
      const { plugins } = await import(new URL("plugins.js", here).href);
      const made = await plugins(sharer(scope));
      return () => ({ __esModule: true, default: made });
    },
  };
  /** @type {any} */
  const page = window;
  page._JUPYTERLAB = { ...page._JUPYTERLAB, "jupyter-flowbook": container };
})();
