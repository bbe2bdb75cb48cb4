"""The tab **Integrations**: named credentials, and whether they work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flowbook.errors import FlowbookError
from flowbook.models import Integration, Parameter
from flowbook.ui.credentials.integration_editor import IntegrationEditor, name_problem
from flowbook.ui.credentials.signing_in import SignInPanel, type_cell
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.tables import Action, Cell, Table, TableRow, local_time
from flowbook.ui.parts.theme import Heading, Message, Tone, button, column, listed, row, show, told
from flowbook.workspace import Workspace
from flowbook.workspace.sign_ins import SignedIn

_COLUMNS = {"name": "Name", "type": "Type", "tested": "Last test"}
_ACTIONS = (
    Action("test", "Test Connection"),
    Action("edit", "Edit"),
    Action("duplicate", "Duplicate"),
    Action("rename", "Rename"),
    Action("delete", "Delete", "danger"),
)
_SIGN_IN = Action("sign_in", "Sign in")
_SIGN_OUT = Action("sign_out", "Sign out")
MESSAGE_SHOWN = 160


class IntegrationsTab:
    """The list, and the form above it while one is created or changed.

    ``open_types`` leads to the other tab when there is no integration type yet; ``on_change`` hears of every change.
    """

    def __init__(
        self,
        workspace: Workspace,
        on_change: Callable[[], object] = lambda: None,
        open_types: Callable[[], object] = lambda: None,
    ) -> None:
        self._workspace = workspace
        self._on_change = on_change
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self.message = Message()
        self._panel = column()
        self._create = button("Create Integration", self.create, kind="primary")
        self.table = Table(
            "Integrations",
            _COLUMNS,
            self._act,
            empty="No integrations yet. Create one for each account that your workflows use.",
        )
        self._no_types = row(
            Message(text="An integration is of a type, and there is none yet."),
            button("Go to Integration Types", open_types),
        )
        head = row(Heading(text="Integrations", detail=_EXPLAINED), self._create, name="fb-page-head")
        self.widget = column(head, self.message, self._no_types, self._panel, self.table.widget, name="fb-page")
        self.editor: IntegrationEditor | _NameEditor | SignInPanel | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show what is stored now."""
        try:
            integrations = self._workspace.integrations()
            has_types = bool(self._workspace.types())
        except FlowbookError as error:
            self.message.fail(error)
            return
        rows = [_row(one, self._signed_in(one), busy=one.id in self._busy) for one in integrations]
        self.table.set_rows(rows)
        show(self._no_types, not has_types)
        self._create.disabled = self.editor is not None or not has_types

    def _signed_in(self, one: Integration) -> SignedIn | None:
        try:
            return self._workspace.signed_in(one.id)
        except FlowbookError:  # what is wrong with it is said where it is used
            return None

    def create(self) -> None:
        """Open an empty form."""
        self._open(lambda: IntegrationEditor(self._workspace, self._close))

    def _open(self, make: Callable[[], Any]) -> None:
        self.message.clear()
        self.table.dismiss()
        if self.editor is not None:
            self.editor.cancel()
        self.editor = make()
        swap(self._panel, self.editor.widget)
        self._create.disabled = True

    def _close(self, said: str) -> None:
        self.editor = None
        swap(self._panel)
        self.message.say(said, "success")
        self.refresh()
        self._create.focus()
        if said:
            self._on_change()

    # -- what is done in a row -------------------------------------------------------------------------------------

    def _act(self, action: str, id: str) -> None:
        try:
            if action == "keep":
                self.table.dismiss(id)
                return
            one = self._workspace.integration(id)
            {
                "test": self._start_test,
                "edit": lambda one: self._open(lambda: IntegrationEditor(self._workspace, self._close, one)),
                "rename": lambda one: self._open(lambda: _NameEditor("Rename", one, self._rename, self._close)),
                "duplicate": lambda one: self._open(
                    lambda: _NameEditor("Duplicate", one, self._duplicate, self._close)
                ),
                "sign_in": lambda one: self._open(lambda: SignInPanel(self._workspace, self._close, one)),
                "sign_out": self._start_signing_out,
                "delete": self._ask,
                "really": self._delete,
            }[action](one)
        except FlowbookError as error:
            self.table.notice(id, told(error), "error", [_OK])

    def _rename(self, one: Integration, name: str) -> str:
        users = self._workspace.rename_integration(one.name, name)
        return f"“{one.name}” is now “{name}”{f', also in {listed(users)}' if users else ''}."

    def _duplicate(self, one: Integration, name: str) -> str:
        self._workspace.duplicate_integration(one.name, name)
        return f"“{name}” has the credentials of “{one.name}”."

    def _ask(self, one: Integration) -> None:
        users = self._workspace.integration_users(one.name)
        warned = f" It is used by {listed(users)}, which cannot run without it." if users else ""
        answers = [Action("really", "Delete", "danger"), Action("keep", "Keep")]
        self.table.notice(
            one.id, f"Delete the integration “{one.name}” and its credentials?{warned}", "warning", answers
        )

    def _delete(self, one: Integration) -> None:
        self._workspace.delete_integration(one.id)
        self.message.say(f"The integration “{one.name}” is deleted.")
        self.refresh()
        self._on_change()

    # -- testing a stored one ----------------------------------------------------------------------------------------

    def _start_signing_out(self, one: Integration) -> None:
        self._start(one, lambda: self._workspace.sign_out(one.id))

    def _start_test(self, one: Integration) -> None:
        self._start(one, lambda: self._test(one))

    def _test(self, one: Integration) -> str:
        self._workspace.test_integration(one.name)
        return ""

    def _start(self, one: Integration, act: Callable[[], str]) -> None:
        """Do something with a row on a thread of its own, and tell at the row what it says."""
        with self._lock:
            if one.id in self._busy:
                return
            self._busy.add(one.id)
        self.table.dismiss(one.id)
        self.refresh()
        threading.Thread(target=self._do, args=(one, act), name="flowbook-row", daemon=True).start()

    def _do(self, one: Integration, act: Callable[[], str]) -> None:
        said = ""
        tone: Tone = "info"
        try:
            said = act()
        except FlowbookError as error:
            said, tone = told(error), "error"
        finally:
            with self._lock:
                self._busy.discard(one.id)
            self.refresh()
            if said:
                self.table.notice(one.id, said, tone, [_OK])


