/**
 * How much room each of the editor's places has: the whole is as high as the page leaves, and the sides and what is
 * below can be dragged to another size or folded, by mouse and by keyboard. A browser remembers that for all editors.
 */
import { make } from "../parts/dom.js";
import { bringOnce } from "../parts/sight.js";
import { addMore } from "./toolbar_more.js";

const KEPT = "flowbook.room"; // in the page's local storage
const DOCKED_FROM = 1100; // pixels of width from which on the inspector has a place of its own
const LEAST_HIGH = 420;
const SPARE = 12; // pixels that stay free below an editor
const STEP = 16; // pixels that an arrow key moves a border
const SIDES = {
  left: { label: "Width of the list of tasks", least: 140, first: 216, most: (wide) => wide * 0.4, across: true, sign: 1 },
  right: { label: "Width of the inspector", least: 260, first: 340, most: (wide) => wide * 0.6, across: true, sign: -1 },
  below: { label: "Height of the run", least: 96, first: 200, most: (_, high) => high * 0.65, across: false, sign: -1 },
};

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return found && typeof found === "object" ? found : {};
  } catch {
    return {}; // none, or not allowed to ask
  }
}

function keep(sizes) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(sizes));
  } catch {
    // a page that may not store anything forgets it
  }
}

/** What scrolls a notebook: the outermost around an element that is no higher than the window. Its height is there. */
function scroller(element) {
  let found = null;
  for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(one).overflowY) && !one.matches(".jp-OutputArea-output");
    if (scrolls && one.clientHeight > 200 && one.clientHeight <= innerHeight) found = one;
  }
  return found;
}

class Room {
  constructor(places, model) {
    this.places = places;
    this.model = model;
    this.isNew = true;
    this.frame = places.closest(".flowbook") ?? places;
    this.bench = places.querySelector(".fb-workbench");
    this.below = places.querySelector(".fb-below");
    this.sizes = kept();
    this.grips = {};
    for (const side of Object.keys(SIDES)) this.addGrip(side, side === "below" ? this.below : this.bench);
    this.removeMore = addMore(places.querySelector(".fb-toolbar"));
    this.observer = new ResizeObserver(() => this.settle());
    this.observer.observe(this.frame);
    // what the canvas says of itself stands below what the editor says there
    const told = places.querySelector(".fb-told");
    this.told = new ResizeObserver(() => places.style.setProperty("--fb-told", `${told.offsetHeight}px`));
    if (told) this.told.observe(told);
    this.stops = [
      [window, "resize", () => this.settle()],
      [this.frame, "flowbook-full", () => this.settle()],
      [places, "keydown", (event) => this.escaped(event)],
      [places, "flowbook-escape", (event) => this.escaped(event)],
      [this.frame, "keydown", (event) => this.saves(event)],
    ];
    for (const [target, type, act] of this.stops) target.addEventListener(type, act);
    this.settle();
  }

  destroy() {
    this.observer.disconnect();
    this.told.disconnect();
    for (const [target, type, act] of this.stops) target.removeEventListener(type, act);
    for (const grip of Object.values(this.grips)) grip.remove();
    this.removeMore();
  }

  /** Escape closes the drawer before it does anything else, and leads from the inspector back to the canvas. */
  escaped(event) {
    const pressed = event.type === "flowbook-escape" || (event.key === "Escape" && !event.defaultPrevented);
    if (!pressed || event.target.closest(".fb-chooser, .cm-editor")) return;
    const drawn = this.bench.querySelector(":scope > .fb-drawn");
    if (!drawn && !event.target.closest(".fb-side-right")) return;
    event.preventDefault();
    event.stopPropagation();
    if (drawn) this.model.send({ kind: "close" });
    this.places.querySelector(".flowbook-canvas")?.focus({ preventScroll: true });
  }

