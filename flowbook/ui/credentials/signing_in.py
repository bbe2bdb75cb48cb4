"""The panel that signs an integration in to its service: a page to open, or a code to enter on another machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from flowbook.errors import FlowbookError
from flowbook.models import Integration, Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.tables import Cell
from flowbook.ui.parts.theme import Heading, Link, Message, Value, button, column, row, show, told
from flowbook.workspace import Workspace

if TYPE_CHECKING:
    from flowbook.oauth2.browser import BrowserSignIn
    from flowbook.oauth2.device import DeviceSignIn
    from flowbook.workspace.sign_ins import SignedIn

_BROWSER = "Allow it on the service's page, which leads back to this machine. Flowbook keeps what it gives encrypted."
_DEVICE = "Open the page on any machine, and enter the code there. Flowbook keeps what it gives encrypted."
_WAITING = "Waiting for you to allow it there…"


class SignInPanel:
    """Signs one integration in. ``on_done`` is called with what to say, or "" when it was given up."""

    def __init__(self, workspace: Workspace, on_done: Callable[[str], object], one: Integration) -> None:
        self._workspace = workspace
        self._on_done = on_done
        self._one = one
        self._begun: BrowserSignIn | DeviceSignIn | None = None
        offered = workspace.signed_in(one.id)
        self._heading = Heading(text=f"Sign in to {one.name}")
        self.link = Link(label="Open the service's page")
        self.code = Value(label="Code to enter there", wrap=False)
        self._code_box = column(self.code, name="fb-device-code")
        self.message = Message(reveal=True)
        address = Parameter(name="address", description=_PASTE)
        self.pasted = Form([Field(address, label="Flowbook runs on another machine?", folded=True)], title="Address")
        self.pasted.on_submit(self.paste)
        self.paste_button = button("Use this address", self.paste)
        self._paste_box = column(self.pasted.widget, row(self.paste_button))
        self.device_button = button("Sign in with a code", lambda: self.begin(device=True))
        can_both = offered is not None and offered.device and offered.browser
        show(self.device_button, can_both)
        buttons = row(self.device_button, button("Cancel", self.cancel))
        self.widget = column(
            self._heading, row(self.link), self._code_box, self.message, self._paste_box, buttons, name="fb-panel"
        )
        self.begin(device=offered is not None and not offered.browser)

    def begin(self, *, device: bool) -> None:
        """Begin anew, by the service's page or by a code."""
        self._give_up()
        self.link.url, self.code.text = "", ""
        try:
            begun = self._workspace.begin_sign_in(self._one.id, device=device)
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._begun = begun
        self.link.url, self.code.text = begun.url, getattr(begun, "code", "")
        self._heading.detail = _DEVICE if device else _BROWSER
        show(self._code_box, device)
        show(self._paste_box, not device)
        if device:
            show(self.device_button, False)
        self.message.say(_WAITING, "busy")
        threading.Thread(target=self._wait, args=(begun,), name="flowbook-sign-in", daemon=True).start()

    def _wait(self, begun: BrowserSignIn | DeviceSignIn) -> None:
        try:
            found = self._workspace.end_sign_in(self._one.id, begun)
        except FlowbookError as error:
            if begun is self._begun:
                self.message.fail(error)
            return
        if begun is self._begun:
            self._begun = None
            self._on_done(f"“{self._one.name}” is {said(found)}.")

    def paste(self) -> None:
        """Take the address of the page that the browser could not show."""
        address = str(self.pasted.value("address") or "")
        threading.Thread(target=self._paste, args=(self._begun, address), name="flowbook-sign-in", daemon=True).start()

    def _paste(self, begun: BrowserSignIn | DeviceSignIn | None, address: str) -> None:
        try:
            if begun is not None and hasattr(begun, "paste"):
                begun.paste(address)
        except FlowbookError as error:
            self.pasted.show_errors({"address": told(error)})

    def cancel(self) -> None:
        """Give it up."""
        self._give_up()
        self._on_done("")

    def _give_up(self) -> None:
        begun, self._begun = self._begun, None
        if begun is not None:
            begun.cancel()


_PASTE = "Then the page that the service leads to cannot be shown: copy all of its address, and put it in here"


def said(found: SignedIn) -> str:
    """How far an integration is signed in, in a sentence's words."""
    if found.state == "account":
        return "used by a service account"
    if found.state == "locked":
        return "locked"
    if found.state == "ended":
        return f"no longer signed in: {found.why}"
    if found.state == "signed_out":
        return "not signed in yet"
    ends = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.until)) if found.until else ""
    account = f" as {found.account}" if found.account else ""
    until = f", until {ends}{' unless it is used' if found.renews else ''}" if ends else ""
    return f"signed in{account}{until}"


def type_cell(one: Integration, found: SignedIn | None) -> Cell:
    """The type of an integration, with how far it is signed in, as a table's cell."""
    if found is None:
        return {"chips": [one.type]}
    return {"chips": [one.type], "detail": said(found)}
