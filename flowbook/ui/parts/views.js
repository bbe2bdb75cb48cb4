/** The views of ipywidgets' models, as they come: what a model of ours needs to know of another one's. */

/** The model with an id, as soon as it is there; none when the one that asks for it is closed before that. */
export async function findModel(asking, id) {
  let gone = false;
  asking.on("destroy", () => { gone = true; });
  for (let attempt = 0; ; attempt += 1) {
    try { return await asking.widget_manager.get_model(id); } catch (error) {
      if (gone) return null;
      if (attempt >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100)); // after a reload models come in any order
    }
  }
}

/** Call `act` with each view that a model has or gets; what is returned stops. */
export function eachView(model, act) {
  const bind = (promise) => Promise.resolve(promise).then(act, () => {}); // one that failed is told of by its parent
  const views = model.views || {};
  Object.values(views).forEach(bind);
  model.views = new Proxy(views, {
    set(target, key, value) {
      target[key] = value;
      bind(value);
      return true;
    },
  });
  return () => { model.views = views; };
}
