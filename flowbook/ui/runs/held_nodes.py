"""Asks what became of the nodes that keep a run from being resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Heading, button, column, row, sentence

Said = Callable[[list[str], list[str]], object]


class HeldNodes:
    """A row for each held node; ``said(accept, rerun)`` is called once something was said about all of them."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self._accept: dict[str, bool] = {}
        self._waiting: list[str] = []
        self.widget = column()

    def ask(self, nodes: Mapping[str, str]) -> None:
        """Ask about ``nodes``: each with why it is held."""
        self._accept, self._waiting = {}, list(nodes)
        swap(self.widget, *(self._row(id, why) for id, why in nodes.items()))

    def clear(self) -> None:
        """Ask about none."""
        self._waiting = []
        swap(self.widget)

    def _row(self, id: str, why: str) -> Any:
        heading = Heading(text=id, detail=sentence(why))

        def choose(accept: bool, words: str) -> None:
            heading.detail = words
            self._choose(id, accept)

        return row(
            heading,
            row(
                button("Count as done", lambda: choose(True, "Counts as done."), tooltip=f"{id}: it happened"),
                button("Run it again", lambda: choose(False, "Runs again."), tooltip=f"{id}: it did not happen"),
            ),
            name="fb-page-head",
        )

    def _choose(self, id: str, accept: bool) -> None:
        self._accept[id] = accept
        if self._waiting and len(self._accept) == len(self._waiting):
            accepted = [id for id in self._waiting if self._accept[id]]
            self._said(accepted, [id for id in self._waiting if not self._accept[id]])
