"""A table with actions in each row, and questions asked in the row that they are about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

import traitlets

from flowbook.ui.parts.files import widget
from flowbook.ui.parts.ordering import OwnWidget
from flowbook.ui.parts.theme import Tone

Cell: TypeAlias = str | Mapping[str, Any]
OnAction: TypeAlias = Callable[[str, str], object]


@dataclass(frozen=True)
class Action:
    """A button in a row. ``tone`` "danger" is for what takes something away."""

    id: str
    label: str
    tone: str = "plain"


@dataclass(frozen=True)
class TableRow:
    """One row: ``cells`` by column, a text or a mapping with ``text`` and ``tone``, ``chips`` (a list), ``detail``.

    ``title`` is what the actions' spoken names end with. While ``busy`` its actions cannot be used.
    """

    id: str
    title: str
    cells: Mapping[str, Cell]
    actions: Sequence[Action] = field(default=())
    busy: bool = False


class _TableWidget(OwnWidget):
    _esm = widget("parts/table.js")

    label = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Dict()).tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    empty = traitlets.Unicode().tag(sync=True)


class Table:
    """A table; ``columns`` maps keys to headings, ``on_action(action, row)`` hears of every button pressed."""

    def __init__(self, label: str, columns: Mapping[str, str], on_action: OnAction, *, empty: str) -> None:
        shown = [{"key": key, "label": heading} for key, heading in columns.items()]
        self.widget = _TableWidget(label=label, columns=shown, empty=empty)
        self._on_action = on_action
        self._rows: list[TableRow] = []
        self._notices: dict[str, dict[str, Any]] = {}
        self.widget.on_msg(self._receive)

    def set_rows(self, rows: Sequence[TableRow]) -> None:
        """Show these rows; notices at rows that are still there stay."""
        self._rows = list(rows)
        ids = {row.id for row in rows}
        self._notices = {id: notice for id, notice in self._notices.items() if id in ids}
        self._send()

    def notice(self, row: str, text: str, tone: Tone = "info", actions: Sequence[Action] = ()) -> None:
        """Tell or ask something below a row; it replaces an earlier notice there."""
        buttons = [_action(action) for action in actions]
        self._notices[row] = {"text": text, "tone": tone, "actions": buttons}
        self._send()

    def dismiss(self, row: str | None = None) -> None:
        """Take the notice of a row away, or all."""
        if row is None:
            self._notices.clear()
        else:
            self._notices.pop(row, None)
        self._send()

    def _send(self) -> None:
        self.widget.rows = [
            {
                "id": row.id,
                "title": row.title,
                "cells": {key: cell if isinstance(cell, str) else dict(cell) for key, cell in row.cells.items()},
                "actions": [_action(action) for action in row.actions],
                "busy": row.busy,
                "notice": self._notices.get(row.id),
            }
            for row in self._rows
        ]

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("kind") != "action":
            return
        row, action = content.get("row"), content.get("action")
        if isinstance(action, str) and any(known.id == row for known in self._rows):
            self._on_action(action, str(row))


def _action(action: Action) -> dict[str, str]:
    return {"id": action.id, "label": action.label, "tone": action.tone}


def local_time(stamp: str) -> str:
    """A stored UTC time as the clock here shows it, to the minute."""
    try:
        return f"{datetime.fromisoformat(stamp.replace('Z', '+00:00')).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return stamp
