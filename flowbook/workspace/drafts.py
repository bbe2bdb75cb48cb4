"""Edits that are not saved yet, kept so that a crash, a kernel that ends or a page that is loaded again loses nothing.

A draft is no revision: nothing that reads workflows sees it. Each editor keeps one of its own, in a file of its own, so
two that edit the same workflow never overwrite each other's; a file is replaced as a whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import threading
import uuid
import weakref
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from flowbook.errors import FlowbookError, StoreError
from flowbook.journal.owners import Owner
from flowbook.json_text import parse_json
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.whole_files import text_in
from flowbook.workspace.location import make_folder

FOLDER = "drafts"
FORMAT = 1

Base = int | str
"""What the edits began with: the revision of a stored workflow, or the hash of a file's content; 0 or "" for none."""


class Draft(NamedTuple):
    """Unsaved edits of ``subject``, the name of a stored workflow or the path of a file: the whole workflow as it was.

    ``base`` is what they began with, ``saved_at`` when they were kept, in UTC.
    """

    id: str
    subject: str
    workflow: Workflow
    base: Base
    saved_at: datetime


class Found(NamedTuple):
    """The drafts of one subject, the newest first: those to go on with, and those that another process is editing now.

    ``unreadable`` are files that hold no draft that can be read here; they stay where they are.
    """

    drafts: list[Draft]
    elsewhere: list[Draft]
    unreadable: list[Path]


class Drafts:
    """The drafts of the workspace in ``root``; in memory alone without the ``folder`` that it keeps its things in."""

    def __init__(self, root: Path, folder: Path | None) -> None:
        self._root = root
        self._folder = None if folder is None else folder / FOLDER
        self._process = _process(None if folder is None else folder / "live")
        self._memory: dict[str, Draft] = {}

    def look(self, subject: str) -> Found:
        """The drafts of a workflow (by its name) or of a file (by its path). Raises StoreError."""
        found = Found([], [], [])
        for path, document in self._documents():
            draft = None if document is None else _read(path, document)
            if draft is None:
                if path.name.startswith(f"{_slug(subject)}."):
                    found.unreadable.append(path)
            elif draft.subject == subject:
                here = document is not None and self._process.may_take(str(document.get("owner")))
                (found.drafts if here else found.elsewhere).append(draft)
        found.drafts.extend(one for one in self._memory.values() if one.subject == subject)
        for drafts in (found.drafts, found.elsewhere):
            drafts.sort(key=lambda one: one.saved_at, reverse=True)
        return found

    def times(self) -> dict[str, datetime]:
        """Which subjects have drafts, and when the newest of each was kept. Raises StoreError."""
        newest: dict[str, datetime] = {}
        kept = [(one.subject, one.saved_at) for one in self._memory.values()]
        kept += [(str(one["subject"]), _moment(one)) for _, one in self._documents() if one is not None]
        for subject, at in kept:
            newest[subject] = max(at, newest.get(subject, at))
        return newest

    def keep(self, id: str, subject: str, workflow: Workflow, base: Base) -> datetime:
        """Keep ``workflow`` as the draft ``id``, in place of what that was; when that was. Raises StoreError."""
        now = datetime.now(timezone.utc)
        if self._folder is None:
            self._memory[id] = Draft(id, subject, workflow.clone(), base, now)
            return now
        make_folder(self._root)
        with _told(self._folder, "written"):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            document = {
                "flowbook_draft": FORMAT, "subject": subject, "base": base, "saved_at": now.isoformat(),
                "owner": self._process.holding(id), "workflow": workflow.to_document(),
            }  # fmt: skip
            path = self._folder / f"{_slug(subject)}.{id}.json"
            _replace(path, document)
            for before in self._folder.glob(f"*.{id}.json"):  # of a workflow that was called otherwise
                if before != path:
                    before.unlink(missing_ok=True)
        return now

    def drop(self, id: str) -> None:
        """Remove the draft ``id``, if there is one. Raises StoreError."""
        self._memory.pop(id, None)
        if self._folder is not None:
            with _told(self._folder, "written"):
                for path in self._folder.glob(f"*.{id}.*"):
                    path.unlink(missing_ok=True)
        self._process.let_go(id)

    def rename(self, subject: str, new: str) -> None:
        """Have the drafts of a workflow follow it to its new name. Raises StoreError."""
        for draft in self.look(subject).drafts:
            self.keep(draft.id, new, draft.workflow.copy_as(new), draft.base)

    def forget(self, subject: str) -> None:
        """Remove the drafts of a workflow, but for those that another process is editing. Raises StoreError."""
        for draft in self.look(subject).drafts:
            self.drop(draft.id)

    def _documents(self) -> Iterator[tuple[Path, dict[str, Any] | None]]:
        """Each file with the document in it, None where there is none that can be read."""
        if self._folder is None or not self._folder.is_dir():
            return
        with _told(self._folder, "read"):
            paths = sorted(self._folder.glob("*.json"))
        for path in paths:
            try:
                document = parse_json(text_in(path))
                _moment(document)
                known = document["flowbook_draft"] == FORMAT and isinstance(document["subject"], str)
            except FileNotFoundError:
                continue  # taken by another, just now
            except (OSError, ValueError, KeyError, TypeError):
                known = False
            yield path, document if known else None


