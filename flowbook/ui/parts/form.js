/** A form that Python describes. Values are state; what goes into a secret's field is a message, never state. */
import { Helper } from "./form_helper.js";
import { follow, focused, make, whenShown } from "./dom.js";
import { adapt, buildField, showEmpty } from "./form_field.js";
import { Groups } from "./form_groups.js";
import { scopeOf } from "./scope.js";
import { Unheard } from "./unheard.js";

const LIVE_DELAY = 300; // milliseconds after the last key
const LEAVING = ["beforeunload", "pagehide"];
const PAUSE = 1000; // milliseconds after which someone who typed half a word is told that it is none
const HOLD = 2000; // milliseconds after the last key for which a form stays that has become another from elsewhere

/** A choice that is longer than its field shows whole while the mouse rests on it; nothing is done with none. */
function nameWhole({ input, act }) {
  if (act) act.hidden = !input.value;
  if (input.tagName === "SELECT") input.title = input.value && input.selectedOptions[0].textContent;
}

/** Whether someone is in the middle of typing into a field: how long until they may be told of a mistake. */
function typingFor(field, pause = PAUSE) {
  if (!field.typed || !field.root.contains(focused())) return 0;
  return Math.max(0, field.typed + pause - performance.now());
}

/** How long no field may be taken away from who types into it: no choice, and no tick, is in the middle of anything. */
const heldFor = (field) => (field.input.tagName === "SELECT" || field.input.type === "checkbox" ? 0 : typingFor(field, HOLD));

/** Whether all of an element is seen: one that comes into sight at the edge of a list looks cut off. */
function inSight(node) {
  const own = node.getBoundingClientRect();
  for (let box = node.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight <= box.clientHeight || !/auto|scroll/.test(getComputedStyle(box).overflowY)) continue;
    const { top, bottom } = box.getBoundingClientRect();
    return own.top >= top && own.bottom <= bottom;
  }
  return true;
}

