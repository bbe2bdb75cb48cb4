"""The store's bytes: in a file, under a lock, replaced as a whole and with a last-good copy beside it; or in memory."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Protocol

from flowbook.errors import StoreDamaged, StoreError
from flowbook.store.queueing import held_in_turn
from flowbook.whole_files import hand_over, opened

LOCK_SECONDS = 30.0
"""How long to wait while nothing is written by another process that writes; one write takes milliseconds."""


class Medium(Protocol):
    """Where the bytes of a store are."""

    name: str

    def read(self) -> bytes | None:
        """The bytes, None when nothing was ever written."""

    def stamp(self) -> object:
        """Something that differs after every write by anybody."""

    def write(self, data: bytes, *, replace_backup: bool) -> None:
        """Replace the bytes; all or nothing."""

    def lock(self) -> contextlib.AbstractContextManager[object]:
        """Keep every other writer out."""


class MemoryMedium:
    """A store that lives and dies with the process."""

    name = "the store in memory"

    def __init__(self) -> None:
        self._data: bytes | None = None
        self._writes = 0

    def read(self) -> bytes | None:
        """The bytes, None when nothing was ever written."""
        return self._data

    def stamp(self) -> object:
        """The number of writes so far."""
        return self._writes

    def write(self, data: bytes, *, replace_backup: bool) -> None:
        """Replace the bytes."""
        self._data = data
        self._writes += 1

    def lock(self) -> contextlib.AbstractContextManager[object]:
        """Nothing to keep out: the store's own lock does."""
        return contextlib.nullcontext()


class FileMedium:
    """A file, its last-good copy (``.bak``), its locks (``.lock``, ``.lock.next``) and, while writing, ``.tmp``.

    All are in one folder, readable and writable by their owner alone.
    """

    def __init__(self, path: Path) -> None:
        # A link is followed once, here: renaming over it would replace the link and not the file it names.
        self.path = Path(os.path.realpath(path))
        self.name = str(self.path)
        self.backup = self._beside(".bak")
        self._temporary = self._beside(".tmp")
        self._lock_path = self._beside(".lock")
        self._queue_path = self._beside(".lock.next")

    def read(self) -> bytes | None:
        """The bytes, None when there is no file and never was one. Raises StoreDamaged when only a copy is left."""
        try:
            with opened(self.path) as file:
                return file.read()
        except FileNotFoundError:
            if self.backup.exists():
                raise StoreDamaged(
                    f"{self.path} is missing, but its last-good copy {self.backup.name} is there.",
                    f"{recover_hint(self.path)} To start afresh, remove {self.backup.name} too.",
                ) from None
            return None
        except OSError as error:
            raise self._failed("read", error) from None

    def stamp(self) -> object:
        """Identity, size and time of the file, and its first bytes, which hold the number of the write."""
        try:
            with opened(self.path) as file:
                status = os.fstat(file.fileno())
                return status.st_ino, status.st_size, status.st_mtime_ns, file.read(96)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed("read", error) from None

    def write(self, data: bytes, *, replace_backup: bool) -> None:
        """Replace the file by rename, so that a reader or a crash sees the old bytes or the new, never a part.

        The file as it was becomes the last-good copy; with ``replace_backup`` the new bytes do, so that nothing of
        the old is left. To be called with the lock held.
        """
        try:
            self._write_synced(self._temporary, data)
            if not replace_backup and self.path.exists():
                self._keep(self.path, self.backup)
            os.replace(self._temporary, self.path)
            self._sync_folder()
            if replace_backup:
                self._write_synced(self._temporary, data)
                os.replace(self._temporary, self.backup)
                self._sync_folder()
        except OSError as error:
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)
            raise self._failed("written", error) from None

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the side lock, in turn. Raises StoreError when another keeps it too long, or for a bad folder."""
        from filelock import Timeout

        with contextlib.ExitStack() as held:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                held.enter_context(held_in_turn(self._lock_path, self._queue_path, LOCK_SECONDS, self._progress))
            except Timeout:
                raise StoreError(
                    f"another process has kept {self.path} locked for {LOCK_SECONDS:.0f} seconds.",
                    "Look for a Flowbook process that hangs, and end it.",
                ) from None
            except (OSError, NotImplementedError) as error:
                raise self._failed("locked", error) from None
            yield

    def read_backup(self) -> bytes:
        """The bytes of the last-good copy. Raises OSError when there is none to be read."""
        with opened(self.backup) as file:
            return file.read()

    def recover(self, backup: bytes) -> Path | None:
        """Put the bytes of the last-good copy in place; returns where the damaged file was kept (None: it was gone)."""
        aside = None
        try:
            if self.path.exists():
                now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S%f")
                aside = self._beside(f".damaged-{now}")
                self._keep(self.path, aside)
            self._write_synced(self._temporary, backup)
            os.replace(self._temporary, self.path)
            self._sync_folder()
        except OSError as error:
            raise self._failed("written", error) from None
        return aside

    # -- inside ----------------------------------------------------------------------------------------------------

    def _progress(self) -> object:
        """What differs once somebody has written."""
        try:
            status = os.stat(self.path)
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(self.path.name + ending)

    def _write_synced(self, path: Path, data: bytes) -> None:
        path.unlink(missing_ok=True)  # left by a process that was killed; ours alone, since the lock is held
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            hand_over(descriptor, path.parent)
            file.write(data)
            file.flush()
            os.fsync(descriptor)

    def _keep(self, source: Path, target: Path) -> None:
        """Give ``source``'s bytes the name ``target`` too, at no cost: the file is never changed in place."""
        linked = self._beside(".link")
        linked.unlink(missing_ok=True)
        try:
            os.link(source, linked)
        except (OSError, NotImplementedError):  # a file system without hard links
            with open(linked, "xb") as copied:
                linked.chmod(0o600)
                hand_over(copied.fileno(), source)
            shutil.copyfile(source, linked)
        os.replace(linked, target)

    def _sync_folder(self) -> None:
        if os.name != "posix":
            return
        descriptor = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _failed(self, done: str, error: Exception) -> StoreError:
        why = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return StoreError(
            f"{self.path} could not be {done}: {why}.",
            f"Check that the folder {self.path.parent} is there, is writable and has space left. To keep nothing: "
            "FLOWBOOK_MEMORY_ONLY=1, or Workspace(memory=True).",
        )


def recover_hint(path: Path) -> str:
    """How to restore the last-good copy, as a sentence with the command or the code to run."""
    if path.parts[-2:] == (".flowbook", "flowbook.json"):
        return f"Restore it with: flowbook -C {shlex.quote(str(path.parent.parent))} recover."
    return f"Restore it with: from flowbook.store import Store; Store({str(path)!r}).recover()."
