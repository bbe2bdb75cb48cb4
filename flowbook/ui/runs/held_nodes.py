"""Asks what became of the nodes that keep a run from being resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Heading, button, column, row, sentence

Said = Callable[[list[str], list[str]], object]


class HeldNodes:
    """A row for each held node, item or node inside; ``said(accept, rerun)`` is called once something was said about
    all of them. With ``give(name)`` each can be given its data too.
    """

    def __init__(self, said: Said, give: Callable[[str], object] | None = None) -> None:
        self._said = said
        self._give = give
        self._accept: dict[str, bool] = {}
        self._waiting: list[str] = []
        self.widget = column()

    def ask(self, nodes: Mapping[str, str]) -> None:
        """Ask about ``nodes``: each with why it is held."""
        self._accept, self._waiting = {}, list(nodes)
        together = [self._all(len(nodes))] if len(nodes) > 1 else []
        swap(self.widget, *together, *(self._row(id, why) for id, why in nodes.items()))

    def clear(self) -> None:
        """Ask about none."""
        self._waiting = []
        swap(self.widget)

    def _row(self, id: str, why: str) -> Any:
        heading = Heading(text=id, detail=sentence(why))

        def choose(accept: bool, words: str) -> None:
            heading.detail = words
            self._choose(id, accept)

        buttons = [
            button("Count as done", lambda: choose(True, "Counts as done."), tooltip=f"{id}: it happened"),
            button("Run it again", lambda: choose(False, "Runs again."), tooltip=f"{id}: it did not happen"),
        ]
        if self._give is not None:
            give = self._give
            buttons.append(button("Give its data", lambda: give(id), tooltip=f"{id}: it happened, and this came of it"))
        return row(heading, row(*buttons), name="fb-page-head")

    def _all(self, count: int) -> Any:
        """What is said of all of them at once, but for those of which something was said."""

        def choose(accept: bool) -> None:
            for id in self._waiting[:]:
                if id not in self._accept:
                    self._choose(id, accept)

        return row(
            Heading(text=f"All {count}", detail="Those of which you say nothing else."),
            row(
                button("Count all as done", lambda: choose(True), tooltip="They happened"),
                button("Run all again", lambda: choose(False), tooltip="They did not happen"),
            ),
            name="fb-page-head",
        )

    def _choose(self, id: str, accept: bool) -> None:
        self._accept[id] = accept
        if self._waiting and len(self._accept) == len(self._waiting):
            accepted = [id for id in self._waiting if self._accept[id]]
            self._said(accepted, [id for id in self._waiting if not self._accept[id]])
