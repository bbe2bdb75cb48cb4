"""The form of an integration: of one that a node needs and that there is none of yet, and of the one that it has."""

from __future__ import annotations

from collections.abc import Callable

from flowbook import edits
from flowbook.ui.credentials.integration_editor import IntegrationEditor
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.theme import column
from flowbook.workspace import Workspace


class NewIntegration:
    """Creates an integration of a type, which is made of its folder if it is not there yet; ``node`` gets it.

    ``created()`` hears of it.
    """

    title = "New integration"

    def __init__(
        self, editing: Editing, kind: str, node: str, close: Callable[[], object], created: Callable[[], object]
    ) -> None:
        self._editing, self._node, self._close, self._created = editing, node, close, created
        workspace = editing.workspace
        if kind not in {one.name for one in workspace.types()}:
            workspace.create_type(kind)
        self._before = {one.name for one in workspace.integrations()}
        self.form = IntegrationEditor(workspace, self._done, kind=kind)
        self.widget = column(self.form.widget)

    def _done(self, said: str) -> None:
        self._close()
        new = [one.name for one in self._editing.workspace.integrations() if one.name not in self._before]
        if said and new and self._node in self._editing.workflow.nodes:
            self._editing.do(edits.change_node(self._node, integration=new[0]))
        self._created()


class OpenedIntegration:
    """Changes the credentials of an integration; ``changed()`` hears of it. Raises NotFound when there is none.

    Where credentials are found to be wrong, in a run, they are put right.
    """

    title = "Integration"

    def __init__(
        self, workspace: Workspace, name: str, close: Callable[[], object], changed: Callable[[], object]
    ) -> None:
        self._close, self._changed = close, changed
        self.form = IntegrationEditor(workspace, self._done, workspace.integration(name))
        self.widget = column(self.form.widget)

    def _done(self, said: str) -> None:
        self._close()
        if said:
            self._changed()
