/**
 * A text of several lines, or an expression, in an editor for code. Until the library has come, and without it, a plain
 * text area stands there; later it holds the text behind the editor, and tells of what is done there as it did before.
 */
import { focused, make } from "./dom.js";
import { libraryOf } from "./library.js";

/**
 * @param {{ model: Model, area: HTMLTextAreaElement, label: HTMLElement, language: string, scope: any, submit: () => void }} given
 */
export function codeField({ model, area, label, language, scope, submit }) {
  const shell = make("div", { class: `fb-code-field fb-code-${language}` }, area);
  const events = new AbortController();
  /** @type {any} the library's, once it has come */
  let editor = null;
  let [gone, composing, changed, typed, marks] = [false, false, false, false, []];
  area.addEventListener("compositionstart", () => (composing = true), { signal: events.signal });
  area.addEventListener("compositionend", () => (composing = false), { signal: events.signal });
  area.addEventListener("input", () => (typed ||= !editor), { signal: events.signal });

  const dress = () => editor?.dress({
    describedBy: area.getAttribute("aria-describedby"), invalid: area.getAttribute("aria-invalid") === "true",
    required: area.getAttribute("aria-required") === "true", disabled: area.disabled, placeholder: area.placeholder,
  });
  const hears = {
    change(text) {
      area.value = text;
      changed = true;
      area.dispatchEvent(new Event("input"));
    },
    focus: () => area.dispatchEvent(new FocusEvent("focus")),
    blur() {
      if (changed) area.dispatchEvent(new Event("change"));
      changed = false;
      area.dispatchEvent(new FocusEvent("blur"));
    },
    submit,
  };
  const begin = (library) => {
    if (gone || editor) return;
    if (composing) return void setTimeout(begin, 100, library);
    const held = focused() === area;
    editor = library.editor({ text: area.value, from: area.selectionStart, to: area.selectionEnd, language, label, scope, hears });
    shell.replaceChildren(editor.node);
    dress();
    editor.mark(marks);
    if (held) editor.focus();
    if (held && typed) editor.complete(); // as it would have done, had it been there when that was typed
  };
  const seen = new ResizeObserver(() => {
    if (!shell.getClientRects().length) return; // on a page of the inspector that is not open, for instance
    seen.disconnect();
    libraryOf(model).then(begin, () => {});
  });
  seen.observe(shell);
  label.addEventListener("click", () => editor?.focus(), { signal: events.signal });

  return {
    shell,
    dress,
    show: () => editor?.show(area.value),
    focus: () => (editor ?? area).focus({ preventScroll: true }),
    mark(found) {
      marks = found;
      editor?.mark(found);
    },
    /** Put a path, or a function to be called, in where the cursor is, or at a point of the page. */
    insert(item, point) {
      if (editor) return editor.insert(item, point);
      const text = item.call ? `${item.call}()` : item.path;
      const written = language === "python" || language === "expression" ? text : `\${{ ${text} }}`;
      area.focus();
      area.setRangeText(written, area.selectionStart, area.selectionEnd, "end");
      area.dispatchEvent(new Event("input"));
    },
    remove() {
      gone = true;
      seen.disconnect();
      events.abort();
      editor?.remove();
    },
  };
}
