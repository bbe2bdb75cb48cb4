/** A text in a box, as text. */
function render({ model, el }) {
  const box = make("pre", { class: "fb-value", tabindex: "0" });
  const draw = () => {
    box.textContent = model.get("text");
    box.setAttribute("aria-label", model.get("label"));
    box.hidden = !model.get("text");
  };
  draw();
  el.append(box);
  return follow(model, ["text", "label"], draw);
}

export default { render };
