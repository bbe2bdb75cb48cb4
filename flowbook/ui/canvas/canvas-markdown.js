// The Markdown of notes, as lines of styled pieces of text: headings, lists, strong, emphasis, code and links. It is
// drawn as text, piece by piece, and never read as HTML.

const INLINE = /\*\*(?<strong>.+?)\*\*|__(?<strong2>.+?)__|\*(?<em>[^\s*].*?)\*|(?<![\p{L}\p{N}])_(?<em2>[^\s_].*?)_(?![\p{L}\p{N}])|`(?<code>[^`]+)`|\[(?<link>[^\]]+)\]\([^)\s]*\)/su;

/** `text` as pieces `{text, strong, em, code, link}`; what is marked up wrongly stays as it was written. */
export function pieces(text, style = {}) {
  const result = [];
  const plain = (words) => { if (words) result.push({ text: words, ...style }); };
  let rest = text;
  for (let found = INLINE.exec(rest); found; found = INLINE.exec(rest)) {
    plain(rest.slice(0, found.index));
    const groups = /** @type {Record<string, string>} */ (found.groups);
    const { strong, strong2, em, em2, code, link } = groups;
    if (code !== undefined) result.push({ ...style, text: code, code: true });
    else result.push(...pieces(strong ?? strong2 ?? em ?? em2 ?? link, { ...style, ...styleOf(groups) }));
    rest = rest.slice(found.index + found[0].length);
  }
  plain(rest);
  return result;
}

/** @param {Record<string, string>} marked */
function styleOf(marked) {
  if (marked.strong ?? marked.strong2) return { strong: true };
  return marked.link ? { link: true } : { em: true };
}

/** Markdown as blocks, one a line of the text: `{kind: "heading" | "item" | "text", level, bullet, pieces}`. */
export function blocks(markdown) {
  return String(markdown).replace(/\t/g, "  ").split("\n").map((line) => {
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    if (heading) return { kind: "heading", level: heading[1].length, bullet: "", pieces: pieces(heading[2], { strong: true }) };
    const item = /^(\s*)([-*+]|\d{1,3}[.)])\s+(.*)$/.exec(line);
    if (item) {
      const [, before, mark, rest] = item;
      const box = /^\[([ xX])\]\s+(.*)$/.exec(rest);
      const bullet = box ? (box[1] === " " ? "☐" : "☑") : /\d/.test(mark) ? mark : "•";
      return { kind: "item", level: Math.min(3, before.length >> 1), bullet, pieces: pieces(box ? box[2] : rest) };
    }
    return { kind: "text", level: 0, bullet: "", pieces: pieces(line) };
  });
}

/**
 * Blocks as lines no wider than `width`: each is `{pieces, size, indent, bullet}`; `measure(text, piece, size)` tells
 * how wide a text is. A word that is wider than a line is broken; what is more than `most` lines ends in "…".
 */
export function lines(markdown, width, measure, { size = 12.5, most = 14 } = {}) {
  const result = [];
  for (const block of blocks(markdown)) {
    const big = block.kind === "heading" ? size + Math.max(0, 4 - block.level) : size;
    const indent = block.kind === "item" ? 14 + 12 * block.level : 0;
    /** @type {{ pieces: any[], size: number, indent: number, bullet: string }} */
    let line = { pieces: [], size: big, indent, bullet: block.bullet };
    let used = 0;
    const end = () => {
      result.push(line);
      line = { pieces: [], size: big, indent, bullet: "" };
      used = 0;
    };
    for (const { piece, word } of wordsOf(block)) {
      let rest = word;
      if (used && used + measure(rest.trimEnd(), piece, big) > width - indent) end();
      while (measure(rest.trimEnd(), piece, big) > width - indent && rest.length > 1) {
        let fits = rest.length - 1;
        while (fits > 1 && measure(rest.slice(0, fits), piece, big) > width - indent) fits -= 1;
        line.pieces.push({ ...piece, text: rest.slice(0, fits) });
        end();
        rest = rest.slice(fits);
      }
      line.pieces.push({ ...piece, text: rest });
      used += measure(rest, piece, big);
    }
    end();
  }
  return result.length > most ? [...result.slice(0, most - 1), { pieces: [{ text: "…" }], size, indent: 0, bullet: "" }] : result;
}

function wordsOf(block) {
  return block.pieces.flatMap((piece) => piece.text.split(/(?<=\s)/).map((word) => ({ piece, word })));
}
