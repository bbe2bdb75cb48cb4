/**
 * A bracket that was closed by itself, and stands in a line below by now, is typed over: whoever writes `{`, Enter and
 * the rest line by line types the last `}` too, and would have two of them.
 */

const OPENING = { "}": "{", "]": "[", ")": "(" };
const QUOTED = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Whether as many of a bracket are closed as are opened, but for those in texts. */
function balanced(text, closing) {
  const code = text.replace(QUOTED, "");
  return code.split(closing).length === code.split(OPENING[closing]).length;
}

/** Typing a closing bracket into an empty line above the one that closes already goes there. */
export function typedOver() {
  return CodeMirror.Prec.high(CodeMirror.EditorView.inputHandler.of((view, from, to, typed) => {
    if (!(typed in OPENING) || from !== to) return false;
    const { doc } = view.state;
    const before = /\n[ \t]*$/.exec(doc.sliceString(Math.max(0, from - 200), from));
    const after = /^[ \t]*\n[ \t]*(?=[\]})])/.exec(doc.sliceString(from, from + 200));
    if (!before || !after || doc.sliceString(from + after[0].length, from + after[0].length + 1) !== typed) return false;
    if (!balanced(doc.toString(), typed)) return false;
    const start = from - before[0].length;
    view.dispatch({
      changes: { from: start, to: from + after[0].length, insert: after[0].slice(after[0].indexOf("\n")) },
      selection: { anchor: start + after[0].length - after[0].indexOf("\n") + 1 },
      scrollIntoView: true, userEvent: "input.type",
    });
    return true;
  }));
}
