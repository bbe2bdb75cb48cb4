"""Takes the results that a person gives for what did not succeed in a run, before it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from flowbook.json_text import parse_json
from flowbook.models import Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Heading, button, column, row

_ABOUT = "It counts as succeeded with what you give, and the history says that it was given by hand."
_SHOWN = 120


class GivenResults:
    """A form for a node, an item (``NODE[3]``) or a node inside (``SUB/NODE``) and its data; ``results`` is what was
    taken. ``go_on()`` is called to resume with it.
    """

    def __init__(self, go_on: Callable[[], object]) -> None:
        self._go_on = go_on
        self._places: dict[str, str] = {}
        self.results: dict[str, Any] = {}
        self.form: Form | None = None
        self._listed: Any = None  # beside the form: a widget that nothing shows would not be closed by anything
        self.widget = column()

    def ask(self, places: Mapping[str, str], chosen: str = "") -> None:
        """Ask for data of one of ``places`` (each with how it ended); what was taken before stays."""
        self._places = dict(places)
        first = chosen if chosen in places else self._next()
        fields = [
            Field(Parameter(name="place", type="select", choices=tuple(places), required=True), label="Node or item"),
            Field(Parameter(name="data", type="text", language="json", required=True), label="Its data, as JSON"),
        ]
        self.form = Form(fields, {"place": first} if first else {}, title="A result given by hand")
        self.form.on_change(self._explain)
        self._listed = column()
        swap(
            self.widget, Heading(text="Give a result", detail=_ABOUT), self._listed, self.form.widget,
            row(
                button("Take It", self.take), button("Resume With These", self.go_on, kind="primary"),
                button("Close", self.clear, kind="quiet"),
            ),
        )  # fmt: skip
        self._explain("place")
        self._list()
        self.form.on_submit(self.take, "takes it")
        self.form.focus("data")

    def clear(self) -> None:
        """Ask for nothing, and forget what was taken."""
        self.form, self.results = None, {}
        swap(self.widget)

    def take(self) -> bool:
        """Take what stands in the form, or show there what is wrong with it."""
        if self.form is None or not self.form.check():
            return False
        try:
            self.results[str(self.form.value("place"))] = parse_json(str(self.form.value("data")))
        except ValueError as error:
            self.form.show_errors({"data": f'This is not JSON: {error}. A text is JSON in quotes: "done".'})
            return False
        self.form.set_values({"data": None, "place": self._next() or self.form.value("place")})
        self._explain("place")
        self._list()
        self.form.focus("data")
        return True

    def _next(self) -> str:
        """The first for which nothing was given yet; "" when there is none."""
        return next((one for one in self._places if one not in self.results), "")

    def go_on(self) -> None:
        """Resume with what was taken, and with what stands in the form."""
        if self.form is None:
            return
        if (self.form.value("data") is not None or not self.results) and not self.take():
            return
        self._go_on()

    def _explain(self, name: str) -> None:
        if self.form is not None and name == "place":
            how = self._places.get(str(self.form.value("place")), "")
            self.form.show_notes({"place": how[:_SHOWN]})

    def _list(self) -> None:
        swap(self._listed, *(self._row(name, data) for name, data in self.results.items()))

    def _row(self, name: str, data: Any) -> Any:
        text = json.dumps(data, ensure_ascii=False)
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

        def take_back() -> None:
            del self.results[name]
            self._list()

        back = button("Take back", take_back, kind="quiet", tooltip=f"Give nothing for {name}")
        return row(Heading(text=name, detail=shown), back, name="fb-page-head")
