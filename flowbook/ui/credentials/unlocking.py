"""The band that asks for the passphrase of a workspace whose credentials are locked."""

from __future__ import annotations

from collections.abc import Callable

from flowbook.errors import FlowbookError, WrongKey
from flowbook.models import Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, Message, button, column, row, show
from flowbook.workspace import Workspace

ASKED = "A passphrase protects the credentials of this workspace. Workflows can be drawn without it, not run with them."


class Unlocking:
    """Shown as long as only a passphrase opens the credentials; ``on_unlocked`` is called once it has.

    The passphrase goes to the kernel like any secret, stays in its memory alone, and is asked for again by the next
    kernel.
    """

    def __init__(self, workspace: Workspace, on_unlocked: Callable[[], object]) -> None:
        self._workspace = workspace
        self._on_unlocked = on_unlocked
        phrase = Parameter(name="passphrase", type="password", required=True)
        self.form = Form([Field(phrase, label="Passphrase")], title="Unlock")
        self.form.on_submit(self.unlock)
        self.message = Message()
        buttons = row(button("Unlock", self.unlock, kind="primary"))
        self.widget = column(
            Heading(text="Unlock", detail=ASKED), self.form.widget, self.message, buttons, name="fb-unlocking"
        )
        self.refresh()

    def refresh(self) -> None:
        """Show the band if the passphrase is still wanted."""
        try:
            wanted = self._workspace.wants_passphrase()
        except FlowbookError:  # a store that cannot be read: the tabs say so
            wanted = False
        show(self.widget, wanted)

    def unlock(self) -> None:
        """Try the passphrase that was entered, or say at once why it does not open them."""
        self.message.clear()
        if not self.form.check():
            return
        try:
            self._workspace.unlock(self.form.values()["passphrase"])
        except WrongKey:
            self.form.show_errors({"passphrase": "This passphrase does not open them."})
            return
        except FlowbookError as error:
            self.message.fail(error)
            return
        finally:
            self.form.forget_secrets()
        self.refresh()
        self._on_unlocked()
