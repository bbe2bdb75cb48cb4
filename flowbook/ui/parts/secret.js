import { icon, make } from "./dom.js";

/**
 * A field for a secret. What is typed leaves it once, by `send`, on Enter or when the field is left, and the field is
 * emptied at that moment: nothing keeps the text, neither the page nor the widget's state.
 *
 * A secret of several lines (a private key) is sent as it is pasted, since a one-line field would join its lines.
 */
export function secretField(input, { send, forget }) {
  const eye = make("button", { type: "button", class: "fb-icon", "aria-label": "Show what is typed", "aria-pressed": "false", hidden: true }, icon("eye"));
  const drop = make("button", { type: "button", class: "fb-icon", "aria-label": "Discard what was entered", title: "Discard", hidden: true }, icon("cross"));
  const shell = make("div", { class: "fb-secret" }, input, eye, drop);
  input.type = "password";
  input.autocomplete = "new-password";

  const show = (visible) => {
    input.type = visible ? "text" : "password";
    eye.setAttribute("aria-pressed", String(visible));
    eye.setAttribute("aria-label", visible ? "Hide what is typed" : "Show what is typed");
  };
  const settle = () => {
    show(false);
    eye.hidden = true;
  };
  const hand = (text) => {
    input.value = "";
    settle();
    if (text) send(text);
  };
  input.addEventListener("input", () => (eye.hidden = !input.value));
  input.addEventListener("blur", () => hand(input.value));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      hand(input.value);
    } else if (event.key === "Escape" && input.value) {
      event.stopPropagation();
      input.value = "";
      settle();
    }
  });
  input.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text") ?? "";
    if (/[\r\n]/.test(text.trim()) && !input.value) {
      event.preventDefault();
      hand(text);
    }
  });
  // The eye must not take the focus away: leaving the field would send what is being typed.
  eye.addEventListener("mousedown", (event) => event.preventDefault());
  eye.addEventListener("click", () => show(input.type === "password"));
  drop.addEventListener("click", () => {
    forget();
    input.focus();
  });
  const state = (word, placeholder) => {
    const words = { stored: "stored – leave empty to keep it", entered: "entered – not saved yet" };
    input.placeholder = words[word] ?? placeholder;
    input.dataset.secret = word || "empty";
    drop.hidden = word !== "entered";
  };
  return { shell, state };
}
