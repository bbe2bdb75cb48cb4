"""A workspace: integration types, integrations, workflows and runs in one folder."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakMethod

from flowbook import environment
from flowbook.catalog import Catalog
from flowbook.errors import AlreadyRunning, NotFound, StoreError, Untrusted
from flowbook.events import Event
from flowbook.models import Integration, IntegrationType, Parameter, Workflow
from flowbook.results import NodeResult
from flowbook.trust.folders import FolderTrust
from flowbook.trust.grants import Grant, Grants, Reach
from flowbook.validation import Report
from flowbook.workspace.backends import open_backends
from flowbook.workspace.credentials import CredentialBook, Passphrase
from flowbook.workspace.drafts import Drafts
from flowbook.workspace.earlier import LastValues, last_values
from flowbook.workspace.frames import Runs
from flowbook.workspace.frontend import Editor, Studio, frontend
from flowbook.workspace.history import Moment, filters, version_name
from flowbook.workspace.integrations import Integrations, Trial
from flowbook.workspace.keeping import Keeper
from flowbook.workspace.limits import Limit
from flowbook.workspace.location import FOLDER, choose_root, make_folder, memory_only
from flowbook.workspace.notebook import run_to_its_end
from flowbook.workspace.past import PastRun
from flowbook.workspace.prepared import Preparations
from flowbook.workspace.reading import Given, Origin, Reader, Reading
from flowbook.workspace.recent import RecentTasks
from flowbook.workspace.reusing import Reusing
from flowbook.workspace.run import Run
from flowbook.workspace.starting import Starter, Trust
from flowbook.workspace.sweep import Sweep, Sweeping, grid
from flowbook.workspace.taping import Place, taping
from flowbook.workspace.trusting import FolderReview, Trusting
from flowbook.workspace.turns import turn

if TYPE_CHECKING:
    from flowbook.catalog import Folder
    from flowbook.events import NodeOutput
    from flowbook.journal import Pruned, RunRecord, Version
    from flowbook.store import WorkflowSummary
    from flowbook.tasks import TaskSpec
    from flowbook.trust.review import Review
    from flowbook.workspace.cell import Cell
    from flowbook.workspace.rescuing import Rescue
    from flowbook.workspace.scanning import Finding


class Recovered(NamedTuple):
    """A store that was restored: the file, and where the ``damaged`` one is kept (None: there was none)."""

    store: Path
    damaged: Path | None


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
        environment.take()
        self.root = choose_root(root)
        self.memory = memory_only() if memory is None else memory
        self.folder: Path | None = None if self.memory else self.root / FOLDER
        grants = Grants()
        folders = FolderTrust(self.root, self.folder, grants)
        if self.folder is None or (make and make_folder(self.root)):
            folders.made_here()
        self.catalog = Catalog(self.root, gate=folders.admission)
        self.store, self.journal = open_backends(self.folder)
        self.drafts = Drafts(self.root, self.folder)
        self.credentials = CredentialBook(self.store, self.catalog, passphrase, memory=self.memory)
        self._reader = Reader(self.catalog, self.store, self.credentials.misfit)
        preparations = Preparations(self._reader, self.catalog, self.store)
        self._keeper = Keeper(self.folder, self.journal)
        meanings = self.credentials.meanings
        self._trust = Trusting(self.root, self.folder, self.catalog, self.store, meanings, folders, grants)
        reusing = Reusing(self.journal, self.root, self.store.integration)
        self._starter = Starter(
            self.root, self.catalog, self.journal, self.credentials, preparations, self._keeper, self._trust, reusing,
            WeakMethod(self.as_cell),
        )  # fmt: skip
        self._integrations = Integrations(self.store, self.catalog, self.credentials, self._starter)
        self.recent_tasks = RecentTasks(self.store.place, memory=self.memory)

    def __repr__(self) -> str:
        return f"<Workspace {self.root}{' (in memory)' if self.memory else ''}>"

    # -- integration folders ---------------------------------------------------------------------------------------

    def integration_folders(self) -> list[Folder]:
        """The integration folders with their tasks; a broken one has its ``problem``."""
        return self.catalog.folders()

    def integration_folder(self, name: str) -> Folder:
        """The integration folder of that name. Raises NotFound."""
        return self.catalog.folder(name)

    def integration_folder_names(self) -> list[str]:
        """The names of the integration folders; none of them is loaded for it."""
        return self.catalog.names()

    def task(self, name: str) -> TaskSpec:
        """The task "folder.function": its parameters and effects. Raises NotFound, CatalogError for a broken folder."""
        return self.catalog.task(name)

    # -- integration types -----------------------------------------------------------------------------------------

    def types(self) -> list[IntegrationType]:
        """The integration types."""
        return self.store.types()

    def type(self, name: str) -> IntegrationType:
        """The integration type of that name. Raises NotFound."""
        return self._integrations.type(name)

    def create_type(
        self, name: str, parameters: list[Parameter] | None = None, description: str | None = None
    ) -> IntegrationType:
        """Create an integration type for the integration folder ``name``.

        Without ``parameters`` (or a description) the folder's own are taken. Raises NotFound, naming the folders that
        exist, when there is no such folder, and AlreadyExists when there is such a type.
        """
        return self._integrations.create_type(name, parameters, description)

    def update_type(self, kind: IntegrationType, *, revision: int | None = None) -> None:
        """Store an integration type that was changed; with ``revision`` (the one that was read) see :meth:`save`.

        Its integrations keep what they hold. Raises NotFound, and UnfitCredentials for a parameter that becomes a
        password while an integration holds its value in clear, or stops being one while it is held as a secret or the
        folder says that it is one.
        """
        self.store.type(kind.name)
        self.credentials.check_change(kind)
        self.store.save_type(kind, revision=revision)

    def type_revision(self, name: str) -> int:
        """How often an integration type was stored. Raises NotFound."""
        return self.store.type_revision(name)

    def delete_type(self, name: str) -> None:
        """Delete an integration type. Raises NotFound, and InUse naming the integrations of that type."""
        self.store.delete_type(name)

    # -- integrations ----------------------------------------------------------------------------------------------

    def integrations(self) -> list[Integration]:
        """The integrations, without any secret in clear."""
        return self.store.integrations()

    def integration(self, name: str) -> Integration:
        """The integration of that name (or id), without any secret in clear. Raises NotFound."""
        return self.store.integration(name)

    def integration_revision(self, name: str) -> int:
        """How often an integration was stored. Raises NotFound."""
        return self.store.integration_revision(name)

    def integration_users(self, name: str) -> list[str]:
        """The names of the workflows with a node that uses an integration."""
        return self.store.integration_users(name)

    def create_integration(
        self, name: str, type: str, credentials: Mapping[str, Any], *, hosts: Collection[str] | None = None
    ) -> Integration:
        """Create an integration: its secrets are encrypted before anything is stored.

        ``hosts`` are the servers that it may be used with (``api.example.com``, ``*.example.com``,
        ``localhost:8080``); by default those that its credentials name, else the service's own. Raises NotFound for an
        unknown type, AlreadyExists, InputError listing every credential that does not fit.
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
        ``revision`` (the one that was read) see :meth:`save`.
        """
        return self._integrations.update(name, credentials, clear, revision, hosts)

    def integration_hosts(self, name: str) -> tuple[str, ...]:
        """The servers that an integration may be used with; nothing is sent to any other. Raises NotFound."""
        return self._integrations.hosts(name)

    def set_integration_hosts(self, name: str, hosts: Collection[str] | None) -> tuple[str, ...]:
        """Choose the servers that an integration may be used with; None: those that its credentials name again."""
        return self._integrations.set_hosts(name, hosts)

    def duplicate_integration(self, name: str, new_name: str) -> Integration:
        """Create an integration with the same credentials under another name."""
        return self._integrations.duplicate(name, new_name)

    def rename_integration(self, name: str, new_name: str) -> list[str]:
        """Rename an integration; the names of the workflows that follow, in the same write."""
        own = [one for one in self.integration_users(name) if self._trust.is_own(self.store.workflow(one))]
        followed = self.credentials.safe.rename(name, new_name)
        for one in own:
            self._trust.sign(self.store.workflow(one))
        return followed

    def delete_integration(self, name: str) -> list[str]:
        """Delete an integration and its credentials; the names of the workflows that used it."""
        return self.credentials.safe.delete(name)

    def test_integration(self, name: str) -> NodeResult:
        """Call the folder's ``test_connection`` with an integration's credentials, and remember how that went.

        Ends after 60 seconds at the latest. A connection that fails is a result; raised are MissingCredentials when
        there are none of that name, and VaultErrors when they do not open.
        """
        return self._integrations.test(name)

    def test_credentials(self, type: str, credentials: Mapping[str, Any]) -> NodeResult:
        """Call ``test_connection`` with credentials that need not be saved."""
        return self.try_credentials(type, credentials).result

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

    def remember_trial(self, name: str, trial: Trial) -> bool:
        """Let an integration remember a trial made before it was saved, if it is what was saved; whether it is."""
        return self._integrations.remember(name, trial)

    # -- workflows -------------------------------------------------------------------------------------------------

    def workflows(self) -> list[WorkflowSummary]:
        """What there is of each stored workflow without reading it whole."""
        return self.store.workflows()

    def workflow(self, name: str) -> Workflow:
        """The stored workflow of that name; it remembers its revision for :meth:`save`. Raises NotFound."""
        return self.store.workflow(name)

    def workflow_with_revision(self, name: str) -> tuple[Workflow, int]:
        """The stored workflow of that name, and the revision it is. Raises NotFound."""
        return self.store.workflow_with_revision(name)

    def save(
        self,
        workflow: Workflow,
        *,
        revision: int | None = None,
        overwrite: bool = False,
        trusted: bool = True,
    ) -> int:
        """Store a workflow and remember this version; its new revision.

        What is saved is trusted by that act, unless ``trusted`` is false: then it is asked about before it runs.

        A workflow that was read here, or saved here before, remembers the revision that it began as: Conflict when
        a newer one was stored since, with nothing changed. ``overwrite`` replaces whatever is there (it stays among the
        :meth:`versions`); ``revision`` says which one must be there, 0 that there must be none (AlreadyExists).
        """
        with self.store.transaction():
            expected = self._expected(workflow) if revision is None else revision
            saved = self.store.save_workflow(workflow, revision=None if overwrite else expected)
        self.journal.add_version(workflow)
        if trusted:
            self._trust.sign(workflow)
        return saved

    def _expected(self, workflow: Workflow) -> int | None:
        """The revision that ``workflow`` may be stored over, as far as it remembers one and there still is one."""
        known = workflow.revision_in(self.store.place)
        if known is None:
            return None
        try:
            return min(known, self.store.workflow_revision(workflow.name))
        except NotFound:
            return None

    def rename_workflow(self, name: str, new_name: str) -> int:
        """Rename a stored workflow with its versions; its new revision. Raises NotFound, AlreadyExists, InvalidName."""
        revision = self.store.rename_workflow(name, new_name)
        if new_name != name:
            self.journal.move_versions(name, new_name)
            self.drafts.rename(name, new_name)
        return revision

    def delete_workflow(self, name: str) -> None:
        """Delete a stored workflow; its runs and versions stay in the history. Raises NotFound."""
        self.store.delete_workflow(name)
        self.drafts.forget(name)

    def versions(self, name: str) -> list[Version]:
        """The definitions that a workflow has had, the newest first: the last fifty, and all that were named."""
        return self.journal.versions(name)

    def name_version(self, version: Version, name: str) -> None:
        """Give one of the :meth:`versions` a name, with "" none. Raises NotFound, InputError for a name too long."""
        self.journal.name_version(version, version_name(name))

    def version(self, hash: str) -> Workflow:
        """The workflow as it was at one of its :meth:`versions`, by its hash or the beginning of it, else NotFound."""
        return self.journal.definition(hash)

    def import_workflow(self, path: str | os.PathLike[str], *, replace: bool = False) -> Workflow:
        """Read a ``.flow.yaml`` file and store its workflow. Raises AlreadyExists unless ``replace``.

        It is trusted no more than the file was (see :meth:`review`). One with unknown tasks, missing params or bad
        expressions is stored, to be mended here. One that makes no
        workflow at all is refused with all its problems: InvalidWorkflow.
        """
        reading = self._reader.read(Path(path))
        workflow = reading.workflow
        if workflow is None or not reading.storable:
            raise reading.refusal(what="be imported")
        own = self._trust.is_own(workflow, reading.origin)
        self.store.save_workflow(workflow, revision=None if replace else 0)
        self.journal.add_version(workflow)
        if own:
            self._trust.sign(workflow)
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

    def checker(self) -> Callable[[Given], Report]:
        """As :meth:`check`, for many workflows: it looks at tasks, integrations and names once, for all of them."""
        reader = self._reader.at_once()
        return lambda workflow: reader.read(workflow).report

    # -- trust -----------------------------------------------------------------------------------------------------

    def review(self, workflow: Given, *, restricted: bool = False) -> Review:
        """All that a workflow is able to do here, and what of it (``missing``) nobody consented to yet.

        ``print(review)`` shows it, code in full; ``review.sha256`` stands for just that. Nothing of it is run. Raises
        Untrusted when the code of this workspace's own ``integrations/`` has to be looked at first. A Workflow object
        is trusted, unless it is said to be ``restricted``: then it is looked at as one from elsewhere.
        """
        reading = self._reader.read(workflow)
        if restricted and reading.workflow is not None:
            reading = reading._replace(origin=Origin("text", reading.workflow.name))
        return self._trust.review(reading)

    def trust(self, workflow: Given, sha256: str, *, reach: Reach = "version") -> Review:
        """Consent to what :meth:`review` showed: ``sha256`` is that of what was looked at.

        ``reach`` is how far it goes: this "version", this "file" from now on (asked again only for what it could not do
        before), or every workflow file of its "folder". Raises Untrusted when it is not what was looked at.
        """
        looked = self.review(workflow)
        if sha256 != looked.sha256:
            raise Untrusted(
                f"{looked.name} is not what was looked at: its SHA-256 is {looked.sha256}, not {sha256}.",
                "Look at it again: print(ws.review(…)), or flowbook trust --print …",
            )
        self._trust.grant(looked, reach)
        return looked

    def vouch(self, workflow: Workflow) -> None:
        """Trust a workflow because a person made or changed it here, or looked at all of it, as in the studio."""
        self._trust.sign(workflow)

    def review_folder(self) -> FolderReview:
        """What this workspace brings along: the code of its ``integrations/``, and workflows that nobody made here."""
        return self._trust.review_folder()

    def trust_folder(self, sha256: str, *, version: bool = False) -> FolderReview:
        """Trust the code of this workspace's ``integrations/`` and the workflows stored in it, all together.

        With ``version`` only the code as it is now. Raises Untrusted when it is not what :meth:`review_folder` showed.
        """
        looked = self._trust.review_folder()
        if looked.sha256 != sha256:
            raise Untrusted(
                f"{self.root} is not what was looked at: its SHA-256 is {looked.sha256}, not {sha256}.",
                "Look at it again: flowbook trust --print FOLDER",
            )
        if self.folder is not None:
            make_folder(self.root)
        self._trust.grant_folder(looked, version=version)
        return looked

    def is_trusted(self, workflow: Given) -> bool:
        """Whether a workflow may run without a question."""
        reading = self._reader.read(workflow)
        return reading.workflow is not None and self._trust.is_trusted(reading.workflow, reading.origin)

    def grants(self) -> list[Grant]:
        """What this user trusts, in every workspace; StoreError when the file that says it was changed."""
        found = self._trust.grants.all()
        if self._trust.grants.problem:
            raise StoreError(self._trust.grants.problem, "What you trust next begins a new one; this one is kept.")
        return found

    def revoke(self, name: str) -> list[Grant]:
        """Take back what was granted: to a workflow by its name, a file or a workspace by its path; what is gone."""
        return self._trust.revoke(name)

    # -- runs ----------------------------------------------------------------------------------------------------

    def run(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        only: str | None = None,
        fresh: bool = False,
        timeout: float | None = None,
        dry_run: bool = False,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        sha256: str | None = None,
        record: Place | None = None,
        replay: Place | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Run a workflow and wait for it: a stored one by name, a ``.flow.yaml`` file by path, or a Workflow.

        Raises RunFailed (its ``run`` holds every node's result) or RunCancelled; before that InvalidWorkflow,
        InvalidInputs, or MissingCredentials and the other VaultErrors: Untrusted for a workflow that came from
        elsewhere and asks for what nobody consented to (:meth:`review`). ``sha256`` has just what was looked at run
        once. Ctrl-C cancels the run.

        ``to`` runs that node and what is before it; ``only`` that node alone, with what those before it gave when
        they ran last (InputError when they have not). With ``fresh`` nodes with a ``cache`` run too, whatever is
        known of them. A run that is not over after ``timeout`` seconds is cancelled. Inputs that are called as one of
        these go into ``inputs``.

        With ``dry_run`` what reads is called, and what would change anything outside only says what it would do
        (``run["send"].intents``); what depends on its data stops there. Nothing is recorded in the history.

        ``record`` is a file, a cassette, that what services answer is kept in, without secrets; with ``replay`` the run
        is answered by it: nothing leaves the machine, and nothing is recorded in the history. What is not on it fails
        its node. With both, nodes with a ``cache`` run, and nodes that are ``isolate`` run in this process.
        """
        given, limit = {**(inputs or {}), **more_inputs}, Limit(timeout)
        trust = Trust(sha256=sha256)
        ready = self._starter.new(
            workflow,
            given,
            to=to,
            only=only,
            fresh=fresh,
            rehearse=dry_run,
            max_workers=max_workers,
            watch=watch,
            trust=trust,
            taping=taping(record, replay),
        )
        limit.watch(ready[0])
        with limit.explaining():
            return run_to_its_end(*ready)

    def start(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        only: str | None = None,
        fresh: bool = False,
        timeout: float | None = None,
        dry_run: bool = False,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        sha256: str | None = None,
        restricted: bool = False,
        **more_inputs: Any,
    ) -> Run:
        """As :meth:`run`, but return at once: ``run.wait()``, ``run.cancel()``, ``run.status``.

        A Workflow object is trusted, as whoever has one can do all; ``restricted`` has it asked about like a file.
        """
        given, limit = {**(inputs or {}), **more_inputs}, Limit(timeout)
        trust = Trust(restricted, sha256)
        run, ended = self._starter.new(
            workflow,
            given,
            to=to,
            only=only,
            fresh=fresh,
            rehearse=dry_run,
            max_workers=max_workers,
            watch=watch,
            trust=trust,
        )
        run.execute_in_background(ended)
        limit.watch(run)
        return run

    def sweep(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        parallel: int = 4,
        timeout: float | None = None,
        max_workers: int = 8,
        **more_inputs: Any,
    ) -> Sweep:
        """Run a workflow with every combination of the lists (or ranges, or columns) that are given for its inputs.

        ``ws.sweep("sales", minimum=range(0, 100, 10), city=["Rome", "Oslo"])`` makes twenty runs, ``parallel`` of them
        at a time, each in the run history; anything else is the same for all, and an input that is a list itself is
        given in a list of one. ``.to_frame("sums")`` has their inputs, how they ended and a node's data as a table.

        A run that fails is a row. Raises InvalidWorkflow and the like before anything runs, NotFound for an input that
        there is not, and RunCancelled after Ctrl-C, which cancels what goes on: its ``run`` is the sweep so far.
        """
        reading = self.read(workflow)
        if reading.workflow is None:
            raise reading.refusal()
        flow, given = reading.workflow, {**(inputs or {}), **more_inputs}
        for name in given:
            if name not in flow.inputs:
                raise NotFound("input", name, flow.inputs)
        options: dict[str, Any] = {"timeout": timeout, "max_workers": max_workers}
        return Sweeping(flow.name, grid(given), lambda one: self.start(workflow, one, **options), parallel).run()

    def resume(
        self,
        run: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Go on with a run that failed, was cancelled or interrupted, and wait for it; ``run`` is its id, the beginning
        of it, or "last".

        It keeps its id, its inputs and the definition that it ran with. What is recorded as done stays done; what
        failed, was in flight or did not start runs. Only secret inputs are given again, since they are not recorded.

        Nodes, and items of ``for_each`` nodes (``NODE[3]``), that were in flight and write are held: name them in
        ``accept`` (it happened) or ``rerun`` (run it again),
        else RunHeld names them. ``results`` gives the data of nodes that did not succeed, by id: they count as
        succeeded then, and the history says that it was given. Raises InputError when the run succeeded or still goes
        on; else as :meth:`run`.
        """
        given = {**(inputs or {}), **more_inputs}
        ready = self._starter.again(
            run, given, accept=_several(accept), rerun=_several(rerun), results=results,
            max_workers=max_workers, watch=watch,
        )  # fmt: skip
        return run_to_its_end(*ready)

    def start_resuming(
        self,
        run: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
        max_workers: int = 8,
        watch: Callable[[Event], None] | None = None,
        **more_inputs: Any,
    ) -> Run:
        """As :meth:`resume`, but return at once: ``run.wait()``, ``run.cancel()``, ``run.status``."""
        given = {**(inputs or {}), **more_inputs}
        resumed, ended = self._starter.again(
            run, given, accept=_several(accept), rerun=_several(rerun), results=results,
            max_workers=max_workers, watch=watch,
        )  # fmt: skip
        resumed.execute_in_background(ended)
        return resumed

    def rescue(self, run: str, node: str, inputs: Mapping[str, Any] | None = None, **more_inputs: Any) -> Rescue:
        """A node of a run that did not succeed, to be worked on in a cell: ``run`` as for :meth:`resume`.

        Give the inputs that the history does not hold, where they are needed. Raises NotFound, and InputError for a
        node that succeeded.
        """
        from flowbook.workspace.rescuing import Rescue

        record = self.journal.run(run)
        stand = partial(self._starter.stand_in, record, node)
        return Rescue(self, record, node, {**(inputs or {}), **more_inputs}, stand)

    def as_cell(self, run: str, node: str) -> Cell:
        """A node of a run that did not succeed, as a cell with its real inputs and its code or call.

        A notebook puts the cell below the one that this is the last value of; elsewhere its ``code`` is the text. When
        it was mended and has run, **Continue** goes on with the run. Raises as :meth:`rescue`.
        """
        from flowbook.workspace.cell import cell_of

        return cell_of(self.rescue(run, node))

    def runs(
        self,
        workflow: str | None = None,
        status: str | None = None,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int | None = 50,
    ) -> Runs:
        """The run history, the newest first: of one workflow, with one status, started between two moments.

        A moment is "7d" or "12h" (so long ago), a date or a time ("2026-01-31", "2026-01-31T08:00", or an object of
        ``datetime``), or seconds since the epoch; ``until`` a day counts that day. Raises InputError for what is none.
        ``limit`` is how many at the most, None for all. It is a list, with ``to_frame()`` for a table.
        """
        found = self.journal.runs(**filters(workflow, status, since, until, limit))
        return Runs(found, lambda run: self.journal.run(run).inputs)

    def last(self, workflow: str | Workflow, status: str | None = None) -> PastRun:
        """The newest run of a workflow (with one status) in the history: ``ws.last("sales")["sums"].data``.

        Raises NotFound when it has not run yet.
        """
        name = workflow.name if isinstance(workflow, Workflow) else workflow
        found = self.runs(name, status, limit=1)
        if not found:
            raise NotFound(
                f"{status} run of the workflow" if status else "run of the workflow", name, self.workflows_run()
            )
        record = self.journal.run(found[0].id)
        id = record.summary.id
        return PastRun(record, lambda node: self.journal.output(id, node), lambda node: self.as_cell(id, node))

    def turn(
        self, workflow: Given, *, waiting: Callable[[AlreadyRunning], object] | None = None
    ) -> AbstractContextManager[None]:
        """Within, no other run of a workflow goes on: none that has begun, and none that asked for its turn too.

        Raises AlreadyRunning when there is one. With ``waiting``, which is told once, its end is waited for instead.
        """
        found = workflow if isinstance(workflow, Workflow) else self.read(workflow).workflow
        return nullcontext() if found is None else turn(self.folder, self.journal, found.name, waiting)

    def run_record(self, run: str) -> RunRecord:
        """A run of the history, by its id, the beginning of it, or "last"."""
        return self.journal.run(run)

    def run_output(self, run: str, node: str | None = None) -> list[NodeOutput]:
        """What the nodes of a run of the history (or one of them) printed and displayed, in order."""
        return self.journal.output(run, node)

    def delete_runs(self, runs: Iterable[str]) -> int:
        """Delete runs from the history, named as for :meth:`run_record`; how many.

        Raises InputError, and deletes none, when one is still going.
        """
        return self.journal.delete(runs)

    def prune_runs(
        self,
        keep: int | None = None,
        older_than: Moment | None = None,
        *,
        workflow: str | None = None,
        dry_run: bool = False,
    ) -> Pruned:
        """Delete old runs (of one workflow) from the history; their ids, and how many bytes of the file they took.

        All but the ``keep`` newest go, or those that began before ``older_than`` (a moment as for :meth:`runs`, such as
        "30d"), or both; without either, what the workspace's settings do not keep. Runs that go on or can be resumed
        stay, and the runs inside of another go with that one. ``dry_run`` deletes nothing. The space goes back.
        """
        return self._keeper.prune(keep, older_than, workflow=workflow, dry_run=dry_run)

    def workflows_run(self) -> list[str]:
        """The names of the workflows that have runs in the history, also of those that are not stored any more."""
        return self.journal.workflows()

    def last_values(self, workflow: Workflow, run: str = "") -> LastValues:
        """What the last runs of a workflow gave, for each of its nodes, and the inputs of the last one; or one ``run``.

        Raises NotFound when there is no such run, and StoreDamaged when its record makes no sense.
        """
        return last_values(self.journal, workflow, run)

    # -- the studio ------------------------------------------------------------------------------------------------

    def studio(self) -> Studio:
        """The four tabs: Integration Types, Integrations, Workflows, Runs."""
        return frontend().studio(self)

    def edit(self, name: str) -> Editor:
        """The graph editor of a stored workflow, or of a ``.flow.yaml`` file by its path. Raises NotFound."""
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

    def wants_passphrase(self) -> bool:
        """Whether the credentials are locked here, and a passphrase would open them; nobody is asked for it."""
        return self.credentials.wants_passphrase()

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

    def scan(self, paths: Iterable[str | os.PathLike[str]]) -> list[Finding]:
        """Where secret values of this workspace stand in these files and folders, in every form that is looked for.

        Raises NotFound for a path that is not there, InputError for a file that cannot be read, VaultErrors.
        """
        from flowbook.workspace.scanning import scan

        return scan([Path(path) for path in paths], self.credentials.all_secrets())

    # -- the files -------------------------------------------------------------------------------------------------

    def transaction(self) -> AbstractContextManager[object]:
        """All that is stored within is stored at once, or nothing of it when there is an exception."""
        return self.store.transaction()

    def recover(self) -> Recovered:
        """Restore the last-good copy of a damaged store; the damaged file is kept beside it.

        Raises StoreError when the store is not damaged, StoreDamaged when the copy cannot be read either.
        """
        damaged = self.store.recover()
        return Recovered(Path(self.store.path or ""), damaged)

    def __enter__(self) -> Workspace:
        return self

    def __exit__(self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            self.close()
        except StoreError:
            if error is None:  # else that is what is to be seen
                raise

    def close(self) -> None:
        """Write what waits and let go of the files; ``with Workspace() as ws:`` does it at the end.

        A workspace that is closed may be used again, and one that is dropped without being closed leaves nothing open.
        Runs that still go on are recorded to their end all the same.
        """
        self.journal.let_go()


def _several(given: Collection[str]) -> Collection[str]:
    """``given``, also where it is one name and not in a list."""
    return (given,) if isinstance(given, str) else tuple(given)
