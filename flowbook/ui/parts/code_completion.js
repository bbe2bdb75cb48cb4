/** Completion out of what the kernel told of the last run; no key waits for the kernel. */
import { goingOn, insideExpression } from "./scope_paths.js";

const LOOKED_AT = 4000; // characters before the cursor

/** The expression, or the code, that the cursor is in: up to the cursor, and the whole of it. */
function around(state, position, language) {
  if (language === "python" || language === "expression") {
    return { before: state.doc.sliceString(Math.max(0, position - LOOKED_AT), position), text: state.doc.toString() };
  }
  const whole = state.doc.toString();
  if (language === "template" && BARE.test(whole)) return { before: whole.slice(0, position), text: whole, bare: true };
  const before = insideExpression(state.doc.sliceString(Math.max(0, position - LOOKED_AT), position));
  if (before === null) return null;
  const after = state.doc.sliceString(position, position + LOOKED_AT).split("}}")[0];
  return { before, text: before + after };
}

/** A path that is all there is in a field: it is an expression also without its `${{ }}`. */
const BARE = /^\s*[A-Za-z_](?:[\w.]|\[[^[\]\n]*\])*$/;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/** Puts a key in that cannot stand behind a dot: in brackets, in place of the dot. */
function inBrackets(key) {
  return (view, _completion, from, to) => {
    const begin = view.state.doc.sliceString(from - 1, from) === "." ? from - 1 : from;
    const text = `[${JSON.stringify(key)}]`;
    view.dispatch({ changes: { from: begin, to, insert: text }, selection: { anchor: begin + text.length }, userEvent: "input.complete" });
  };
}

function called(name) {
  return (view, _completion, from, to) => {
    view.dispatch({ changes: { from, to, insert: `${name}()` }, selection: { anchor: from + name.length + 1 }, userEvent: "input.complete" });
  };
}

function offered(entry, index) {
  if (entry.signature) {
    const about = `${entry.signature}\n${entry.about}`;
    return { label: entry.name, detail: entry.signature.slice(entry.name.length), type: "function", info: about, apply: called(entry.name), boost: -index };
  }
  const option = { label: entry.key, detail: entry.value, type: entry.children ? "namespace" : "property", boost: 99 - index };
  return IDENTIFIER.test(entry.key) ? option : { ...option, apply: inBrackets(entry.key) };
}

function found(tree, context, language) {
  const place = around(context.state, context.pos, language);
  if (!place) return null;
  const functions = language !== "python" && !place.bare; // it may be a word of a text as well
  const next = goingOn(tree, place.before, place.text, { functions, explicit: context.explicit });
  if (!next) return null;
  return { from: context.pos - next.length, options: next.options.map(offered), validFor: /^\w*$/ };
}

/** Where completions come from, beside those of the language itself. Only the first waits for what the kernel tells. */
export function completionsFrom(scope, language) {
  return (context) => {
    if (!scope.there) return null;
    scope.ask();
    return scope.tree ? found(scope.tree, context, language) : scope.arrived().then((tree) => (context.aborted ? null : found(tree, context, language)));
  };
}
