/** One field of a form: its label, what is entered, and what is said about it. */
import { codeField } from "./code_field.js";
import { freshId, make } from "./dom.js";
import { without } from "./scope.js";
import { secretField } from "./secret.js";

const KINDS = { string: "text", text: "text", password: "secret", boolean: "yes or no", select: "choice", json: "JSON", url: "URL", email: "e-mail" };
const LANGUAGES = { python: "Python", sql: "SQL", json: "JSON", markdown: "Markdown", expression: "expression" };
const INPUT_MODES = { integer: "numeric", number: "decimal", url: "url", email: "email" };
const ROWS = { python: 6, sql: 4, json: 4, markdown: 3, text: 3 };

export function options(spec) {
  return [make("option", { value: "" }, spec.placeholder || "Select"), ...spec.choices.map((choice) => make("option", { value: choice }, choice))];
}

function marks(spec, submits) {
  const kind = spec.show_type ? LANGUAGES[spec.language] ?? KINDS[spec.type] ?? spec.type : "";
  const runs = submits && ["python", "sql"].includes(spec.language) && `Ctrl-Enter ${submits}`;
  return [kind, spec.required ? "required" : "", runs].filter(Boolean).join(" · ");
}

/** What is written into a field that holds code of some kind; "" for any other. */
function languageOf(spec, expression) {
  if (expression) return "template";
  return spec.type === "password" ? "" : spec.language;
}

const EMPTY = "empty text";

function control(spec, id, language) {
  const common = { id, spellcheck: "false", disabled: spec.disabled, autocomplete: "off", "aria-required": spec.required ? "true" : null };
  if (language) {
    const rows = ROWS[language] ?? 1;
    return make("textarea", { ...common, rows, class: language === "text" ? null : "fb-code", placeholder: spec.placeholder });
  }
  if (spec.type === "boolean") return make("input", { ...common, type: "checkbox" });
  if (spec.type === "select") return make("select", common, ...options(spec));
  return make("input", { ...common, type: "text", inputmode: INPUT_MODES[spec.type], placeholder: spec.placeholder });
}

export function buildField(model, spec, expression, { scope, submit }) {
  const id = freshId("field");
  const language = languageOf(spec, expression);
  const input = control(spec, id, language);
  const secret = spec.type === "password" && !expression
    ? secretField(input, {
        send: (value) => model.send({ kind: "secret", form: spec.form, name: spec.name, value }),
        forget: () => model.send({ kind: "forget", name: spec.name }),
      })
    : null;
  const label = make("label", { for: id, id: `${id}-label` }, spec.label);
  const mark = make("span", { class: "fb-kind" }, marks(spec, model.get("submits")));
  const toggle = spec.expressions && make("button", {
    type: "button", class: "fb-fx", "aria-pressed": String(Boolean(expression)), "aria-label": `Use an expression for ${spec.label}`,
    title: "Expression", onclick: () => model.send({ kind: "mode", name: spec.name, expression: !expression }),
  }, "ƒx");
  const act = spec.action ? make("button", {
    type: "button", class: "fb-button jupyter-button fb-field-act", "aria-label": `${spec.action} ${spec.label}`, hidden: true,
    onclick: () => model.send({ kind: "action", name: spec.name }),
  }, spec.action) : null;
  const empty = spec.may_be_empty && !expression ? make("button", {
    type: "button", class: "fb-meant", "aria-pressed": "false", "aria-label": `Give ${spec.label} as an empty text`,
    title: "Give it as an empty text: a field that is left empty is not given", hidden: true,
  }, EMPTY) : null;
  const head = make("div", { class: "fb-field-head" }, label, mark, empty, toggle);
  const hint = make("div", { class: "fb-hint", id: `${id}-hint` }, spec.hint);
  const error = make("div", { class: "fb-error", id: `${id}-error`, role: "alert" });
  const note = make("div", { class: "fb-note", id: `${id}-note` });
  const known = input.tagName === "INPUT" && !secret ? make("datalist", { id: `${id}-known` }) : null;
  const code = language ? codeField({ model, area: input, label, language, scope: without(scope, spec.without), submit }) : null;
  const body = secret ? secret.shell : code ? code.shell : input;
  // what it comes to stands right under a text that is code; what the field is for, under any other
  const said = code ? [error, note, hint] : [hint, error, note];
  const root = make("div", { class: `fb-field fb-type-${spec.type}`, "data-name": spec.name }, head, body, act, known, ...said);
  const field = { root, input, act, empty, secret, code, language, mark, hint, known, error, note, spec, expression };
  dress(field);
  return field;
}

/** Offer the empty text while nothing is entered, and show that it is given; the Tab key rests there where text is needed. */
export function showEmpty({ input, empty, code, spec }, given) {
  if (!empty) return;
  const pressed = given && input.value === "";
  empty.hidden = input.value !== "";
  empty.setAttribute("aria-pressed", String(pressed));
  empty.tabIndex = pressed || spec.required ? 0 : -1;
  const placeholder = pressed ? EMPTY : spec.placeholder;
  if (input.placeholder === placeholder) return;
  input.placeholder = placeholder;
  code?.dress();
}

/** What a field says around what is entered. */
function dress({ input, code, hint, known, error, note, spec }) {
  hint.textContent = spec.hint;
  input.setAttribute("aria-describedby", [spec.hint && hint.id, error.id, note.id].filter(Boolean).join(" "));
  code?.dress();
  if (!known) return;
  known.replaceChildren(...spec.suggestions.map((text) => make("option", { value: text })));
  if (spec.suggestions.length) input.setAttribute("list", known.id);
  else input.removeAttribute("list");
}

const SAME = ["form", "type", "label", "expressions", "language", "action", "may_be_empty"];

/** Make a field that of `spec` without taking it from who is typing into it; false when it has to be made anew. */
export function adapt(model, field, spec, expression) {
  const old = field.spec;
  const other = field.expression !== expression || SAME.some((part) => old[part] !== spec[part]);
  if (other || (field.secret && JSON.stringify(old) !== JSON.stringify(spec))) return false;
  if (JSON.stringify(old) === JSON.stringify(spec)) return true;
  const { input, mark } = field;
  field.spec = spec;
  mark.textContent = marks(spec, model.get("submits"));
  input.disabled = spec.disabled;
  if (spec.required) input.setAttribute("aria-required", "true");
  else input.removeAttribute("aria-required");
  if (spec.type === "select" && !expression) {
    const chosen = input.value;
    input.replaceChildren(...options(spec));
    input.value = spec.choices.includes(chosen) ? chosen : "";
  } else if (spec.type !== "boolean") input.placeholder = spec.placeholder;
  dress(field);
  return true;
}