class _NameEditor:
    """Asks for a new name."""

    def __init__(
        self,
        title: str,
        one: Integration,
        act: Callable[[Integration, str], str],
        on_done: Callable[[str], object],
    ) -> None:
        self._one = one
        self._act = act
        self._on_done = on_done
        name = f"{one.name} (copy)" if title == "Duplicate" else one.name
        parameter = Parameter(name="name", required=True)
        self.form = Form([Field(parameter, label="Integration Name")], {"name": name}, title=f"{title} {one.name}")
        buttons = row(button(title, self.save, kind="primary"), button("Cancel", self.cancel))
        self.widget = column(Heading(text=f"{title} {one.name}"), self.form.widget, buttons, name="fb-panel")
        self.form.on_submit(self.save)
        self.form.focus("name")

    def save(self) -> None:
        if not self.form.check():
            return
        name = self.form.value("name")
        if self.form.show_errors({"name": name_problem(name)}):
            return
        try:
            said = self._act(self._one, name)
        except FlowbookError as error:
            self.form.show_errors({"name": told(error)})
        else:
            self._on_done(said)

    def cancel(self) -> None:
        self._on_done("")


_OK = Action("keep", "OK")
_EXPLAINED = "Named credentials that workflows use. They are encrypted in this workspace."


def _row(one: Integration, signed_in: SignedIn | None, *, busy: bool) -> TableRow:
    cells: dict[str, Cell] = {"name": one.name, "type": type_cell(one, signed_in), "tested": last_test(one)}
    return TableRow(id=one.id, title=one.name, cells=cells, actions=(*_signing(signed_in), *_ACTIONS), busy=busy)


def _signing(found: SignedIn | None) -> tuple[Action, ...]:
    if found is None or found.state in ("account", "locked"):
        return ()
    return (_SIGN_OUT,) if found.state == "signed_in" else (_SIGN_IN,)


def last_test(one: Integration) -> dict[str, str]:
    """When an integration was tested and how that went, as a table's cell."""
    if one.tested_ok is None or not one.tested_at:
        return {"text": "not tested yet", "tone": "info"}
    message = " ".join(one.tested_message.split())
    if len(message) > MESSAGE_SHOWN:
        message = message[: MESSAGE_SHOWN - 1] + "…"
    said = f"{'✓' if one.tested_ok else '✗'} {message or ('Connected' if one.tested_ok else 'Failed')}"
    return {"text": said, "tone": "success" if one.tested_ok else "error", "detail": local_time(one.tested_at)}
