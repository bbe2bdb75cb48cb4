/** Draws what a node printed and displayed, appending to what is there. */
import { make } from "../parts/dom.js";
import { drawTable } from "./run_data.js";

const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Text as a terminal would leave it: no colour codes, and of a line that was written again only the last. */
export function settled(text) {
  const plain = text.replace(ANSI, "");
  if (!plain.includes("\r")) return plain;
  return plain.replace(/\r\n/g, "\n").split("\n").map((line) => line.split("\r").reduce((last, part) => part || last, "")).join("\n");
}

/** The cells of a DataFrame's HTML. It is parsed into a document of its own, where nothing is run or fetched. */
function frameTable(html) {
  if (!html.includes('class="dataframe"')) return null;
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const tables = parsed.querySelectorAll("table.dataframe");
  if (tables.length !== 1) return null;
  const texts = (row) => [...row.cells].map((cell) => cell.textContent.trim());
  const heads = [...tables[0].querySelectorAll("thead tr")];
  if (!heads.length) return null;
  const said = parsed.querySelector("p")?.textContent ?? "";
  return drawTable(texts(heads[0]), [...heads.slice(1), ...tables[0].querySelectorAll("tbody tr")].map(texts), said);
}

/** HTML from a task, in a frame without scripts and without a way to fetch anything. */
function sandboxed(html) {
  const look = getComputedStyle(document.body);
  const ink = look.getPropertyValue("--jp-content-font-color1") || "#222";
  const sans = (look.getPropertyValue("--jp-content-font-family") || "system-ui, sans-serif").replace(/[<>{};]/g, "");
  const scheme = document.body.dataset.jpThemeLight === "false" ? "dark" : "light";
  const rules = `:root{color-scheme:${scheme}}body{margin:2px;color:${ink};font:13px/1.5 ${sans};overflow-wrap:anywhere}img,svg{max-width:100%}table{border-collapse:collapse}td,th{padding:3px 8px;text-align:left}`;
  // Same origin lets this page measure the content's height; scripts stay off, since nothing here allows them.
  const frame = make("iframe", { class: "fbr-frame", sandbox: "allow-same-origin", title: "Display", loading: "eager", style: `color-scheme: ${scheme}` });
  const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; media-src data:";
  frame.srcdoc = `<!doctype html><meta http-equiv="Content-Security-Policy" content="${policy}"><base target="_blank"><style>${rules}</style>${html}`;
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    if (!inside?.body) return;
    const height = Math.max(inside.documentElement.getBoundingClientRect().height, inside.body.scrollHeight + 4);
    frame.style.height = `${Math.min(Math.max(Math.ceil(height), 24), 640)}px`;
  });
  const parts = [frame];
  if (/<script[\s>]/i.test(html)) parts.push(make("div", { class: "fbr-caption" }, "This display has scripts, which do not run here."));
  return make("div", {}, ...parts);
}

function drawDisplay(bundle) {
  const { kind, content, text } = bundle;
  if (kind === "image/svg+xml") return make("img", { class: "fbr-image", alt: text || "Display", src: `data:image/svg+xml;utf8,${encodeURIComponent(content)}` });
  if (kind.startsWith("image/")) return make("img", { class: "fbr-image", alt: text || "Display", src: `data:${kind};base64,${content.trim()}` });
  if (kind === "text/html") return frameTable(content) ?? sandboxed(content);
  return make("pre", { class: "fbr-pre" }, content);
}

/** The output of one node: blocks of text that scroll, with displays and folded tracebacks between them. */
export class OutputView {
  constructor(root) {
    this.root = root;
    /** @type {{ stream: string, text: string, node: any }[]} */
    this.chunks = [];
    this.reset([]);
  }

  reset(chunks) {
    this.root.replaceChildren();
    this.chunks = [];
    this.item = null;
    for (const chunk of chunks) this.add(chunk);
    this.keepEnd();
  }

  apply(operations) {
    const following = this.atEnd();
    for (const [kind, what] of operations) {
      if (kind === "new") this.add(what);
      else if (kind === "more") this.extend(what);
      else if (kind === "drop") this.drop(what);
      else this.reset(what);
    }
    if (following) this.keepEnd();
  }

  add(chunk) {
    /** @type {{ stream: string, text: string, node: any }} */
    const held = { stream: chunk.s, text: chunk.t ?? "", node: null };
    if (chunk.s === "display") held.node = this.root.appendChild(make("div", { class: "fbr-display" }, drawDisplay(chunk.b)));
    else if (chunk.s === "traceback") {
      held.node = this.root.appendChild(make("details", { class: "fbr-traceback" }, make("summary", {}, "Traceback"), make("pre", { class: "fbr-pre" })));
    } else {
      held.node = make("span", { class: chunk.s === "stderr" ? "fbr-stderr" : null });
      const block = this.block();
      if (chunk.i !== null && chunk.i !== this.item) block.append(make("span", { class: "fbr-item" }, `item ${chunk.i}`));
      block.append(held.node);
    }
    this.item = chunk.i;
    this.chunks.push(held);
    this.write(held);
  }

  extend(text) {
    const last = this.chunks.at(-1);
    if (!last) return;
    last.text += text;
    this.write(last);
  }

  write(held) {
    if (held.stream === "display") return;
    const target = held.stream === "traceback" ? held.node.querySelector("pre") : held.node;
    target.textContent = settled(held.text);
  }

  drop(count) {
    for (const { node } of this.chunks.splice(0, count)) {
      const block = node.parentNode;
      node.remove();
      if (block !== this.root && !block.querySelector("span:not(.fbr-item)")) block.remove();
    }
    if (!this.root.querySelector(".fbr-cut")) this.root.prepend(make("div", { class: "fbr-caption fbr-cut" }, "The beginning is not shown here."));
  }

  block() {
    const last = this.root.lastElementChild;
    return last?.classList.contains("fbr-text") ? last : this.root.appendChild(make("div", { class: "fbr-text", tabindex: "0", role: "log", "aria-live": "off", "aria-label": "Output" }));
  }

  atEnd() {
    const last = this.root.lastElementChild;
    return !last?.classList.contains("fbr-text") || last.scrollTop + last.clientHeight >= last.scrollHeight - 24;
  }

  keepEnd() {
    const last = this.root.lastElementChild;
    if (last?.classList.contains("fbr-text")) last.scrollTop = last.scrollHeight;
  }
}
