"""What a dry run found out: which services, databases and files would be changed, by which nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowbook.results import NodeResult
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.theme import Heading, button, column, row
from flowbook.view.rehearsal import NONE, side_effects

Close = Callable[[], object]


class RehearsalPanel:
    """The map of what would be changed; a click selects the node. ``pick(node)`` hears of it."""

    def __init__(self, run: Mapping[str, NodeResult], close: Close, pick: Callable[[str], object]) -> None:
        self._effects = side_effects(run)
        self._pick = pick
        self.picker = Picker("What would be changed", self._picked, searching=False, empty=NONE)
        self.widget = column(
            Heading(text="Dry run: nothing was changed. It would have"), self.picker.widget,
            row(button("Close", close)),
        )  # fmt: skip
        self.picker.show(self._groups())

    def _groups(self) -> list[dict[str, object]]:
        groups: dict[str, list[dict[str, object]]] = {}
        for number, effect in enumerate(self._effects):
            item: dict[str, object] = {"id": str(number), "label": effect.action, "detail": effect.calls}
            groups.setdefault(effect.place, []).append(item)
        return [{"label": place, "items": items} for place, items in groups.items()]

    def _picked(self, id: str) -> None:
        self._pick(next(iter(self._effects[int(id)].nodes)))
