/** The code editor, asked for once a page: see library.py. What is at hand is on a promise that all scripts here share. */
const SHARED = Symbol.for("flowbook.libraries");

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function opened(bytes) {
  const address = URL.createObjectURL(new Blob([await unpacked(bytes)], { type: "text/javascript" }));
  try {
    return (await import(address)).default;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The library, by way of the kernel of `model` where the page has none yet. Refused when that kernel goes. */
export function libraryOf(model) {
  const name = model.get("library");
  const known = (globalThis[SHARED] ??= new Map());
  if (known.has(name)) return known.get(name);
  const asked = new Promise((resolve, reject) => {
    const stop = () => {
      model.off("msg:custom", receive);
      model.off("destroy", lost);
    };
    const receive = (message, buffers) => {
      if (message.kind !== "library" || message.name !== name) return;
      stop();
      resolve(opened(buffers[0]));
    };
    const lost = () => {
      stop();
      known.delete(name); // whoever needs it next asks again
      reject(new Error("The kernel that was asked for the code editor is gone."));
    };
    model.on("msg:custom", receive);
    model.on("destroy", lost);
    model.send({ kind: "library", name });
  });
  known.set(name, asked);
  return asked;
}