class _Process:
    """This process, as the one that edits: it holds a lock file while it has drafts, so others leave those alone."""

    def __init__(self, folder: Path | None) -> None:
        self._owner = Owner(folder)
        self._held: set[str] = set()
        self._guard = threading.Lock()

    def holding(self, id: str) -> str:
        """Who holds the draft ``id`` from now on."""
        with self._guard:
            self._held.add(id)
            self._owner.claim()
        return self._owner.id

    def let_go(self, id: str) -> None:
        """The draft is there no more, or is another's."""
        with self._guard:
            self._held.discard(id)
            if not self._held:
                self._owner.release()

    def may_take(self, owner: str) -> bool:
        """Whether the owner of a draft is this process, or one that has ended."""
        return owner == self._owner.id or self._owner.is_gone(owner)


_PROCESSES: weakref.WeakValueDictionary[tuple[int, str], _Process] = weakref.WeakValueDictionary()
_GUARD = threading.Lock()


def _process(folder: Path | None) -> _Process:
    """The one of this process for all workspaces in that folder: a cell that is run again makes another workspace."""
    if folder is None:
        return _Process(None)
    with _GUARD:
        key = (os.getpid(), str(folder))
        found = _PROCESSES.get(key) or _Process(folder)
        _PROCESSES[key] = found
        return found


def new_id() -> str:
    """An id for a draft that nothing else has."""
    return uuid.uuid4().hex


def _slug(subject: str) -> str:
    """What the file of a draft is called by; a path is told by its hash, the name of a workflow stands as it is."""
    if re.fullmatch(r"[a-z0-9-]{1,100}", subject):
        return subject
    return f"_{hashlib.sha256(subject.encode()).hexdigest()[:24]}"


def _moment(document: Any) -> datetime:
    return datetime.fromisoformat(document["saved_at"]).astimezone(timezone.utc)


def _read(path: Path, document: dict[str, Any]) -> Draft | None:
    try:
        workflow = Workflow.from_document(document["workflow"])
    except (FlowbookError, KeyError):
        return None
    id = path.name.split(".")[-2]
    return Draft(id, document["subject"], workflow, document.get("base", 0), _moment(document))


def _replace(path: Path, document: dict[str, Any]) -> None:
    """Write the document for its owner alone, all or nothing. Raises OSError."""
    beside = path.with_suffix(".tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
            file.flush()
            os.fsync(descriptor)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def _told(folder: Path, done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"the drafts in {folder} could not be {done}: {error.strerror or error}.",
            "Check that the folder is there, is writable and has space left; and save the workflow.",
        ) from None
