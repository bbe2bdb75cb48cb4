"""A list of groups of things to click, searched in the browser (``ranking.js`` says in which order)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from flowbook.ui.parts.files import text_of, widget
from flowbook.ui.parts.ordering import OwnWidget

Group = dict[str, Any]


class _PickerWidget(OwnWidget):
    _esm = widget("parts/picker.js")
    _css = text_of("editor/editor.css", "parts/picker.css")

    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    again = traitlets.List(traitlets.Dict()).tag(sync=True)  # groups above them that repeat items, by their ids
    badges = traitlets.List(traitlets.Dict()).tag(sync=True)  # those of the items, which have their places in this list
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)
    empty = traitlets.Unicode().tag(sync=True)
    searching = traitlets.Bool(True).tag(sync=True)
    draggable = traitlets.Bool(False).tag(sync=True)
    folded = traitlets.Bool(False).tag(sync=True)
    fleeting = traitlets.Bool(False).tag(sync=True)
    called = traitlets.Bool(False).tag(sync=True)


class Picker:
    """The list; ``on_pick(id)`` hears of clicks and Enter.

    A ``fleeting`` one tells ``on_leave()`` when a person turns to something else, or presses Escape. A ``called`` one
    takes the keyboard at Ctrl-K, pressed anywhere in its editor; ``on_called()`` hears of that where it is not to be
    seen.

    Groups are ``{"label", "badge", "about", "problem", "items", "shut", "again"}``, items ``{"id", "label", "detail",
    "about", "words", "tone", "badge", "fixed"}``; all of it is shown as text. Groups that are ``shut``, or all with
    ``folded``, are closed at first; one of ``again`` repeats items of others, and a search leaves it out. ``words`` are
    others that people look for the item by; a ``fixed`` one cannot be dragged.
    """

    def __init__(
        self,
        label: str,
        on_pick: Callable[[str], object],
        on_leave: Callable[[], object] = lambda: None,
        on_called: Callable[[], object] = lambda: None,
        **traits: Any,
    ) -> None:
        self._on_pick, self._on_leave, self._on_called = on_pick, on_leave, on_called
        self._groups: list[Group] = []
        self.widget = _PickerWidget(label=label, **traits)
        self.widget.on_msg(self._receive)

    @property
    def groups(self) -> list[Group]:
        """What is listed."""
        return list(self._groups)

    def show(self, groups: Sequence[Group], **traits: Any) -> None:
        """List these groups. They are large, and go to the browser only when they change: those of ``again``, which
        change at each pick, are listed by their ids. A badge, whose icon is larger than its item, goes once."""
        self._groups = list(groups)
        again = [group for group in groups if group.get("again")]
        listed, badges = _badges_apart([group for group in groups if not group.get("again")])
        with self.widget.hold_sync():
            self.widget.badges = badges
            self.widget.groups = listed
            self.widget.again = [{"label": one["label"], "ids": [item["id"] for item in one["items"]]} for one in again]
            for name, value in traits.items():
                setattr(self.widget, name, value)

    def ask(self) -> None:
        """Begin a search: empty, and with the keyboard."""
        self.widget.send({"kind": "ask"})

    def explain(self, page: str) -> None:
        """Show a page of the documentation over the notebook, where the last item was picked."""
        from flowbook.ui.parts.explaining import explanation

        self.widget.send({"kind": "explained", **explanation(page)})

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("kind") if isinstance(content, dict) else None
        if kind == "leave":
            self._on_leave()
        elif kind == "called":
            self._on_called()
        elif kind == "explain":
            self.explain(str(content.get("page")))
        elif kind == "pick":
            self._picked(content.get("id"))

    def _picked(self, id: object) -> None:
        known = {item["id"] for group in self._groups for item in group["items"]}
        if id in known:
            self._on_pick(str(id))


def _badges_apart(groups: Sequence[Group]) -> tuple[list[Group], list[dict[str, Any]]]:
    """The groups with the places of their items' badges in place of these; and the badges, each once."""
    places: dict[tuple[tuple[str, Any], ...], int] = {}

    def apart(item: dict[str, Any]) -> dict[str, Any]:
        badge = item.get("badge")
        return {**item, "badge": places.setdefault(tuple(badge.items()), len(places))} if badge else item

    listed = [{**group, "items": [apart(item) for item in group["items"]]} for group in groups]
    return listed, [dict(one) for one in places]
