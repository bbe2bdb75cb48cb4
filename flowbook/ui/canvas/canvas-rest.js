// A canvas that nobody touches does nothing: cytoscape.js would ask for sixty frames a second for as long as it lives.
const QUIET = 30; // frames without anything to draw, after which the next one is not asked for

/** How many textures cytoscape still means to draw, a few a frame, while there is nothing else to do. */
function pending(renderer) {
  const data = renderer.data ?? {};
  const queues = [data.eleTxrCache?.eleCacheQueue, data.lyrTxrCache?.layersQueue];
  return queues.reduce((sum, queue) => sum + (queue?.size() ?? 0), 0);
}

/** Let the renderer's loop rest while there is nothing to draw, and wake it by all that has it draw. */
export function addRest(view) {
  const { cy } = view;
  const renderer = cy.renderer();
  /** @type {FrameRequestCallback | null} */
  let parked = null;
  let quiet = 0;
  const wake = () => {
    quiet = 0;
    if (!parked) return;
    requestAnimationFrame(parked);
    parked = null;
  };
  /** Keep the next request for a frame, which the loop makes right after what is done before a frame. */
  const park = () => {
    const ask = window.requestAnimationFrame;
    window.requestAnimationFrame = (frame) => {
      window.requestAnimationFrame = ask;
      parked = frame;
      return 0;
    };
    queueMicrotask(() => { if (!parked) window.requestAnimationFrame = ask; });
  };
  const before = (draws) => {
    const busy = draws || renderer.requestedFrame || cy.animated() || pending(renderer);
    quiet = busy ? 0 : quiet + 1;
    if (quiet >= QUIET) park();
  };
  /** Have a method of an object wake the loop too. */
  const waking = (object, name) => {
    const own = object[name];
    object[name] = function woken(...given) {
      wake();
      return own.apply(this, given);
    };
  };
  renderer.beforeRender(before, -1); // after all else
  waking(renderer, "redraw");
  for (const name of ["addToAnimationPool", "animate", "animation", "delay"]) waking(cy, name);
}
