/** A form that Python describes. Values are state; what goes into a secret's field is a message, never state. */
import { follow, freshId, make, whenShown } from "./dom.js";
import { secretField } from "./secret.js";

const LIVE_DELAY = 300; // milliseconds after the last key

const KINDS = { string: "text", text: "text", password: "secret", boolean: "yes or no", select: "choice", json: "JSON", url: "URL", email: "e-mail" };
const INPUT_MODES = { integer: "numeric", number: "decimal", url: "url", email: "email" };

function options(spec) {
  return [make("option", { value: "" }, spec.placeholder || "Select"), ...spec.choices.map((choice) => make("option", { value: choice }, choice))];
}

function marks(spec) {
  return [spec.show_type ? KINDS[spec.type] ?? spec.type : "", spec.required ? "required" : ""].filter(Boolean).join(" · ");
}

function control(spec, id, expression) {
  const common = { id, spellcheck: "false", disabled: spec.disabled, autocomplete: "off", "aria-required": spec.required ? "true" : null };
  if (expression) return make("textarea", { ...common, class: "fb-code fb-expression", rows: 1 });
  if (spec.type === "boolean") return make("input", { ...common, type: "checkbox" });
  if (spec.type === "text" || spec.type === "json") {
    return make("textarea", { ...common, rows: spec.type === "json" ? 4 : 3, class: spec.type === "json" ? "fb-code" : null, placeholder: spec.placeholder });
  }
  if (spec.type === "select") return make("select", common, ...options(spec));
  return make("input", { ...common, type: "text", inputmode: INPUT_MODES[spec.type], placeholder: spec.placeholder, "aria-label": null });
}

function buildField(model, spec, expression) {
  const id = freshId("field");
  const input = control(spec, id, expression);
  const secret = spec.type === "password" && !expression
    ? secretField(input, {
        send: (value) => model.send({ kind: "secret", name: spec.name, value }),
        forget: () => model.send({ kind: "forget", name: spec.name }),
      })
    : null;
  const label = make("label", { for: id }, spec.label);
  const mark = make("span", { class: "fb-kind" }, marks(spec));
  const toggle = spec.expressions && make("button", {
    type: "button", class: "fb-fx", "aria-pressed": String(Boolean(expression)), "aria-label": `Use an expression for ${spec.label}`,
    title: "Expression", onclick: () => model.send({ kind: "mode", name: spec.name, expression: !expression }),
  }, "ƒx");
  const head = make("div", { class: "fb-field-head" }, label, mark, toggle);
  const hint = make("div", { class: "fb-hint", id: `${id}-hint` }, spec.hint);
  const error = make("div", { class: "fb-error", id: `${id}-error`, role: "alert" });
  const note = make("div", { class: "fb-note", id: `${id}-note` });
  const known = input.tagName === "INPUT" && !secret ? make("datalist", { id: `${id}-known` }) : null;
  const body = secret ? secret.shell : input;
  const root = make("div", { class: `fb-field fb-type-${spec.type}`, "data-name": spec.name }, head, body, known, hint, error, note);
  const field = { root, input, secret, mark, hint, known, error, note, spec, expression };
  dress(field);
  return field;
}

/** What a field says around what is entered. */
function dress({ input, hint, known, error, note, spec }) {
  hint.textContent = spec.hint;
  input.setAttribute("aria-describedby", [spec.hint && hint.id, error.id, note.id].filter(Boolean).join(" "));
  if (!known) return;
  known.replaceChildren(...spec.suggestions.map((text) => make("option", { value: text })));
  if (spec.suggestions.length) input.setAttribute("list", known.id);
  else input.removeAttribute("list");
}

/** Make a field that of `spec` without taking it from who is typing into it; false when it has to be made anew. */
function adapt(field, spec, expression) {
  const old = field.spec;
  const other = field.expression !== expression || ["form", "type", "label", "expressions"].some((part) => old[part] !== spec[part]);
  if (other || (field.secret && JSON.stringify(old) !== JSON.stringify(spec))) return false;
  if (JSON.stringify(old) === JSON.stringify(spec)) return true;
  const { input, mark } = field;
  field.spec = spec;
  mark.textContent = marks(spec);
  input.disabled = spec.disabled;
  if (spec.required) input.setAttribute("aria-required", "true");
  else input.removeAttribute("aria-required");
  if (spec.type === "select" && !expression) {
    const chosen = input.value;
    input.replaceChildren(...options(spec));
    input.value = spec.choices.includes(chosen) ? chosen : "";
  } else if (spec.type !== "boolean" && !expression) input.placeholder = spec.placeholder;
  dress(field);
  return true;
}

function fit(area) {
  area.style.height = "auto";
  area.style.height = `${Math.min(area.scrollHeight + 2, 240)}px`;
}

