/** Shows a page of the documentation over the notebook; a link to another page asks for that one. */
import { freshId, icon, keepKeys, make } from "./dom.js";

export function explained(ask) {
  const title = make("h1", { id: freshId("explained") });
  const text = make("div", { class: "fb-explained-text", tabindex: "0" });
  const close = make("button", { type: "button", class: "fb-explained-close", "aria-label": "Close", onclick: () => dialog.close() }, icon("cross"));
  const dialog = make("dialog", { class: "flowbook fb-explained", "aria-labelledby": title.id }, make("header", {}, title, close), text);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // beside the page
    const link = event.target.closest("a[data-page]");
    if (!link) return;
    event.preventDefault();
    ask(link.dataset.page);
  });
  keepKeys(dialog);
  dialog.addEventListener("close", () => dialog.remove());
  return ({ title: heading, html }) => {
    title.textContent = heading;
    text.innerHTML = html; // made by the kernel out of Flowbook's own pages, which hold no HTML of their own
    text.querySelector("h1")?.remove();
    if (!dialog.isConnected) document.body.append(dialog);
    if (!dialog.open) dialog.showModal();
    text.scrollTop = 0;
  };
}
