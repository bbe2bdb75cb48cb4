/** A toolbar's ⋯: a menu of those of its buttons for which there is no room, by their names. */
import { focused, make } from "../parts/dom.js";

/** Put ⋯ at the end of a toolbar; the stylesheet says at which width it is seen, and which buttons are not. */
export function addMore(toolbar) {
  const button = make("button", {
    type: "button", class: "fb-button fb-quiet jupyter-button fb-more-tools", title: "More", "aria-label": "More", "aria-haspopup": "menu",
    "aria-expanded": "false", onclick: () => (menu.hidden ? open() : close()),
  }, "⋯");
  const menu = make("div", { class: "fb-tools-menu", role: "menu", "aria-label": "More", hidden: true, onkeydown: pressed });
  toolbar.append(button, menu);

  function open() {
    const left = [...toolbar.querySelectorAll(".fb-tools button")].filter((one) => !one.getClientRects().length);
    menu.replaceChildren(...left.map(entry));
    menu.hidden = false;
    button.setAttribute("aria-expanded", "true");
    menu.querySelector("button:enabled")?.focus({ preventScroll: true });
    addEventListener("pointerdown", elsewhere, true);
  }

  function close() {
    menu.hidden = true;
    button.setAttribute("aria-expanded", "false");
    removeEventListener("pointerdown", elsewhere, true);
  }

  function entry(one) {
    return make("button", {
      type: "button", role: "menuitem", tabindex: -1, disabled: one.disabled, title: one.title,
      onclick: () => {
        close();
        button.focus({ preventScroll: true });
        one.click();
      },
    }, one.textContent);
  }

  function elsewhere(event) {
    if (!menu.contains(event.target) && !button.contains(event.target)) close();
  }

  function pressed(event) {
    const entries = [...menu.querySelectorAll("button:enabled")];
    const at = entries.indexOf(focused());
    const moved = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length, Home: 0, End: entries.length - 1 }[event.key];
    if (moved !== undefined) entries[moved % entries.length].focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      close();
      button.focus({ preventScroll: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return () => {
    close();
    button.remove();
    menu.remove();
  };
}
