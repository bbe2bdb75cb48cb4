"""The versions that a workflow has had."""

from __future__ import annotations

import time
from collections.abc import Callable

from flowbook import edits
from flowbook.errors import FlowbookError
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.tables import Action, Table, TableRow
from flowbook.ui.parts.theme import Heading, Message, button, column, row

Close = Callable[[], object]


class Versions:
    """The versions a workflow has had, and **Restore**."""

    def __init__(self, editing: Editing, close: Close) -> None:
        self._editing, self._close = editing, close
        self._versions = editing.workspace.versions(editing.workflow.name)
        self.message = Message()
        self.table = Table("Versions", {"at": "Saved", "what": "What it was"}, self._act, empty="It was never saved.")
        self.table.set_rows([self._row(place) for place in range(len(self._versions))])
        self.widget = column(
            Heading(text="Versions", detail="A restored version can be undone, and is stored by Save."),
            self.message, self.table.widget, row(button("Close", close)),
        )  # fmt: skip

    def _row(self, place: int) -> TableRow:
        version = self._versions[place]
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(version.saved_at))
        flow = self._editing.workspace.version(version.hash)
        what = f"{len(flow.nodes)} nodes, {len(flow.edges)} connections"
        same = flow == self._editing.workflow
        cell = {"text": what, "detail": flow.description + (" (as it is now)" if same else "")}
        actions_ = () if same else (Action("restore", "Restore"),)
        return TableRow(str(place), when, {"at": when, "what": cell}, actions_)

    def _act(self, action: str, row_id: str) -> None:
        version = self._versions[int(row_id)]
        try:
            older = self._editing.workspace.version(version.hash)
            self._editing.do(edits.become(older, "Restore a version"))
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._close()
