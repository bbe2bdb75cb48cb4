"""What the inspector shows of a connection, and how it is changed there."""

from __future__ import annotations

from collections.abc import Callable

from flowbook import edits
from flowbook.edits import EdgeKey
from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.marking import marks_of
from flowbook.ui.editor.scope import Scope
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, button, column, row, told
from flowbook.view.wording import problem_there

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
            [Field(on, label="On"), Field(Parameter(name="when", description=about), label="When", expression=True)],
            {"on": edge.on, "when": when}, title="Connection", live=True,
        )  # fmt: skip
        self.form.on_change(self._changed)
        self.widget = column(
            Heading(text=f"{key[0]} → {key[1]}"), self.form.widget,
            row(button("Done", close), button("Delete", self.delete, kind="danger")),
        )  # fmt: skip
        self.form.set_scope(lambda: self._scope().tree())
        self.show_problems()

    def _scope(self) -> Scope:
        """What the condition sees, with the values of the last run."""
        workflow = self._editing.workflow
        return Scope(workflow, self._key[0], self._editing.workspace.last_values(workflow), leaving=True)

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
        self.show_problems()

    @property
    def there(self) -> bool:
        """Whether the edge is still there."""
        return any((one.source, one.target, one.on) == self._key for one in self._editing.workflow.edges)

    def focus(self, name: str) -> None:
        """Give a field the keyboard: ``on`` or ``when``."""
        self.form.focus(name)

    def show_problems(self) -> None:
        """Under the condition what is wrong with it, or what it comes to."""
        condition = self.form.fields[1]
        self.form.show_marks({"when": marks_of(condition, self.form.raw("when"))})
        mine = [one for one in self._editing.problems if one.node == f"{self._key[0]}→{self._key[1]}"]
        said = " ".join(map(problem_there, mine))
        value = self.form.value("when")
        if said:
            self.form.show_notes({"when": (said, "error")})
        elif isinstance(value, str) and self.there:
            self.form.show_notes({"when": self._scope().value_of_expression(value).note})
        else:
            self.form.show_notes({})

    def delete(self) -> None:
        """Delete the edge."""
        self._close()
        self._editing.do(edits.remove(edges=[self._key]))
