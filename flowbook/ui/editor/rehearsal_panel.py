"""What a dry run found out: which services, databases and files would be changed, by which nodes, and with what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from flowbook.counting import counted
from flowbook.results import NodeResult
from flowbook.ui.parts.files import text_of, widget
from flowbook.ui.parts.ordering import OwnWidget
from flowbook.ui.parts.theme import Heading, button, column, row
from flowbook.view.rehearsal import NONE, SideEffect, in_all, side_effects

Close = Callable[[], object]
_SHOWN, _LONGEST = 50, 20_000


class _MapWidget(OwnWidget):
    """``places`` are ``{"label", "effects"}``, effects ``{"action", "calls", "nodes", "sent", "more"}``; all of it is
    shown as text."""

    _esm = widget("editor/rehearsal_map.js")
    _css = text_of("editor/editor.css", "editor/rehearsal_map.css")

    places = traitlets.List(traitlets.Dict()).tag(sync=True)
    empty = traitlets.Unicode().tag(sync=True)


class RehearsalPanel:
    """The map of what would be changed: each call whole (secrets hidden), folded. ``pick(node)`` hears of a click on a
    node; a run that is not ``whole`` stopped before its end, and may leave something out."""

    title = "Dry run"

    def __init__(
        self, run: Mapping[str, NodeResult], close: Close, pick: Callable[[str], object], *, whole: bool = True
    ) -> None:
        effects = side_effects(run)
        self._pick = pick
        self._nodes = {node for effect in effects for node in effect.nodes}
        self.map = _MapWidget(places=_places(effects), empty=NONE)
        self.map.on_msg(self._hear)
        said = [f"This is what a run would do. {in_all(effects)}"] if effects else []
        said += [] if whole else ["It did not succeed, so what comes after is not here."]
        self.widget = column(
            Heading(text="Dry run: nothing was changed", detail=" ".join(said)), self.map,
            row(button("Close", close)),
        )  # fmt: skip

    def _hear(self, _widget: Any, content: Any, _buffers: Any) -> None:
        node = content.get("pick") if isinstance(content, dict) else None
        if isinstance(node, str) and node in self._nodes:
            self._pick(node)


def _places(effects: list[SideEffect]) -> list[dict[str, Any]]:
    places: dict[str, list[dict[str, Any]]] = {}
    for effect in effects:
        places.setdefault(effect.place, []).append(_shown(effect))
    return [{"label": place, "effects": inside} for place, inside in places.items()]


def _shown(effect: SideEffect) -> dict[str, Any]:
    more = len(effect.sent) - _SHOWN
    return {
        "action": effect.action, "calls": counted(sum(effect.nodes.values()), "call"), "nodes": list(effect.nodes),
        "sent": [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for text in effect.sent[:_SHOWN]],
        "more": f"… and {more} more" if more > 0 else "",
    }  # fmt: skip
