"""The form behind **Create Integration Type**, and behind Edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from flowbook.errors import AlreadyExists, FlowbookError, NotFound, UnfitCredentials
from flowbook.models import IntegrationType, Parameter, check_type_name, explain
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.parameter_rows import ParameterRows
from flowbook.ui.parts.theme import Heading, Message, button, column, row, sentence, told
from flowbook.workspace import Workspace


class TypeEditor:
    """Creates an integration type, or with ``kind`` changes that one. ``on_done`` is called with what to say, or "".

    With ``name`` the form is filled in with what the folder of that name says.
    """

    def __init__(
        self,
        workspace: Workspace,
        on_done: Callable[[str], object],
        kind: IntegrationType | None = None,
        name: str = "",
    ) -> None:
        self._workspace = workspace
        self._on_done = on_done
        self._kind = kind
        self._revision = workspace.type_revision(kind.name) if kind else 0
        self._described = ""  # the folder's description, which counts while nobody has typed another
        title = f"Edit the integration type {kind.name}" if kind else "Create Integration Type"
        given = {"name": kind.name, "description": kind.description or None} if kind else {}
        self.form = Form(self._fields(), given, title=title, live=True)
        self.form.on_change(self._changed)
        self.parameters = ParameterRows(self.save)
        self.message = Message()
        self.form.on_change(lambda _: self.message.clear())
        self.form.on_submit(self.save)
        buttons = row(
            button("Save" if kind else "Create", self.save, kind="primary"),
            button("Cancel", lambda: on_done("")),
            self.message,
        )
        self.widget = column(Heading(text=title), self.form.widget, self.parameters.widget, buttons, name="fb-panel")
        if kind:
            self.parameters.fill(kind.parameters)
        if name:
            self.form.set_values({"name": name})
            self._fill_in(name)
        self.form.focus("description" if kind or name else "name")

    def _fields(self) -> list[Field]:
        if self._kind:
            free: tuple[str, ...] = ()
            said = ""
            hint = "The integration folder that it belongs to."
        else:
            taken = {kind.name for kind in self._workspace.types()}
            free = tuple(name for name in self._workspace.integration_folder_names() if name not in taken)
            said = "Left empty, it is what the folder says of itself."
            hint = "The name of an integration folder. Choosing one fills in what it says about its credentials."
        name = Parameter(name="name", required=True, description=hint)
        return [
            Field(name, label="Name", suggestions=free, disabled=self._kind is not None),
            Field(Parameter(name="description", description=said), label="Description"),
        ]

    def _changed(self, name: str) -> None:
        if name == "name":
            self._fill_in(self.form.value("name"))

    def _fill_in(self, name: Any) -> None:
        """Take over what the folder says, as far as nobody has typed something else."""
        if name not in self._workspace.integration_folder_names():
            self._describe("")
            self.form.show_notes({})
            return
        folder = self._workspace.integration_folder(name)
        # as text in the field it would be in the way of who is about to type a description, and end up mixed with it
        self._describe(folder.description.strip())
        self.parameters.fill_in(folder.credentials)
        broken = folder.problem
        self.form.show_notes(
            {"name": (sentence(f"{broken.what} {broken.remedy}".strip()), "warning")} if broken else {}
        )

    def _describe(self, text: str) -> None:
        self._described = text
        self.form.update_field("description", placeholder=text)

    def save(self) -> None:
        """Check everything, store it and be done; otherwise say what is wrong, where."""
        self.message.clear()
        name_fits = self.form.check() and self._check_name()
        parameters = self.parameters.read(focus=name_fits)
        if not name_fits or parameters is None:
            return
        values = self.form.values()
        try:
            made = IntegrationType(
                name=values["name"], description=values.get("description") or self._described, parameters=parameters
            )
            if self._kind is None:
                self._workspace.create_type(made.name, list(parameters), made.description)
            else:
                self._workspace.update_type(made, revision=self._revision)
        except UnfitCredentials as error:
            for parameter, text in error.fields.items():
                self.parameters.show_error(parameter, "type", text)
        except (NotFound, AlreadyExists) as error:
            self.form.show_errors({"name": told(error)})
        except ValidationError as error:
            self.message.say(sentence(explain(error)), "error")
        except FlowbookError as error:
            self.message.fail(error)
        else:
            self._on_done(f"The integration type “{made.name}” is {'saved' if self._kind else 'created'}.")

    def _check_name(self) -> bool:
        if self._kind is not None:
            return True
        name = self.form.value("name")
        try:
            check_type_name(name)
            self._workspace.integration_folder(name)
        except FlowbookError as error:
            self.form.show_errors({"name": told(error)})
            return False
        return True
