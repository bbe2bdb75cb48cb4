"""The form behind **Create Integration**, and behind Edit: name, type, credentials and **Test Connection**."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flowbook.errors import AlreadyExists, FlowbookError, UnfitCredentials
from flowbook.hosts import checked_host
from flowbook.models import Integration, IntegrationType, Parameter
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, Message, button, column, row, sentence, show, told
from flowbook.vault import is_sealed
from flowbook.workspace import Trial, Workspace

LONGEST_NAME = 200


class IntegrationEditor:
    """Creates an integration, of ``kind`` if nothing else is chosen, or with ``stored`` changes that one.

    Secrets are never filled in: a stored one stays when its field is left empty. ``on_done`` is called with what to
    say, or "" when nothing was saved.
    """

    def __init__(
        self,
        workspace: Workspace,
        on_done: Callable[[str], object],
        stored: Integration | None = None,
        *,
        kind: str = "",
    ) -> None:
        self._workspace = workspace
        self._on_done = on_done
        self._stored = stored
        self._revision = workspace.integration_revision(stored.id) if stored else 0
        self._types = {kind.name: kind for kind in workspace.types()}
        self._trial: Trial | None = None
        title = f"Edit {stored.name}" if stored else "Create Integration"
        known = {"name": stored.name, "type": stored.type} if stored else {"type": kind} if kind else {}
        self.head = Form(self._head_fields(), known, title=title)
        self.head.on_change(self._head_changed)
        self.credentials = Form([], title="Credentials")
        chosen = stored.hosts if stored is not None and stored.hosts_chosen else None
        self.hosts = Form(
            [replace(_HOSTS, folded=chosen is None, placeholder=", ".join(self._default_hosts()))],
            {"hosts": ", ".join(chosen)} if chosen else {}, title="Where it may be used",
        )  # fmt: skip
        self._section = column(
            Heading(text="Credentials", detail=_EXPLAINED), self.credentials.widget, self.hosts.widget
        )
        self.message = Message(reveal=True)
        for form in (self.head, self.credentials, self.hosts):
            form.on_change(lambda _: self.message.clear())
            form.on_submit(self.save)
        self.test_button = button("Test Connection", self.test)
        self.save_button = button("Save" if stored else "Create", self.save, kind="primary")
        buttons = row(self.test_button, self.save_button, button("Cancel", self.cancel))
        self.widget = column(
            Heading(text=title), self.head.widget, self._section, buttons, self.message, name="fb-panel"
        )
        self._show_type(stored.type if stored else kind or None)
        (self.credentials if stored else self.head).focus()

    def _head_fields(self) -> list[Field]:
        fixed = self._stored is not None
        name = Parameter(name="name", required=True)
        choices = tuple(self._types) or ((self._stored.type,) if self._stored else ("–",))
        kind = Parameter(name="type", type="select", required=True, choices=choices)
        return [
            Field(name, label="Integration Name", placeholder="My Slack Workspace", disabled=fixed),
            Field(kind, label="Integration Type", placeholder="Select", disabled=fixed),
        ]

    # -- the form that the type defines ------------------------------------------------------------------------------

    def _head_changed(self, name: str) -> None:
        if name == "type":
            self.message.clear()
            self._show_type(self.head.value("type"))

    def _show_type(self, name: str | None) -> None:
        kind = self._types.get(name or "")
        self.test_button.disabled = kind is None
        show(self._section, kind is not None and bool(kind.parameters))
        fields = self._stored.fields if self._stored else {}
        shown = {name: value for name, value in fields.items() if not is_sealed(value)}
        self.credentials.set_fields(
            [Field(one, stored=is_sealed(fields.get(one.name))) for one in self._entered(kind)] if kind else [], shown
        )

    def _entered(self, kind: IntegrationType) -> list[Parameter]:
        """The credentials that are typed in: without the one that signing in fills."""
        return [one for one in kind.parameters if one.name != self._workspace.signed_in_for(kind.name)]

    def _kind(self) -> IntegrationType | None:
        return self._types.get(self.head.value("type") or "")

    # -- testing -------------------------------------------------------------------------------------------------------

    def test(self) -> None:
        """Try what is in the form, saved or not, on a thread of its own."""
        kind = self._kind()
        if kind is None or not self.credentials.check() or not self._hosts_fit():
            return
        given, cleared = self.credentials.values(), self._cleared()
        self.test_button.disabled = True
        self.message.say("Testing the connection…", "busy")
        threading.Thread(target=self._test, args=(kind, given, cleared), name="flowbook-test", daemon=True).start()

    def _test(self, kind: IntegrationType, given: dict[str, Any], cleared: list[str]) -> None:
        said, tone = "The test ended without a result.", "error"
        try:
            of = self._stored.id if self._stored else None
            self._trial = self._workspace.try_credentials(
                kind.name, given, of=of, clear=cleared, hosts=self._chosen_hosts()
            )
            result = self._trial.result
            said, tone = result.message or result.status, "success" if result.success else "error"
        except UnfitCredentials as error:
            self._show_unfit(error)
            said = "Some credentials do not fit."
        except FlowbookError as error:
            said = told(error)
        finally:
            self.message.say(said, "success" if tone == "success" else "error")
            self.test_button.disabled = self._kind() is None

    def _cleared(self) -> list[str]:
        """The fields whose stored value was shown and has been emptied."""
        return [name for name in self.credentials.emptied() if self._stored and name in self._stored.fields]

    # -- saving --------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Check everything, encrypt and store it and be done; otherwise say what is wrong, where."""
        self.message.clear()
        head_fits = self.head.check() and not self.head.show_errors({"name": name_problem(self.head.value("name"))})
        kind = self._kind()
        if not (self.credentials.check(focus=head_fits) and head_fits) or kind is None or not self._hosts_fit():
            return
        given, cleared = self.credentials.values(), self._cleared()
        try:
            saved = self._save(kind, given, cleared)
            if self._trial is not None:  # what was tested before need not be tested again, if it is what was saved
                self._workspace.remember_trial(saved.id, self._trial)
        except UnfitCredentials as error:
            self._show_unfit(error)
        except AlreadyExists as error:
            self.head.show_errors({"name": told(error)})
        except FlowbookError as error:
            self.message.fail(error)
        else:
            further = " Sign in to use it." if self._is_signed_out(saved) else ""
            self._end(f"The integration “{saved.name}” is {'saved' if self._stored else 'created'}.{further}")

    def _is_signed_out(self, saved: Integration) -> bool:
        found = self._workspace.signed_in(saved.id)
        return found is not None and found.state == "signed_out"

    def _save(self, kind: IntegrationType, given: dict[str, Any], cleared: list[str]) -> Integration:
        hosts = self._chosen_hosts()
        if self._stored is None:
            return self._workspace.create_integration(self.head.value("name"), kind.name, given, hosts=hosts)
        saved = self._workspace.update_integration(
            self._stored.id, given, clear=cleared, revision=self._revision, hosts=hosts
        )
        if hosts is None and self._stored.hosts_chosen:
            self._workspace.set_integration_hosts(saved.name, None)
        return saved

    # -- the servers that it may be used with --------------------------------------------------------------------------

    def _default_hosts(self) -> tuple[str, ...]:
        stored = self._stored
        return () if stored is None or stored.hosts_chosen else self._workspace.integration_hosts(stored.name)

    def _chosen_hosts(self) -> list[str] | None:
        """What a person chose; None for the servers that the fields name."""
        parts = [part.strip() for part in str(self.hosts.value("hosts") or "").split(",")]
        return [checked_host(part) for part in parts if part] or None

    def _hosts_fit(self) -> bool:
        try:
            self._chosen_hosts()
        except ValueError as error:
            self.hosts.show_errors({"hosts": sentence(str(error))})
            return False
        return True

    def _show_unfit(self, error: UnfitCredentials) -> None:
        shown = self.credentials.show_errors({name: sentence(text) for name, text in error.fields.items()})
        if len(shown) < len(error.fields):
            self.message.fail(error)

    def cancel(self) -> None:
        """Give up what was entered."""
        self._end("")

    def _end(self, said: str) -> None:
        self._trial = None
        self.credentials.forget_secrets()
        self._on_done(said)


_HOSTS = Field(
    Parameter(
        name="hosts",
        description="Servers, separated by commas: api.example.com, *.example.com, localhost:8080. Its credentials go"
        " nowhere else. Empty: those that its fields name.",
    ),
    label="Allowed hosts", group="Where it may be used",
)  # fmt: skip
_EXPLAINED = "Passwords are encrypted before they are stored, and are never shown again."


def name_problem(name: str) -> str:
    """What is wrong with an integration's name; empty when nothing is."""
    return f"At most {LONGEST_NAME} characters." if len(name) > LONGEST_NAME else ""
