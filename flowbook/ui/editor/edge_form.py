"""What the inspector shows of a connection, and how it is changed there."""

from __future__ import annotations

from collections.abc import Callable

from flowbook import edits
from flowbook.edits import EdgeKey
from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, button, column, row, told

Close = Callable[[], object]


class EdgeForm:
    """What an edge is for: ``on``, ``when``, and **Delete**."""

    def __init__(self, editing: Editing, key: EdgeKey, close: Close) -> None:
        self._editing, self._key, self._close = editing, key, close
        edge = next(one for one in editing.workflow.edges if (one.source, one.target, one.on) == key)
        when = str(edge.when).lower() if isinstance(edge.when, bool) else edge.when
        on = Parameter(name="on", type="select", choices=("success", "failure", "always"), required=True)
        about = "Taken only if this expression is true; it sees the data of the nodes before."
        self.form = Form(
            [Field(on, label="On"), Field(Parameter(name="when", description=about), label="When")],
            {"on": edge.on, "when": when}, title="Connection",
        )  # fmt: skip
        self.form.on_change(self._changed)
        self.widget = column(
            Heading(text=f"{key[0]} → {key[1]}"), self.form.widget,
            row(button("Done", close), button("Delete", self.delete, kind="danger")),
        )  # fmt: skip
        self.show_problems()

    def _changed(self, name: str) -> None:
        value = self.form.value(name)
        if name == "on" and not value:
            return
        before = self._key
        if name == "on":
            self._key = (before[0], before[1], str(value))
        try:
            self._editing.do(edits.change_edge(before, **{name: value}))
        except FlowbookError as error:
            self._key = before
            self.form.show_errors({name: told(error)})

    @property
    def there(self) -> bool:
        """Whether the edge is still there."""
        return any((one.source, one.target, one.on) == self._key for one in self._editing.workflow.edges)

    def show_problems(self) -> None:
        """Show the last validation's problems at their fields."""
        mine = [one for one in self._editing.problems if one.node == f"{self._key[0]}→{self._key[1]}"]
        said = " ".join(f"{one.message} {one.remedy}".strip() for one in mine)
        self.form.show_notes({"when": (said, "error")} if said else {})

    def delete(self) -> None:
        """Delete the edge."""
        self._close()
        self._editing.do(edits.remove(edges=[self._key]))
