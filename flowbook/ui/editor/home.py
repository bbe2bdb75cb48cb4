"""Where the workflow in an editor is read from and saved to: the store, or a file of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from flowbook.errors import Conflict, FileFormatError, FlowbookError, InputError, NotFound, StoreError
from flowbook.formats.flowfile import write_flow_file
from flowbook.models import Workflow
from flowbook.whole_files import replace_content
from flowbook.workspace import FileText, Workspace
from flowbook.workspace.drafts import Base
from flowbook.workspace.locks import FileLocks, Taken

ENDING = ".flow.yaml"
LOCK_SECONDS = 30.0
"""How long another editor may hold the file while it is compared and written."""


class Home(Protocol):
    """Where a workflow is kept. ``subject`` is what its drafts are found by, ``shown`` what people call the place."""

    @property
    def subject(self) -> str:
        """What the drafts of it are found by."""

    @property
    def overwriting(self) -> str:
        """What becomes of the other's version when it is overwritten, as a sentence."""

    def read(self) -> tuple[Workflow, Base]:
        """What is kept now, and what tells it from every other version. Raises NotFound, or that it is unreadable."""

    def save(self, workflow: Workflow, base: Base, *, overwrite: bool = False, trusted: bool = True) -> Base:
        """Keep ``workflow``, which began as ``base``. Raises Conflict when another version is there meanwhile.

        It is trusted by that act, unless it came from elsewhere and was not trusted before.
        """

    def is_trusted(self) -> bool:
        """Whether what is kept now may run without a question; also when there is nothing yet."""

    def save_copy(self, workflow: Workflow, *, trusted: bool = True) -> tuple[Home, Base]:
        """Keep it beside what is there, and where that is. Raises InputError when something of its name is there."""

    def names(self) -> list[str]:
        """The names that others of its kind have."""


class StoredHome:
    """A workflow of a workspace's store."""

    overwriting = "Theirs stays among the versions"

    def __init__(self, workspace: Workspace, name: str) -> None:
        self._workspace = workspace
        self.subject = name

    def read(self) -> tuple[Workflow, Base]:
        """What is stored now, and its revision. Raises NotFound."""
        return self._workspace.workflow_with_revision(self.subject)

    def is_trusted(self) -> bool:
        """Whether what is stored may run without a question."""
        return _trusted(self._workspace, self.subject)

    def save(self, workflow: Workflow, base: Base, *, overwrite: bool = False, trusted: bool = True) -> Base:
        """Store it. Raises Conflict when a newer revision was stored meanwhile, unless ``overwrite``."""
        return self._workspace.save(workflow, revision=int(base), overwrite=overwrite, trusted=trusted)

    def save_copy(self, workflow: Workflow, *, trusted: bool = True) -> tuple[Home, Base]:
        """Store it by its own name. Raises InputError when there is one."""
        try:
            revision = self._workspace.save(workflow, revision=0, trusted=trusted)
        except Conflict:
            raise InputError(f"There is a workflow {workflow.name!r} already.", "Choose another name.") from None
        return StoredHome(self._workspace, workflow.name), revision

    def names(self) -> list[str]:
        """The names of all workflows."""
        return [one.name for one in self._workspace.workflows()]


class FileHome:
    """A ``.flow.yaml`` file. What tells its versions apart is the hash of what it holds."""

    overwriting = "Theirs is kept beside it, as a file with the time in its name"

    def __init__(self, workspace: Workspace, path: Path) -> None:
        self._workspace = workspace
        self.path = path.absolute()
        self.subject = str(self.path)

    def read(self) -> tuple[Workflow, Base]:
        """What the file holds. Raises NotFound, FileFormatError, and InvalidWorkflow when it makes no workflow."""
        content = self._content()
        reading = self._workspace.read(FileText(content, self.path.name) if content is not None else self.path)
        if reading.workflow is None or not reading.storable:
            raise reading.refusal(what="be opened")
        return reading.workflow, _hash(content)

    def is_trusted(self) -> bool:
        """Whether what the file holds may run without a question."""
        return _trusted(self._workspace, self.path)

    def save(self, workflow: Workflow, base: Base, *, overwrite: bool = False, trusted: bool = True) -> Base:
        """Write the file. Raises Conflict when it was changed, or removed, since; with ``overwrite`` a copy is made."""
        with self._alone():
            content = self._content()
            if _hash(content) != base:
                if not overwrite:
                    what = "removed" if content is None else "changed"
                    raise Conflict(f"{self.path.name} was {what} since it was opened here.", 0, 0)
                if content is not None:
                    aside = self._aside()
                    try:
                        replace_content(aside, content)
                    except OSError as error:
                        raise InputError(f"{aside} cannot be written: {error.strerror or error}.") from None
            write_flow_file(workflow, self.path)
            if trusted:
                self._workspace.vouch(workflow)
            return _hash(self._content())

    def save_copy(self, workflow: Workflow, *, trusted: bool = True) -> tuple[Home, Base]:
        """Write it into a file of its own name in the same folder. Raises InputError when there is one."""
        other = FileHome(self._workspace, self.path.with_name(f"{workflow.name}{ENDING}"))
        try:
            return other, other.save(workflow, "", trusted=trusted)
        except Conflict:
            raise InputError(f"There is a file {other.path.name} already.", "Choose another name.") from None

    def names(self) -> list[str]:
        """The names of the workflows' files in the same folder, without the ending."""
        return [path.name.removesuffix(ENDING) for path in self.path.parent.glob(f"*{ENDING}")]

    def _content(self) -> bytes | None:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FileFormatError(f"{self.path}: cannot be read: {error.strerror or error}.") from None

    def _aside(self) -> Path:
        name = self.path.name.removesuffix(ENDING)
        return self.path.with_name(f"{name}.{datetime.now().astimezone():%Y%m%dT%H%M%S%f}{ENDING}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Held while the file is compared and written, by every editor of this workspace; others know no such lock.

        Raises StoreError when another keeps it too long, or it cannot be had.
        """
        folder = self._workspace.folder
        if folder is None or not folder.is_dir():
            yield
            return
        locks = FileLocks(folder / "live")
        with ExitStack() as held:
            try:
                held.enter_context(locks.held(f"file-{_hash(self.subject.encode())[:24]}", seconds=LOCK_SECONDS))
            except Taken:
                raise StoreError(
                    f"another process has kept {self.path} locked for {LOCK_SECONDS:.0f} seconds.",
                    "Look for a Flowbook process that hangs, and end it.",
                ) from None
            yield


def _trusted(workspace: Workspace, given: str | Path) -> bool:
    try:
        return workspace.is_trusted(given)
    except NotFound:
        return True  # it is about to be made here
    except FlowbookError:
        return False


def _hash(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()