function showForm(unheard, { model, el }) {
  const root = make("div", { class: "fb-form", role: "group" });
  const groups = new Groups(root);
  const scope = scopeOf(model);
  let fields = new Map();
  let timer = 0;
  let holding = 0;

  // What is typed is handed to Python when a field is left, or a little after the last key; until then it is `dirty`,
  // and what comes from Python meanwhile must not replace it.
  const dirty = new Set();
  // The form may have become another, from another page: what is typed into the one that still stands here is that one's.
  const isLate = () => {
    const [now, shown] = [model.get("fields")[0]?.form, fields.values().next().value?.spec.form];
    return shown !== undefined && now !== shown;
  };
  const commit = (...more) => {
    clearTimeout(timer);
    const [typed, before, late] = [{}, model.get("values"), isLate()];
    let form;
    for (const field of new Set([...dirty, ...more])) {
      if (field.gone) continue; // a browser tells of what was typed also when it takes the field away
      const value = field.input.type === "checkbox" ? field.input.checked : field.input.value;
      if (late || value !== before[field.spec.name]) typed[field.spec.name] = value;
      form = field.spec.form;
    }
    dirty.clear();
    if (!Object.keys(typed).length) return;
    if (late) unheard.sayLate(form, typed);
    else unheard.say(form, typed);
  };
  const helper = new Helper(model, scope, commit);
  root.addEventListener("flowbook-commit", () => commit()); // who presses Ctrl-S in a field means what stands there
  const submit = () => {
    commit();
    for (const field of fields.values()) field.typed = 0; // who goes on is done with it
    if (isLate()) return build(); // there is nothing here to go on with
    if (model.get("submits")) model.send({ kind: "submit" });
  };
  const wire = (field) => {
    const { input } = field;
    input.addEventListener("focus", () => helper.attend(field));
    helper.takeDrops(field);
    if (input.tagName === "INPUT") {
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !model.get("enters") || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
        if (field.secret) return submit();
        commit(field);
        submit();
      });
    }
    if (field.secret) return;
    field.empty?.addEventListener("click", () => {
      commit(field);
      const given = field.empty.getAttribute("aria-pressed") === "true";
      model.send({ kind: "empty", form: field.spec.form, name: field.spec.name, empty: !given });
    });
    input.addEventListener("change", () => {
      nameWhole(field);
      commit(field);
    });
    input.addEventListener("blur", () => {
      if (dirty.has(field)) commit();
      field.typed = 0;
      field.left = true;
      if (isLate()) holding = setTimeout(build);
      else tell(field);
    });
    input.addEventListener("input", () => {
      const given = field.empty?.getAttribute("aria-pressed") === "true"; // it is a text that is empty no longer
      dirty.add(field);
      emptiness(field);
      field.typed = performance.now();
      if (given) return commit();
      clearTimeout(timer);
      if (isLate() || model.get("live") || field.spec.name in model.get("errors")) timer = setTimeout(commit, LIVE_DELAY);
    });
  };
  const emptiness = (field) => showEmpty(field, Boolean(model.get("empties")[field.spec.name]));
  const fill = (field) => {
    if (field.secret) {
      field.secret.state(model.get("secrets")[field.spec.name] ?? "", field.spec.placeholder);
      return;
    }
    if (dirty.has(field)) return;
    const value = model.get("values")[field.spec.name];
    if (field.input.type === "checkbox") field.input.checked = value === true;
    else if (field.input.value !== (value ?? "")) field.input.value = value ?? "";
    field.code?.show();
    emptiness(field);
    nameWhole(field);
  };
  const tell = (field) => {
    const error = model.get("errors")[field.spec.name] ?? "";
    const said = model.get("notes")[field.spec.name] ?? { text: "" };
    const early = model.get("patient") && !field.left && said.tone === "error" && field.input.value === "";
    const note = early ? { text: "" } : said;
    if (field.error.textContent !== error) field.error.textContent = error;
    if (error) {
      field.input.setAttribute("aria-invalid", "true");
      Groups.reveal(field);
    } else field.input.removeAttribute("aria-invalid");
    field.code?.dress();
    const wait = note.tone === "error" ? typingFor(field) : 0;
    clearTimeout(field.telling);
    if (wait) field.telling = setTimeout(() => tell(field), wait);
    field.note.textContent = wait ? "…" : note.text;
    field.note.dataset.tone = wait ? "info" : note.tone ?? "info";
    if (!wait) field.code?.mark(model.get("marks")[field.spec.name] ?? []);
  };
  const build = () => {
    clearTimeout(holding);
    if (isLate()) {
      const hold = Math.max(0, ...[...fields.values()].map(heldFor));
      if (hold) {
        holding = setTimeout(build, hold);
        return;
      }
      commit();
    }
    const wanted = new Map();
    for (const spec of model.get("fields")) {
      const expression = Boolean(model.get("modes")[spec.name]);
      const old = fields.get(spec.name);
      const same = old && adapt(model, old, spec, expression);
      if (!same && old && dirty.has(old) && old.spec.form === spec.form) commit();
      const field = same ? old : buildField(model, spec, expression, { scope, submit });
      if (!same) wire(field);
      wanted.set(spec.name, field);
    }
    const gone = [...fields.values()].filter((field) => wanted.get(field.spec.name) !== field);
    fields = wanted;
    for (const field of gone) {
      field.gone = true;
      dirty.delete(field);
      helper.leave(field);
    }
    groups.arrange([...fields.values()]);
    for (const field of gone) field.code?.remove();
    show();
  };
  const show = () => {
    if (isLate()) return; // what there is to show is about another
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
      Groups.reveal(field);
      whenShown(field.root, () => {
        if (field.code) field.code.focus();
        else field.input.focus({ preventScroll: true });
        field.root.scrollIntoView({ block: inSight(field.root) ? "nearest" : "center" });
      });
    }
    model.send({ kind: "focused", turn }); // so that a page that is loaded again does not take the focus again
  };
  root.addEventListener("paste", (event) => {
    const [wanted, text] = [model.get("takes"), event.clipboardData?.getData("text/plain") ?? ""];
    if (!wanted || !new RegExp(wanted).test(text)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    commit();
    model.send({ kind: "pasted", text });
  }, { capture: true });
  build();
  focus();
  el.append(root);
  const stops = [
    follow(model, ["fields", "modes", "submits"], build),
    follow(model, ["values", "empties", "secrets", "errors", "notes", "marks", "title", "compact", "patient"], show),
    follow(model, ["focus_on"], focus),
  ];
  const leaves = () => commit(); // whoever loads the page again right after a key has typed that too
  for (const event of LEAVING) addEventListener(event, leaves);
  return () => {
    clearTimeout(holding);
    for (const event of LEAVING) removeEventListener(event, leaves);
    for (const stop of stops) stop();
    commit();
    helper.remove();
    for (const field of fields.values()) field.code?.remove();
  };
}

export default () => {
  let unheard = null;
  return {
    initialize({ model }) {
      unheard = new Unheard(model); // one for all views of it
    },
    render: (given) => showForm(unheard, given),
  };
};
