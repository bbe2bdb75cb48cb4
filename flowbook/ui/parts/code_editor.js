/** The editor of one field: CodeMirror with what a field of Flowbook's needs. */
import { completionsFrom } from "./code_completion.js";
import { isCode, languageParts } from "./code_languages.js";
import { freshId, make } from "./dom.js";
import { written } from "./scope_paths.js";

const TAB_TOLD = "Tab indents. To leave the field, press Escape, then Tab.";
const ENTER_TOLD = "Control Enter goes on.";

/**
 * A place for the lists that open over the page: no box around the editor may cut them off. It goes along when what the
 * editor is in fills the window, since nothing of the page is seen there.
 */
function floating(node) {
  const place = make("div", { class: "flowbook-floating" });
  const settle = () => {
    const home = node.closest("[popover]") ?? document.fullscreenElement ?? document.body;
    if (place.parentElement !== home) home.append(place);
  };
  settle();
  for (const type of ["focusin", "pointerenter"]) node.addEventListener(type, settle);
  return place;
}

/** The keys of a field, before those that CodeMirror has itself. */
function keys(language, hears) {
  const submit = () => {
    hears.submit();
    return true;
  };
  const leave = (view) => {
    view.setTabFocusMode(true); // until something is typed
    return false;
  };
  return CodeMirror.Prec.high(CodeMirror.keymap.of([
    { key: "Tab", run: CodeMirror.acceptCompletion },
    { key: "Mod-Enter", run: submit },
    ...(language === "expression" ? [{ key: "Enter", run: (view) => !CodeMirror.completionStatus(view.state) && submit() }] : []),
    { key: "Escape", run: leave },
  ]));
}

function parts({ language, label, scope, hears }, dressing, tips) {
  const { EditorView, EditorState, keymap } = CodeMirror;
  const completing = [{ autocomplete: completionsFrom(scope, language) }]; // the same each time that it is asked for
  const tab = isCode(language) && language !== "expression" ? [CodeMirror.indentWithTab] : [];
  return [
    keys(language, hears),
    CodeMirror.history(),
    CodeMirror.autocompletion({ icons: false, interactionDelay: 50 }),
    EditorState.languageData.of(() => completing),
    languageParts(language),
    CodeMirror.dropCursor(),
    CodeMirror.tooltips({ parent: tips, position: "absolute" }),
    keymap.of([...CodeMirror.closeBracketsKeymap, ...CodeMirror.completionKeymap, ...CodeMirror.historyKeymap, ...CodeMirror.defaultKeymap, ...tab]),
    EditorView.contentAttributes.of({ "aria-labelledby": label.id, spellcheck: "false", "data-lm-suppress-shortcuts": "true" }),
    EditorView.domEventHandlers({
      focus: () => void hears.focus(),
      blur: (_event, view) => {
        view.setTabFocusMode(false);
        hears.blur();
      },
    }),
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      if (update.view.tabFocusMode !== false) update.view.setTabFocusMode(false);
      if (!update.transactions.some((one) => one.annotation(SHOWN))) hears.change(update.state.doc.toString());
    }),
    dressing.of([]),
  ];
}

const SHOWN = CodeMirror.Annotation.define();

/** What is wrong at which places; those outside of a text that has changed since are left out. */
function diagnostics(marks, length) {
  return marks
    .map(({ start, end, text }) => ({ from: Math.min(start, length), to: Math.min(Math.max(end, start + 1), length), severity: "error", message: text }))
    .map((one) => (one.from === one.to && one.from > 0 ? { ...one, from: one.from - 1 } : one));
}

/** Where in the text the browser has its cursor; null when it is somewhere else. */
function cursorOf(view) {
  const at = document.getSelection();
  return at && view.hasFocus && view.contentDOM.contains(at.focusNode) ? view.posAtDOM(at.focusNode, at.focusOffset) : null;
}

/**
 * Do something to what is shown, and leave the cursor where it is. When a mark comes to lie around the word in which it
 * stands, the browser takes it to the beginning of the text, and CodeMirror believes that a person has put it there.
 */
function keepingCursor(view, act) {
  const before = cursorOf(view);
  act();
  const { anchor, head } = view.state.selection.main;
  if (before !== head || cursorOf(view) === head) return;
  const [from, to] = [view.domAtPos(anchor), view.domAtPos(head)];
  document.getSelection()?.setBaseAndExtent(from.node, from.offset, to.node, to.offset);
}

/**
 * @param {{ text: string, from: number, to: number, language: string, label: HTMLElement, scope: any, hears: any }} given
 */
export function codeEditor(given) {
  const { language } = given;
  const { EditorView, EditorState } = CodeMirror;
  const node = make("div", { class: `fb-editor-shell fb-editor-${language}` });
  const told = make("span", { class: "fb-unseen", id: freshId("keys") }, isCode(language) && language !== "expression" ? TAB_TOLD : ENTER_TOLD);
  const tips = floating(node);
  const dressing = new CodeMirror.Compartment();
  const begin = EditorState.create({
    doc: given.text, selection: { anchor: Math.min(given.from, given.text.length), head: Math.min(given.to, given.text.length) },
    extensions: parts(given, dressing, tips),
  });
  const view = new EditorView({ state: begin, parent: node });
  node.append(told);
  const text = () => view.state.doc.toString();
  return {
    node,
    view,
    focus: () => view.focus(),
    /** Offer what a word that is being typed, or a path, may go on with. */
    complete() {
      const { head } = view.state.selection.main;
      if (/[\w.]$/.test(view.state.doc.sliceString(Math.max(0, head - 1), head))) CodeMirror.startCompletion(view);
    },
    show(value) {
      if (value === text()) return;
      const keep = Math.min(view.state.selection.main.head, value.length);
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value }, selection: { anchor: keep }, annotations: SHOWN.of(true) });
    },
    insert(item, point) {
      const dropped = point && view.posAtCoords(point);
      const { from, to } = dropped === null || dropped === undefined ? view.state.selection.main : { from: dropped, to: dropped };
      const insert = written(item, view.state.doc.sliceString(0, from), language);
      const inside = item.call ? insert.indexOf("(") + 1 : insert.length;
      view.dispatch({ changes: { from, to, insert }, selection: { anchor: from + inside }, scrollIntoView: true, userEvent: "input.drop" });
      view.focus();
    },
    mark(marks) {
      keepingCursor(view, () => view.dispatch(CodeMirror.setDiagnostics(view.state, diagnostics(marks, view.state.doc.length))));
    },
    dress({ describedBy, invalid, required, disabled, placeholder }) {
      keepingCursor(view, () => view.dispatch({ effects: dressing.reconfigure([
        EditorView.contentAttributes.of({
          "aria-describedby": [describedBy, told.id].filter(Boolean).join(" "), "aria-invalid": String(invalid), "aria-required": String(required),
        }),
        EditorState.readOnly.of(disabled),
        EditorView.editable.of(!disabled),
        placeholder ? CodeMirror.placeholder(placeholder) : [],
      ]) }));
      node.classList.toggle("fb-invalid", invalid);
    },
    remove() {
      view.destroy();
      tips.remove();
    },
  };
}
