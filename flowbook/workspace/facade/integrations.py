"""What a workspace offers for integration folders, types and integrations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flowbook.errors import InputError, NotFound
from flowbook.internal import internal
from flowbook.models import Integration, IntegrationType, Parameter
from flowbook.paths import expanded
from flowbook.results import NodeResult
from flowbook.workspace.facade.parts import Parts
from flowbook.workspace.reading import FileText

if TYPE_CHECKING:
    from flowbook.authoring.openapi import Description, Entry, Made, Recorded, Renewal
    from flowbook.catalog import Folder, Listed
    from flowbook.oauth2.browser import BrowserSignIn
    from flowbook.oauth2.device import DeviceSignIn
    from flowbook.tasks import TaskSpec
    from flowbook.workspace.sign_ins import Show, SignedIn
    from flowbook.workspace.trial import Trial


class IntegrationsFacade(Parts):
    """Integration folders, integration types and integrations."""

    # -- integration folders ---------------------------------------------------------------------------------------

    def integration_folders(self) -> list[Folder]:
        """The integration folders by name, also broken ones: each with its ``tasks`` (TaskSpec by function name), its
        ``credentials`` (a tuple of Parameter) and its ``problem``, None when nothing is wrong.
        """
        return self.catalog.folders()

    @internal
    def listed_folders(self) -> list[Listed]:
        """The integration folders as lists show them: those that come with Flowbook are not loaded for it."""
        return self.catalog.listed()

    def integration_folder(self, name: str) -> Folder:
        """The integration folder of that name, as :meth:`integration_folders` gives it; a broken one, too.

        Raises NotFound, which suggests the nearest.
        """
        return self.catalog.folder(name)

    @internal
    def integration_folder_names(self) -> list[str]:
        """The names of the integration folders; none of them is loaded for it."""
        return self.catalog.names()

    def task(self, name: str) -> TaskSpec:
        """The task "folder.function": its ``parameters``, ``effects`` and description.

        Raises NotFound when there is no such folder or task, CatalogError when the folder cannot be imported or the
        function is no task.
        """
        return self.catalog.task(name)

    @internal
    def api_description(self, source: str | FileText) -> Description:
        """An API's description: that in a file, at an address, or the content of a file; nothing is written.

        The path of a file is meant from the workspace's folder. Raises NotFound, FileFormatError, ServiceError.
        """
        from flowbook.authoring.openapi import parse_description, read_description

        if isinstance(source, FileText):
            content = source.content
            return parse_description(content.encode() if isinstance(content, str) else content, source.name)
        at_an_address = source.lower().startswith(("http://", "https://"))
        return read_description(source if at_an_address else str(self.root / expanded(source)))

    @internal
    def make_integration_folder(self, name: str, description: Description, operations: Collection[Entry]) -> Made:
        """Write the integration folder ``name`` with a task for each of these operations of an API's description.

        Raises InvalidName, AlreadyExists, InputError without an operation, FileFormatError when none can be made.
        """
        from flowbook.authoring.openapi import operations_in, patterns_of, write_from_description

        if not operations:
            raise InputError("No operation is chosen.", "Choose at least one.")
        patterns = patterns_of(operations, operations_in(description))
        return write_from_description(self.root / "integrations", name, description, patterns=patterns)

    @internal
    def described_folder_names(self) -> list[str]:
        """The names of the workspace's own folders that were made of an API's description, and may be made anew."""
        from flowbook.authoring.openapi import RECORD

        return sorted(path.parents[1].name for path in (self.root / "integrations").glob(f"*/{RECORD}"))

    @internal
    def folder_made_of(self, name: str) -> Recorded:
        """What a folder was made of. Raises NotFound, FileFormatError, and InputError when it was edited by hand."""
        from flowbook.authoring.openapi import recorded

        return recorded(self.root / "integrations", name)

    @internal
    def folder_renewal(self, name: str, description: Description, operations: Collection[Entry]) -> Renewal:
        """What would become of a folder with these operations of a newer description; nothing is written.

        Its choice stays what it was, such as a tag, as long as that takes the same operations. Raises NotFound,
        FileFormatError, and InputError without an operation, or when what was made was edited by hand.
        """
        from flowbook.authoring.openapi import Choice, operations_in, patterns_of, renewal_from_description

        if not operations:
            raise InputError("No operation is chosen.", "Choose at least one.")
        was, found = self.folder_made_of(name).choice, operations_in(description)
        same = {one.place for one in was.among(found)} == {one.place for one in operations}
        choice = was if same else Choice(patterns=patterns_of(operations, found))
        return renewal_from_description(self.root / "integrations", name, description, choice=choice)

    @internal
    def workflows_that_call(self, tasks: Collection[str]) -> dict[str, list[str]]:
        """The names of the stored workflows that have a node of each of these tasks, of those that any has."""
        found: dict[str, list[str]] = {}
        for one in self.store.workflows():
            with suppress(NotFound):  # another process has deleted it
                for task in sorted({node.task for node in self.store.workflow(one.name).nodes.values()} & set(tasks)):
                    found.setdefault(task, []).append(one.name)
        return found

    # -- integration types -----------------------------------------------------------------------------------------

    def types(self) -> list[IntegrationType]:
        """The integration types, by name; [] when there are none."""
        return self.store.types()

    def type(self, name: str) -> IntegrationType:
        """The integration type of that name. Raises NotFound."""
        return self._integrations.type(name)

    def create_type(
        self, name: str, parameters: list[Parameter] | None = None, description: str | None = None
    ) -> IntegrationType:
        """Create an integration type for the integration folder ``name``.

        Without ``parameters`` (or a description) the folder's own are taken. Raises NotFound, naming the folders that
        exist, when there is no such folder, AlreadyExists when there is such a type, and InputError when it would
        hold in clear what the folder says is a secret.
        """
        return self._integrations.create_type(name, parameters, description)

    def update_type(self, kind: IntegrationType, *, revision: int | None = None) -> None:
        """Store an integration type that was changed; with ``revision`` (the one that was read) see :meth:`save`.

        Its integrations keep what they hold. Raises NotFound, Conflict, and UnfitCredentials for a parameter that
        becomes a password while an integration holds its value in clear, or stops being one while it is held as a
        secret or the folder says that it is one.
        """
        self.store.type(kind.name)
        self.credentials.kinds.check_change(kind)
        self.store.save_type(kind, revision=revision)

    @internal
    def type_revision(self, name: str) -> int:
        """How often an integration type was stored. Raises NotFound."""
        return self.store.type_revision(name)

    def delete_type(self, name: str) -> None:
        """Delete an integration type. Raises NotFound, and InUse naming the integrations of that type."""
        self.store.delete_type(name)

    # -- integrations ----------------------------------------------------------------------------------------------

    def integrations(self) -> list[Integration]:
        """The integrations, by name, without any secret in clear: each with its ``type``, ``fields`` and how its last
        test went (``tested_at``, ISO 8601 in UTC; ``tested_ok``; ``tested_message``).
        """
        return self.store.integrations()

    def integration(self, name: str) -> Integration:
        """The integration of that name (or id), without any secret in clear. Raises NotFound."""
        return self.store.integration(name)

    @internal
    def integration_revision(self, name: str) -> int:
        """How often an integration was stored. Raises NotFound."""
        return self.store.integration_revision(name)

    def integration_users(self, name: str) -> list[str]:
        """The names of the workflows with a node that uses an integration; none of one that is not there."""
        return self.store.integration_users(name)

    def create_integration(
        self, name: str, type: str, credentials: Mapping[str, Any], *, hosts: Collection[str] | None = None
    ) -> Integration:
        """Create an integration: its secrets are encrypted before anything is stored.

        ``hosts`` are the servers that it may be used with (``api.example.com``, ``*.example.com``,
        ``localhost:8080``); by default those that its credentials name, else the service's own. Raises NotFound for an
        unknown type, AlreadyExists, InvalidName, UnfitCredentials whose ``fields`` say what is wrong with each,
        InputError for what is no server, and VaultErrors when nothing can be encrypted.
        """
        return self._integrations.create(name, type, credentials, hosts)

    def update_integration(
        self,
        name: str,
        credentials: Mapping[str, Any],
        *,
        clear: Collection[str] = (),
        revision: int | None = None,
        hosts: Collection[str] | None = None,
    ) -> Integration:
        """Change some credentials of an integration; those not given, or empty, stay as they are.

        Those that ``clear`` names are taken away. ``hosts`` chooses the servers that it may be used with. With
        ``revision`` (the one that was read) it is Conflict when a newer one was stored since. Returns it as it is
        stored now. Raises NotFound, UnfitCredentials whose ``fields`` say what is wrong with each, InputError for what
        is no server, and VaultErrors when what it holds does not open.
        """
        return self._integrations.update(name, credentials, clear, revision, hosts)

    def integration_hosts(self, name: str) -> tuple[str, ...]:
        """The servers that an integration may be used with; nothing is sent to any other. Raises NotFound."""
        return self._integrations.hosts(name)

    def set_integration_hosts(self, name: str, hosts: Collection[str] | None) -> tuple[str, ...]:
        """Choose the servers that an integration may be used with; None: those that its credentials name again.

        Returns those that it may be used with now. Raises NotFound, InputError for what is no server.
        """
        return self._integrations.set_hosts(name, hosts)

    def duplicate_integration(self, name: str, new_name: str) -> Integration:
        """Create an integration with the same credentials under another name; a sign-in is not copied.

        Raises NotFound, AlreadyExists, InvalidName, and VaultErrors when the credentials do not open.
        """
        return self._integrations.duplicate(name, new_name)

    def rename_integration(self, name: str, new_name: str) -> list[str]:
        """Rename an integration; the names of the workflows that follow, in the same write.

        Raises NotFound, AlreadyExists, InvalidName.
        """
        own = [one for one in self.integration_users(name) if self._trust.is_own(self.store.workflow(one))]
        followed = self.credentials.safe.rename(name, new_name)
        for one in own:
            self._trust.sign(self.store.workflow(one))
        return followed

    def delete_integration(self, name: str) -> list[str]:
        """Delete an integration and its credentials; the names of the workflows that used it. Raises NotFound."""
        return self.credentials.safe.delete(name)

    # -- signing in ------------------------------------------------------------------------------------------------

    def sign_in(self, name: str, *, device: bool = False, show: Show | None = None) -> SignedIn:
        """Sign an integration in to its service, and wait until somebody has: by default in this machine's browser.

        With ``device`` a code is entered on any other machine, where the service offers that. ``show`` is given what
        has to be opened (``url``, and of a device ``code``); by default it is printed. Raises NotFound, InputError for
        a service that has no sign-in, SignInFailed.
        """
        begun = self.begin_sign_in(name, device=device)
        (show or _print)(begun)
        return self.end_sign_in(name, begun)

    def sign_out(self, name: str) -> str:
        """Sign an integration out: its tokens are revoked where the service offers that, and forgotten.

        Returns what could not be done, in words; empty when all was. Raises NotFound, InputError for a type that
        nobody signs in to, SignInFailed, and VaultErrors when the tokens do not open.
        """
        return self.credentials.sign_ins.sign_out(name)

    def signed_in(self, name: str) -> SignedIn | None:
        """How far an integration is signed in; None where there is no sign-in.

        Its ``state`` is "signed_in", "signed_out", "ended" (``why`` says how), "account" or "locked", ``account`` as
        whom, ``scopes`` for what, ``until`` the end in seconds since the epoch, 0 when that is not known. Raises
        NotFound.
        """
        return self.credentials.sign_ins.state(name)

    @internal
    def signed_in_for(self, type: str) -> str | None:
        """The credential of a type that signing in fills; None for most."""
        return self.credentials.signed_in_for(type)

    @internal
    def begin_sign_in(self, name: str, *, device: bool = False) -> BrowserSignIn | DeviceSignIn:
        """Begin to sign an integration in; :meth:`end_sign_in` waits for it."""
        return self.credentials.sign_ins.begin(name, device=device)

    @internal
    def end_sign_in(self, name: str, begun: BrowserSignIn | DeviceSignIn) -> SignedIn:
        """Wait for a sign-in that was begun, and store what came of it. Raises SignInFailed, ServiceError."""
        return self.credentials.sign_ins.end(name, begun)

    # -- testing ---------------------------------------------------------------------------------------------------

    def test_integration(self, name: str) -> NodeResult:
        """Call the folder's ``test_connection`` with an integration's credentials, and remember how that went.

        Ends after 60 seconds at the latest. A connection that fails is a result, whose ``success`` is False and whose
        ``message`` says why; raised are MissingCredentials when there are none of that name, InputError for a folder
        without a ``test_connection``, and VaultErrors when they do not open.
        """
        return self._integrations.test(name)

    def test_credentials(self, type: str, credentials: Mapping[str, Any]) -> NodeResult:
        """Call ``test_connection`` with credentials that need not be saved; it ends as :meth:`test_integration` does.

        Raises NotFound for an unknown type, UnfitCredentials for what does not fit it, InputError for a folder without
        a ``test_connection``.
        """
        return self.try_credentials(type, credentials).result

    @internal
    def try_credentials(
        self,
        type: str,
        credentials: Mapping[str, Any],
        *,
        of: str | None = None,
        clear: Collection[str] = (),
        hosts: Collection[str] | None = None,
    ) -> Trial:
        """As :meth:`test_credentials`, for a form: its ``result``, and what :meth:`remember_trial` takes.

        With ``of`` the stored credentials of that integration are used where none are given, but for those of
        ``clear``. Raises UnfitCredentials, NotFound, VaultErrors.
        """
        return self._integrations.try_out(type, credentials, of, clear, hosts)

    @internal
    def remember_trial(self, name: str, trial: Trial) -> bool:
        """Let an integration remember a trial made before it was saved, if it is what was saved; whether it is."""
        return self._integrations.remember(name, trial)


def _print(begun: BrowserSignIn | DeviceSignIn) -> None:
    code = getattr(begun, "code", "")
    print(f"Open {begun.url}{f' and enter the code {code}' if code else ''}", flush=True)
