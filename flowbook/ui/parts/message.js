/** One line that says how something went; `busy` has a spinner. What is refused, and with `reveal` all, comes into sight. */
import { focused, follow, icon, make } from "./dom.js";
import { explained } from "./explain.js";

function render({ model, el }) {
  const text = make("span", {});
  const more = make("button", { type: "button", class: "fb-more", onclick: () => ask(model.get("page")) }, "Learn more");
  const away = () => {
    model.set("text", "");
    model.save_changes();
  };
  const close = model.get("closable") && make("button", { type: "button", class: "fb-message-close", "aria-label": "Take this message away", onclick: away }, icon("cross"));
  const line = make("div", { class: "fb-message", role: "status" }, make("span", { class: "fb-spinner", "aria-hidden": "true" }), text, more, close);
  let asked = false; // every view of a message hears the answer; only the one that asked shows it
  const ask = (page) => {
    asked = true;
    model.send({ explain: page });
  };
  const explain = explained(ask);
  const answer = (content) => {
    if (asked && content.explained) explain(content.explained);
    asked = false;
  };
  const draw = () => {
    text.textContent = model.get("text");
    more.hidden = !model.get("page");
    line.dataset.tone = model.get("tone");
    line.hidden = !model.get("text");
  };
  draw();
  el.append(line);
  model.on("msg:custom", answer);
  const stop = follow(model, ["text", "tone", "page"], () => {
    draw();
    // not to someone who is at work elsewhere on the page
    const near = focused() === document.body || line.closest(".flowbook")?.contains(focused());
    if ((model.get("reveal") || (model.get("tone") === "error" && near)) && !line.hidden) line.scrollIntoView({ block: "nearest" });
  });
  return () => {
    stop();
    model.off("msg:custom", answer);
  };
}

export default { render };
