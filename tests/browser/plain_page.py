"""Forms on a plain page: the browser's side in a real Chromium, the kernel's side in this process, no JupyterLab.

What a form does by itself, with every key, is tried here in a second or two; how it fits into a notebook, there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Page

from flowbook.ui.parts.files import module, text_of
from flowbook.ui.parts.forms import Form
from tests.jupyterlab import look

STYLES = ("parts/studio.css", "editor/editor.css")
DARK = (
    "--jp-layout-color0:#111;--jp-layout-color1:#1b1e24;--jp-layout-color2:#2a2e36;--jp-border-color1:#555b66;"
    "--jp-border-color2:#3a3f49;--jp-ui-font-color1:#e6e8ec;--jp-ui-font-color2:#a6adba;--jp-brand-color1:#64b5f6;"
    "--jp-mirror-editor-keyword-color:#c792ea;--jp-mirror-editor-string-color:#f28b82;"
    "--jp-mirror-editor-number-color:#81c995;--jp-mirror-editor-property-color:#8ab4f8;"
    "--jp-mirror-editor-def-color:#8ab4f8;--jp-mirror-editor-comment-color:#9aa0a6;background:#1b1e24"
)
MODEL = """
class PlainModel {
  constructor(id, state) { Object.assign(this, { id, state, listeners: new Map() }); }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; }
  save_changes() {}
  on(event, act) { this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(act)); }
  off(event, act) { this.listeners.get(event)?.delete(act); }
  tell(event, ...given) { for (const act of [...(this.listeners.get(event) ?? [])]) act(...given); }
  async send(content) {
    const said = await globalThis.toKernel(this.id, content);
    setTimeout(() => globalThis.take(said), globalThis.latency ?? 0);
  }
}
const unpacked = (text) => new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
globalThis.models = [];
globalThis.take = (said) => {
  for (const one of said) {
    const model = models[one.id];
    if (one.kind === "state") {
      Object.assign(model.state, one.state);
      for (const name of Object.keys(one.state)) model.tell(`change:${name}`);
    } else model.tell("msg:custom", one.content, one.buffers.map(unpacked));
  }
};
globalThis.show = async (source, id, state) => {
  const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: made } = await import(address);
  const widget = typeof made === "function" ? await made() : made;
  models[id] = new PlainModel(id, state);
  await widget.initialize?.({ model: models[id] });
  const el = document.createElement("div");
  document.querySelector(".flowbook").append(el);
  widget.render({ model: models[id], el });
};
"""


class PlainPage:
    """A page with forms on it, one below the other; ``outside`` are the keys that left them."""

    def __init__(self, page: Page, *forms: Form, dark: bool = False, width: int = 340) -> None:
        self.page, self.forms = page, forms
        self._said: list[dict[str, Any]] = []
        page.expose_function("toKernel", self._hear)
        styles = "".join(f"<style>{text_of(name)}</style>" for name in STYLES)
        theme = DARK if dark else ""
        box = f"<div style='width:{width}px'><div class='flowbook' style='padding:12px'></div></div>"
        page.set_content(f"{styles}<body style='{theme}'>{box}<input id='after'></body>")
        page.add_script_tag(content=MODEL)
        page.evaluate("globalThis.outside = []; addEventListener('keydown', (event) => outside.push(event.key))")
        page.evaluate("([source]) => show(source, 99, {})", [module("parts/frame.js")])
        for id, form in enumerate(forms):
            self._attach(id, form)

    def _attach(self, id: int, form: Form) -> None:
        names = [name for name in form.widget.keys if not name.startswith("_") and name not in ("layout", "comm")]
        form.widget.comm.publish_msg = lambda kind, data=None, metadata=None, buffers=None, **_: self._told(
            id, data or {}, buffers or ()
        )
        state = {name: getattr(form.widget, name) for name in names if _plain(getattr(form.widget, name))}
        self.page.evaluate("([source, id, state]) => show(source, id, state)", [module("parts/form.js"), id, state])

    def _told(self, id: int, data: Mapping[str, Any], buffers: Any) -> None:
        if data.get("method") == "update":
            self._said.append({"kind": "state", "id": id, "state": data["state"]})
        elif data.get("method") == "custom":
            packed = [base64.b64encode(one).decode() for one in buffers]
            self._said.append({"kind": "message", "id": id, "content": data["content"], "buffers": packed})

    def _hear(self, id: int, content: dict[str, Any]) -> list[dict[str, Any]]:
        self.forms[id].widget._handle_custom_msg(content, [])
        said, self._said = self._said, []
        return said

    def say(self, act: Callable[[], object]) -> None:
        """Do something in the kernel, and let the page hear of it."""
        act()
        said, self._said = self._said, []
        self.page.evaluate("said => take(said)", said)

    def look(self, name: str) -> None:
        """A picture, when somebody will look."""
        look(self.page, name)

    @property
    def outside(self) -> list[str]:
        """The keys that the page around the forms has heard."""
        found: list[str] = self.page.evaluate("outside")
        return found


def _plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True
