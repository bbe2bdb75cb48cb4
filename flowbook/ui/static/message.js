/** One line that says how something went; `busy` has a spinner. With `reveal` what is new comes into sight. */
function render({ model, el }) {
  const text = make("span", {});
  const line = make("div", { class: "fb-message", role: "status" }, make("span", { class: "fb-spinner", "aria-hidden": "true" }), text);
  const draw = () => {
    text.textContent = model.get("text");
    line.dataset.tone = model.get("tone");
    line.hidden = !model.get("text");
  };
  draw();
  el.append(line);
  return follow(model, ["text", "tone"], () => {
    draw();
    if (model.get("reveal") && !line.hidden) line.scrollIntoView({ block: "nearest" });
  });
}

export default { render };
