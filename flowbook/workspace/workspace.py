"""A workspace: integration types, integrations, workflows and runs in one folder."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.errors import InputError, StoreError
from flowbook.internal import internal
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.workspace.backends import Backends
from flowbook.workspace.facade.history import HistoryFacade
from flowbook.workspace.facade.integrations import IntegrationsFacade
from flowbook.workspace.facade.key import KeyFacade
from flowbook.workspace.facade.trust import TrustFacade
from flowbook.workspace.facade.workflows import WorkflowsFacade
from flowbook.workspace.frontend import Editor, Studio, frontend
from flowbook.workspace.reading import no_workflow

if TYPE_CHECKING:
    from flowbook.workspace.copying import Copied


class Recovered(NamedTuple):
    """A store that was restored: the file, and where the ``damaged`` one is kept (None: there was none)."""

    store: Path
    damaged: Path | None


class Workspace(IntegrationsFacade, WorkflowsFacade, TrustFacade, HistoryFacade, KeyFacade):
    """The workspace of a folder.

    ``root`` is the folder; without it the nearest one upward that holds ``.flowbook/`` is taken, else the current
    folder becomes one (unless ``make`` is false: then nothing is written before something is saved). With ``memory``
    nothing is written at all, and the key too is in memory: for demonstrations on someone else's machine. When it is
    not given, the environment variable ``FLOWBOOK_MEMORY_ONLY`` decides. ``passphrase`` (a text, or a function that
    asks for it) opens a key that is protected by one. Where ``FLOWBOOK_STORE`` or the workspace's settings name a
    PostgreSQL database, all that is stored and the run history are there, for everybody who uses the same.
    """

    def __repr__(self) -> str:
        where = " (in memory)" if self.memory else f" (in {self.address})" if self.address is not None else ""
        return f"<Workspace {self.root}{where}>"

    # -- the studio ------------------------------------------------------------------------------------------------

    def studio(self) -> Studio:
        """The four tabs: Integration Types, Integrations, Workflows, Runs. A notebook shows what this returns.

        Raises FlowbookError, which says how to install it, where the package has no studio (jupyter-flowbook-core).
        """
        return frontend().studio(self)

    def edit(self, name: str | os.PathLike[str] | Workflow) -> Editor:
        """The graph editor of a stored workflow, or of a ``.flow.yaml`` file by its path. Raises NotFound, and
        InputError for a workflow that is not saved as it is given.
        """
        if isinstance(name, Workflow):
            given, name = name, name.name
            if name not in self.store.workflow_names() or self.workflow(name) != given:
                raise InputError(
                    f"the workflow {name!r} is not saved as it is.", "Save it first, with ws.save, and edit it then."
                )
        elif not isinstance(name, (str, os.PathLike)):
            raise no_workflow(name)
        return frontend().editor(self, os.fspath(name))

    @internal
    def watch_others(self, heard: Callable[[frozenset[str]], object]) -> Callable[[], None]:
        """Have ``heard`` called with "documents" or "runs" when somebody else has changed them; what ends that.

        It is called on a thread of its own. Of a workspace in files nothing is heard.
        """
        if self.address is None:
            return lambda: None
        from flowbook.postgres import listen

        return listen(self.address, heard)

    # -- the files -------------------------------------------------------------------------------------------------

    def transaction(self) -> AbstractContextManager[object]:
        """All that is stored within is stored at once, or nothing of it when there is an exception, which goes on.

        Raises StoreError when that cannot be written.
        """
        return self.store.transaction()

    def copy_to(self, place: str | os.PathLike[str]) -> Copied:
        """Copy all that is stored, and the run history, to a place that holds nothing yet.

        ``place`` is the address of a PostgreSQL database, or the folder of a workspace whose files are meant. This
        workspace stays as it is, and where it is. Returns the ``place``, and how many ``types``, ``integrations``,
        ``workflows`` and ``runs`` were copied. Raises InputError when runs go on, there is no workspace there, or there
        is something in it already, and StoreError when it cannot be written.
        """
        from flowbook.workspace.copying import backends_at, copy_all

        target, triggers = backends_at(place)
        try:
            source = Backends(self.store, self.journal, self._locks, self.address)
            return copy_all(source, self._triggered.rows, target, triggers)
        finally:
            target.store.close()
            target.journal.let_go()
            triggers.close()

    def recover(self) -> Recovered:
        """Restore the last-good copy of a damaged store; the damaged file is kept beside it.

        Returns the path of the ``store`` and that of the ``damaged`` file (None: there was none). Raises StoreError
        when the store is not damaged, StoreDamaged when the copy cannot be read either.
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
        Runs that still go on are recorded to their end all the same. Raises StoreError for what cannot be written.
        """
        self._close_triggers()
        self._warm.close()
        self.store.close()
        self.journal.let_go()