/** A choice that is longer than its field shows whole while the mouse rests on it. */
function nameWhole(input) {
  if (input.tagName === "SELECT") input.title = input.value && input.selectedOptions[0].textContent;
}

function render({ model, el }) {
  const root = make("div", { class: "fb-form", role: "group" });
  let fields = new Map();
  let timer = 0;
  let last = null;

  // What is typed is handed to Python when a field is left, or a little after the last key; until then it is `dirty`,
  // and what comes from Python meanwhile must not replace it.
  const dirty = new Set();
  const commit = (...more) => {
    clearTimeout(timer);
    const [typed, before] = [{}, model.get("values")];
    let form;
    for (const field of new Set([...dirty, ...more])) {
      const value = field.input.type === "checkbox" ? field.input.checked : field.input.value;
      if (value !== before[field.spec.name]) typed[field.spec.name] = value;
      form = field.spec.form;
    }
    dirty.clear();
    if (!Object.keys(typed).length) return;
    model.set("values", { ...before, ...typed });
    model.send({ kind: "typed", form, values: typed }); // save_changes() may wait, and a click would overtake it
  };
  const wire = (field) => {
    field.input.addEventListener("focus", () => (last = field));
    if (field.secret) return;
    field.input.addEventListener("change", () => {
      nameWhole(field.input);
      commit(field);
    });
    field.input.addEventListener("blur", () => dirty.has(field) && commit());
    field.input.addEventListener("input", () => {
      if (field.expression) fit(field.input);
      dirty.add(field);
      if (!model.get("live")) return;
      clearTimeout(timer);
      timer = setTimeout(commit, LIVE_DELAY);
    });
  };
  const fill = (field) => {
    if (field.secret) {
      field.secret.state(model.get("secrets")[field.spec.name] ?? "", field.spec.placeholder);
      return;
    }
    if (dirty.has(field)) return;
    const value = model.get("values")[field.spec.name];
    if (field.input.type === "checkbox") field.input.checked = value === true;
    else if (field.input.value !== (value ?? "")) field.input.value = value ?? "";
    nameWhole(field.input);
    if (field.expression) whenShown(field.input, () => fit(field.input));
  };
  const tell = (field) => {
    const error = model.get("errors")[field.spec.name] ?? "";
    const note = model.get("notes")[field.spec.name] ?? { text: "" };
    if (field.error.textContent !== error) field.error.textContent = error;
    if (error) field.input.setAttribute("aria-invalid", "true");
    else field.input.removeAttribute("aria-invalid");
    field.note.textContent = note.text;
    field.note.dataset.tone = note.tone ?? "info";
  };
  const build = () => {
    const wanted = new Map();
    for (const spec of model.get("fields")) {
      const expression = Boolean(model.get("modes")[spec.name]);
      const old = fields.get(spec.name);
      const same = old && adapt(old, spec, expression);
      if (!same && old && dirty.has(old) && old.spec.form === spec.form) commit();
      const field = same ? old : buildField(model, spec, expression);
      if (!same) wire(field);
      wanted.set(spec.name, field);
    }
    fields = wanted;
    for (const field of dirty) if (fields.get(field.spec.name) !== field) dirty.delete(field);
    const roots = [...fields.values()].map((field) => field.root);
    if (roots.length !== root.children.length || roots.some((node, index) => node !== root.children[index])) root.replaceChildren(...roots);
    show();
  };
  const show = () => {
    root.classList.toggle("fb-compact", model.get("compact"));
    root.setAttribute("aria-label", model.get("title"));
    for (const field of fields.values()) {
      fill(field);
      tell(field);
    }
  };
  const focus = () => {
    const { name, turn } = model.get("focus_on");
    if (!turn) return;
    const field = fields.get(name) ?? [...fields.values()].find((one) => !one.input.disabled);
    if (field) {
      whenShown(field.input, () => {
        field.input.focus({ preventScroll: true });
        field.root.scrollIntoView({ block: "nearest" });
      });
    }
    model.send({ kind: "focused", turn }); // so that a page that is loaded again does not take the focus again
  };
  const receive = (message) => {
    if (message.kind !== "insert") return;
    const field = fields.get(message.name) ?? last;
    if (!field || field.secret || field.input.type === "checkbox" || field.input.tagName === "SELECT") return;
    field.input.focus();
    field.input.setRangeText(message.text, field.input.selectionStart, field.input.selectionEnd, "end");
    if (field.expression) fit(field.input);
    commit(field);
  };
  build();
  focus();
  el.append(root);
  const stops = [
    follow(model, ["fields", "modes"], build),
    follow(model, ["values", "secrets", "errors", "notes", "title", "compact"], show),
    follow(model, ["focus_on"], focus),
  ];
  model.on("msg:custom", receive);
  return () => {
    for (const stop of stops) stop();
    model.off("msg:custom", receive);
    commit();
  };
}

export default { render };
