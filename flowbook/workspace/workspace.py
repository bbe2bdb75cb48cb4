"""A workspace: integration types, integrations, workflows and runs in one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.catalog import Catalog
from flowbook.errors import InputError, MissingCredentials, NotFound
from flowbook.events import Event
from flowbook.journal import Journal
from flowbook.models import Integration, IntegrationType, Parameter, Workflow, check_integration_name
from flowbook.results import NodeResult
from flowbook.store import Store
from flowbook.validation import Report
from flowbook.workspace.credentials import CredentialBook, Passphrase, secrets_among
from flowbook.workspace.frontend import Editor, Studio, frontend
from flowbook.workspace.location import FOLDER, choose_root, make_folder, memory_only
from flowbook.workspace.prepared import Preparations
from flowbook.workspace.reading import Given, Reader, Reading
from flowbook.workspace.run import Run, in_notebook
from flowbook.workspace.starting import Starter

if TYPE_CHECKING:
    from flowbook.journal import RunRecord, RunSummary
    from flowbook.store import WorkflowSummary

TEST_SECONDS = 60.0


class Workspace:
    """The workspace of a folder.

    ``root`` is the folder; without it the nearest one upward that holds ``.flowbook/`` is taken, else the current
    folder becomes one (unless ``make`` is false: then nothing is written before something is saved). With ``memory``
    nothing is written at all, and the key too is in memory: for demonstrations on someone else's machine. When it is
    not given, the environment variable ``FLOWBOOK_MEMORY_ONLY`` decides. ``passphrase`` (a text, or a function that
    asks for it) opens a key that is protected by one.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        memory: bool | None = None,
        make: bool = True,
        passphrase: Passphrase = None,
    ) -> None:
        self.root = choose_root(root)
        self.memory = memory_only() if memory is None else memory
        self.folder: Path | None = None if self.memory else self.root / FOLDER
        if self.folder is not None and make:
            make_folder(self.root)
        self.catalog = Catalog(self.root)
        self.store = Store(None if self.folder is None else self.folder / "flowbook.json")
        self.journal = Journal(None if self.folder is None else self.folder / "runs.sqlite")
        self.credentials = CredentialBook(self.store, self.catalog, passphrase, memory=self.memory)
        self._reader = Reader(self.catalog, self.store, self.credentials.misfit)
        preparations = Preparations(self._reader, self.catalog, self.store)
        self._starter = Starter(self.root, self.catalog, self.journal, self.credentials, preparations)

    def __repr__(self) -> str:
        return f"<Workspace {self.root}{' (in memory)' if self.memory else ''}>"

    # -- integration types ---------------------------------------------------------------------------------------

    def types(self) -> list[IntegrationType]:
        """The integration types."""
        return self.store.types()

    def create_type(
        self, name: str, parameters: list[Parameter] | None = None, description: str | None = None
    ) -> IntegrationType:
        """Create an integration type for the integration folder ``name``.

        Without ``parameters`` (or a description) the folder's own are taken. Raises NotFound, naming the folders that
        exist, when there is no such folder, and AlreadyExists when there is such a type.
        """
        try:
            folder = self.catalog.folder(name)
        except NotFound as error:
            nearest = f"{error.hint} " if error.hint.startswith("Did you mean") else ""
            there = f"The folders there are: {', '.join(sorted(self.catalog.names()))}."
            raise NotFound(error.what, name, hint=nearest + there) from None
        kind = IntegrationType(
            name=name,
            description=folder.description if description is None else description,
            parameters=folder.credentials if parameters is None else tuple(parameters),
        )
        self.store.save_type(kind, revision=0)
        return kind

    def update_type(self, kind: IntegrationType, *, revision: int | None = None) -> IntegrationType:
        """Replace the integration type of that name; its integrations keep what they hold.

        Raises NotFound, UnfitCredentials for a parameter that becomes a password while an integration holds its value
        in clear, and Conflict when ``revision`` (the one that was read) is not the stored one any more.
        """
        self.store.type(kind.name)
        self.credentials.check_hidden(kind)
        self.store.save_type(kind, revision=revision)
        return kind

    # -- integrations --------------------------------------------------------------------------------------------

    def integrations(self) -> list[Integration]:
        """The integrations, without any secret in clear."""
        return self.store.integrations()

    def create_integration(self, name: str, type: str, credentials: Mapping[str, Any]) -> Integration:
        """Create an integration: its secrets are encrypted before anything is stored.

        Raises NotFound for an unknown type, AlreadyExists, InputError listing every credential that does not fit.
        """
        return self.credentials.create(check_integration_name(name), self._type(type), credentials)

    def update_integration(self, name: str, credentials: Mapping[str, Any]) -> Integration:
        """Change some credentials of an integration; those not given, or empty, stay as they are."""
        stored = self.store.integration(name)
        return self.credentials.update(stored, self._type(stored.type), credentials)

    def duplicate_integration(self, name: str, new_name: str) -> Integration:
        """Create an integration with the same credentials under another name."""
        stored = self.store.integration(name)
        return self.create_integration(new_name, stored.type, self.credentials.opened(stored))

    def test_integration(self, name: str) -> NodeResult:
        """Call the folder's ``test_connection`` with an integration's credentials, and remember how that went.

        Ends after 60 seconds at the latest. A connection that fails is a result; raised are MissingCredentials when
        there are none of that name, and VaultErrors when they do not open.
        """
        values, secrets = self.credentials.of(name)
        try:
            stored: Integration | None = self.store.integration(name)
        except NotFound:
            stored = None
        if stored is None:
            raise MissingCredentials(
                f"the integration {name!r} is only in the environment, so its type is not known.",
                "Create it in the workspace to test it, or run a workflow that uses it.",
            )
        result = self._test(stored.type, values, secrets)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        tested = {"tested_at": at, "tested_ok": result.success, "tested_message": result.message}
        self.store.save_integration(stored.model_copy(update=tested))
        return result

    def test_credentials(self, type: str, credentials: Mapping[str, Any]) -> NodeResult:
        """Call ``test_connection`` with credentials that need not be saved."""
        kind = self._type(type)
        values = self.credentials.check(kind, credentials)
        return self._test(type, values, secrets_among(kind.parameters, values))

    def _test(self, type: str, values: Mapping[str, Any], secrets: list[str]) -> NodeResult:
        folder = self.catalog.folder(type)
        if folder.test_connection is None:
            raise InputError(
                f"the integration folder {type!r} has no test_connection.", "Add one: test_connection(credentials)."
            )
        return self._starter.test(f"{type}.test_connection", TEST_SECONDS, values, secrets)

    def _type(self, name: str) -> IntegrationType:
        try:
            return self.store.type(name)
        except NotFound as error:
            if name in self.catalog.names():
                raise NotFound(
                    "integration type", name, hint=f"Create it first: flowbook types create {name} --from-folder"
                ) from None
            raise error

    # -- workflows -----------------------------------------------------------------------------------------------

    def workflows(self) -> list[WorkflowSummary]:
        """What there is of each stored workflow without reading it whole."""
        return self.store.workflows()

    def workflow(self, name: str) -> Workflow:
        """The stored workflow of that name."""
        return self.store.workflow(name)

    def save(self, workflow: Workflow, *, revision: int | None = None) -> int:
        """Store a workflow and remember this version; its new revision.

        With ``revision`` (the one that was read) saving over a newer one raises Conflict; without it, it replaces.
        """
        saved = self.store.save_workflow(workflow, revision=revision)
        self.journal.add_version(workflow)
        return saved

    def import_workflow(self, path: str | os.PathLike[str], *, replace: bool = False) -> Workflow:
        """Read a ``.flow.yaml`` file and store its workflow. Raises AlreadyExists unless ``replace``.

        One with unknown tasks, missing params or bad expressions is stored, to be mended here. One that makes no
        workflow at all is refused with all its problems: InvalidWorkflow.
        """
        reading = self._reader.read(Path(path))
        workflow = reading.workflow
        if workflow is None or not reading.storable:
            raise reading.refusal(what="be imported")
        self.store.save_workflow(workflow, revision=None if replace else 0)
        self.journal.add_version(workflow)
        return workflow

    def read(self, workflow: Given) -> Reading:
        """A workflow from wherever it is (a stored one by name, a file by path, a :class:`FileText
        <flowbook.workspace.FileText>`, or a Workflow), with all its problems and where it came from.

        Raises NotFound, and FileFormatError for a file that is not readable as a document.
        """
        return self._reader.read(workflow)

    def check(self, workflow: Given) -> Report:
        """All problems of a workflow: a stored one by name, a file by path, or a Workflow."""
        return self._reader.read(workflow).report

    # -- runs ----------------------------------------------------------------------------------------------------

    def run(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        only: str | None = None,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Run a workflow and wait for it: a stored one by name, a ``.flow.yaml`` file by path, or a Workflow.

        Raises RunFailed (its ``run`` holds every node's result) or RunCancelled; before that InvalidWorkflow,
        InvalidInputs, or MissingCredentials and the other VaultErrors. Ctrl-C cancels the run.

        ``to`` runs that node and what is before it; ``only`` that node alone, with what those before it gave when
        they ran last (InputError when they have not). Inputs that are called as one of these go into ``inputs``.
        """
        given = {**(inputs or {}), **more_inputs}
        ready = self._starter.new(workflow, given, to=to, only=only, max_workers=max_workers, watch=watch)
        return _to_its_end(*ready)

    def start(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        only: str | None = None,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """As :meth:`run`, but return at once: ``run.wait()``, ``run.cancel()``, ``run.status``."""
        given = {**(inputs or {}), **more_inputs}
        run, ended = self._starter.new(workflow, given, to=to, only=only, max_workers=max_workers, watch=watch)
        run.execute_in_background(ended)
        return run

    def resume(
        self,
        run: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Go on with a run that failed, was cancelled or interrupted, and wait for it; ``run`` is its id, the beginning
        of it, or "last".

        It keeps its id, its inputs and the definition that it ran with. What is recorded as done stays done; what
        failed, was in flight or did not start runs. Only secret inputs are given again, since they are not recorded.

        Nodes that were in flight and write are held: name them in ``accept`` (it happened) or ``rerun`` (run it again),
        else RunHeld names them. Raises InputError when the run succeeded or still goes on; else as :meth:`run`.
        """
        given = {**(inputs or {}), **more_inputs}
        ready = self._starter.again(
            run, given, accept=_several(accept), rerun=_several(rerun), max_workers=max_workers, watch=watch
        )
        return _to_its_end(*ready)

    def start_resuming(
        self,
        run: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """As :meth:`resume`, but return at once: ``run.wait()``, ``run.cancel()``, ``run.status``."""
        given = {**(inputs or {}), **more_inputs}
        resumed, ended = self._starter.again(
            run, given, accept=_several(accept), rerun=_several(rerun), max_workers=max_workers, watch=watch
        )
        resumed.execute_in_background(ended)
        return resumed

    def runs(self, **filters: Any) -> list[RunSummary]:
        """The run history, the newest first; ``filters`` as of :meth:`flowbook.journal.Journal.runs`."""
        return self.journal.runs(**filters)

    def run_record(self, run: str) -> RunRecord:
        """A run of the history, by its id, the beginning of it, or "last"."""
        return self.journal.run(run)

    # -- the studio ------------------------------------------------------------------------------------------------

    def studio(self) -> Studio:
        """The four tabs: Integration Types, Integrations, Workflows, Runs."""
        return frontend().studio(self)

    def edit(self, name: str) -> Editor:
        """The graph editor of one workflow. Raises NotFound."""
        return frontend().editor(self, name)

    # -- the key ---------------------------------------------------------------------------------------------------

    def init_key(self, passphrase: str | None = None, kind: str | None = None) -> tuple[dict[str, Any], str | None]:
        """Make the key that credentials are encrypted with, or add one more way to open it.

        ``kind`` is file (the default), passphrase, keyring or environment; returns the key's status, and for
        "environment" the new key as text, shown this once.
        """
        return self.credentials.init_key(passphrase, kind)

    def unlock(self, passphrase: str | None = None) -> None:
        """Find the key that opens the credentials now, by this passphrase or what is at hand.

        Raises VaultLocked, or WrongKey for a passphrase that does not open them.
        """
        self.credentials.unlock(passphrase)

    def rotate_key(self) -> dict[str, Any]:
        """Encrypt every credential with a new key; survives being killed half-way."""
        return self.credentials.rotate_key()

    def key_status(self) -> dict[str, Any]:
        """Which key there is and what opens it; nothing secret.

        ``slots`` are the ways to open it (a key file says whether it is ``gone``), ``unlocked`` is whether one of them
        is at hand here, ``problem`` why not. Nobody is asked for a passphrase.
        """
        status, problem = self.credentials.key_status()
        return {**status, "problem": problem.message if problem is not None else ""}

    def export_key(self, path: str | os.PathLike[str], *, replace: bool = False) -> dict[str, Any]:
        """Write a key to take along into the new file ``path``, for ``FLOWBOOK_KEY_FILE``; returns the key's status.

        It is readable by its owner alone. Raises InputError for a place inside of a workspace or repository, and when
        a key was handed out already that is not at hand (``replace`` shuts out whoever has it).
        """
        return self.credentials.export_key(Path(path).expanduser(), replace=replace)

    def close(self) -> None:
        """Write what waits and let go of the files."""
        self.journal.close()


def _to_its_end(run: Run, ended: Callable[[], None]) -> Run:
    display = _notebook_display(run)
    try:
        run.execute(ended)
    finally:
        display()
    return run.check()


def _several(given: Collection[str]) -> Collection[str]:
    """``given``, also where it is one name and not in a list."""
    return (given,) if isinstance(given, str) else tuple(given)


def _notebook_display(run: Run) -> Callable[[], None]:
    """Show a run in a notebook while it goes on, and finally; nothing to do elsewhere."""
    if not in_notebook():
        return lambda: None
    from flowbook.workspace.notebook import show_while_running

    return show_while_running(run)
