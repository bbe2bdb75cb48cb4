"""What a workspace is made of."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from flowbook import environment
from flowbook.calling.warm import Warm
from flowbook.catalog import Catalog
from flowbook.trust.folders import FolderTrust
from flowbook.trust.grants import Grants
from flowbook.workspace.backends import open_backends
from flowbook.workspace.credentials import CredentialBook
from flowbook.workspace.integrations import Integrations
from flowbook.workspace.keeping import Keeper
from flowbook.workspace.key import Passphrase
from flowbook.workspace.location import FOLDER, choose_root, make_folder, memory_only
from flowbook.workspace.prepared import Preparations
from flowbook.workspace.reading import Reader
from flowbook.workspace.reusing import Reusing
from flowbook.workspace.starting import Starter
from flowbook.workspace.trusting import Trusting

if TYPE_CHECKING:
    from flowbook.workspace.drafts import Drafts
    from flowbook.workspace.recent import RecentTasks


class Parts:
    """The parts of the workspace of a folder, which what it offers is made with."""

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
        self.store, self.journal, self._locks, self.address = open_backends(self.folder)
        self.credentials = CredentialBook(
            self.store, self.catalog, passphrase, locks=self._locks, memory=self.folder is None
        )
        self._reader = Reader(self.catalog, self.store, self.credentials.misfit)
        preparations = Preparations(self._reader, self.catalog, self.store)
        self._keeper = Keeper(self.folder, self.journal)
        meanings = self.credentials.meanings
        self._trust = Trusting(self.root, self.folder, self.catalog, self.store, meanings, folders, grants)
        reusing = Reusing(self.journal, self.root, self.store.integration)
        self._warm = Warm()
        self._starter = Starter(
            self.root, self.catalog, self.journal, self.credentials, preparations, self._keeper, self._trust, reusing,
            self.folder, ref(self), self._warm,
        )  # fmt: skip
        self._integrations = Integrations(self.store, self.catalog, self.credentials, self._starter)

    @cached_property
    def drafts(self) -> Drafts:
        """What was edited and not saved."""
        from flowbook.workspace.drafts import Drafts  # for the studio; a run does without

        return Drafts(self.root, self.folder)

    @cached_property
    def recent_tasks(self) -> RecentTasks:
        """The tasks that were added last."""
        from flowbook.workspace.recent import RecentTasks  # as above

        return RecentTasks(self.store.place, memory=self.memory)