  /** Ctrl-S saves wherever the keyboard is in the editor; what is being typed goes first. */
  saves(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey || event.key.toLowerCase() !== "s") return;
    if (!this.places.getClientRects().length) return; // another tab is open
    event.preventDefault();
    for (const type of ["change", "flowbook-commit"]) event.target.dispatchEvent(new CustomEvent(type, { bubbles: true }));
    this.model.send({ kind: "save" });
  }

  /** What the page leaves for the editor below what stands above it in the same frame. */
  high() {
    const full = this.frame.matches("[data-full]");
    const around = full ? null : scroller(this.frame);
    const above = this.places.getBoundingClientRect().top - this.frame.getBoundingClientRect().top;
    return Math.max(LEAST_HIGH, Math.floor((around ? around.clientHeight : innerHeight) - above - (full ? 1 : SPARE)));
  }

  folded(side) {
    const own = this.sizes[`${side}Folded`];
    if (typeof own === "boolean") return own;
    return side === "right" ? this.places.clientWidth < DOCKED_FROM : side === "left" && this.places.clientWidth < 640;
  }

  range(side) {
    const { least, most } = SIDES[side];
    return [least, Math.max(least, Math.round(most(this.places.clientWidth, this.places.clientHeight)))];
  }

  size(side) {
    const [least, most] = this.range(side);
    const first = side === "below" ? Math.min(SIDES.below.first, this.places.clientHeight * 0.36) : SIDES[side].first;
    return Math.round(Math.min(most, Math.max(least, Number(this.sizes[side]) || first)));
  }

  settle() {
    if (!this.places.clientWidth) return;
    const around = scroller(this.frame);
    if (around) this.observer.observe(around);
    const { style, dataset } = this.places;
    const say = (name, value) => style.getPropertyValue(name) === value || style.setProperty(name, value);
    say("--fb-high", `${this.high()}px`);
    // All is asked before anything is changed: each question after a change lays the page out anew.
    const sides = Object.keys(SIDES).map((side) => ({ side, size: this.size(side), range: this.range(side), folded: this.folded(side) }));
    for (const { side, size, range, folded } of sides) {
      say(`--fb-${side}`, `${size}px`);
      dataset[side] = folded ? "folded" : "open";
      const text = `${size} pixels${folded ? ", folded" : ""}`; // a separator has no aria-expanded
      const now = { valuenow: size, valuemin: range[0], valuemax: range[1], valuetext: text };
      for (const [name, value] of Object.entries(now)) this.grips[side].setAttribute(`aria-${name}`, String(value));
    }
    if (this.isNew) bringOnce(this.frame, this.model.get("opened"));
    this.isNew = false;
  }

  change(side, changes) {
    this.sizes = { ...kept(), ...this.sizes, ...changes };
    keep(this.sizes);
    this.settle();
  }

  fold(side, folded) {
    this.change(side, { [`${side}Folded`]: folded });
  }

  resize(side, size) {
    const [least, most] = this.range(side);
    this.change(side, { [side]: Math.round(Math.min(most, Math.max(least, size))) });
  }

  addGrip(side, where) {
    const { label, across } = SIDES[side];
    const grip = make("div", {
      class: `fb-grip fb-grip-${side}`, role: "separator", tabindex: 0, "aria-label": label,
      "aria-orientation": across ? "vertical" : "horizontal", title: "Drag to resize, click to fold or unfold (Enter)",
      onpointerdown: (event) => this.drag(side, grip, event), onkeydown: (event) => this.key(side, event),
    });
    this.grips[side] = grip;
    where.append(grip);
  }

  drag(side, grip, event) {
    if (event.button) return;
    event.preventDefault();
    grip.focus({ focusVisible: false });
    grip.setPointerCapture(event.pointerId);
    const { across, sign } = SIDES[side];
    const place = (one) => (across ? one.clientX : one.clientY);
    const [start, size, folded] = [place(event), this.size(side), this.folded(side)];
    let moved = false;
    const move = (one) => {
      const way = sign * (place(one) - start);
      moved ||= Math.abs(way) > 3;
      if (!moved) return;
      if (folded && side !== "right") this.fold(side, false);
      this.resize(side, (folded && side !== "right" ? 0 : size) + way);
    };
    const end = () => {
      grip.removeEventListener("pointermove", move);
      for (const name of ["pointerup", "pointercancel"]) grip.removeEventListener(name, end);
      if (!moved) this.fold(side, !folded);
    };
    grip.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) grip.addEventListener(name, end);
  }

  key(side, event) {
    const { across, sign } = SIDES[side];
    const [least, most] = this.range(side);
    const far = event.shiftKey ? 4 * STEP : STEP;
    const ways = across ? { ArrowRight: far, ArrowLeft: -far } : { ArrowDown: far, ArrowUp: -far };
    if (event.key === "Enter") this.fold(side, !this.folded(side));
    else if (event.key in ways) this.resize(side, this.size(side) + sign * ways[event.key]);
    else if (event.key === "Home") this.resize(side, least);
    else if (event.key === "End") this.resize(side, most);
    else return;
    event.preventDefault();
  }
}

function render({ model, el }) {
  let room = null;
  let gone = false;
  const attach = () => {
    const places = el.closest(".fb-places");
    if (places) room = new Room(places, model);
    else if (!gone) setTimeout(attach, 25); // a view is made before it is part of the page
  };
  attach();
  const hear = (content) => {
    if (content.unfold) room?.fold(content.unfold, false);
    if (content.top) room?.places.querySelector(".fb-inspector-place").scrollTo({ top: 0 });
  };
  model.on("msg:custom", hear);
  return () => {
    gone = true;
    model.off("msg:custom", hear);
    room?.destroy();
  };
}

export default { render };
