"""What this user has consented to, in one small file outside of every workspace.

``trust/grants.json`` in the user's configuration folder: readable by its owner alone, written as a whole under a lock,
and authenticated with the user key. One that was changed by anything else counts for nothing.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from flowbook.errors import StoreError
from flowbook.json_text import parse_json
from flowbook.records import NamedTuple
from flowbook.trust.needs import Need
from flowbook.trust.userkey import NAME, UserKey, trust_folder
from flowbook.whole_files import text_in

FILE = "grants.json"
FORMAT = 1
LOCK_SECONDS = 30.0
"""How long somebody else may hold the lock of the file, who writes it in milliseconds."""
Reach = Literal["version", "file", "folder"]
REACHES: tuple[Reach, ...] = ("version", "file", "folder")


class Grant(NamedTuple):
    """One decision.

    ``kind`` "code": the integration folders of the workspace ``root``, all that they ever hold (``reach`` folder) or
    one version of it (``sha256``; ``digests`` by folder); ``mark`` is what ties it to that workspace and not to another
    at the same path. ``kind`` "workflow": what a workflow is able to do (``needs``), as one version of it (``sha256``),
    as ``target`` (a file's real path, or ``stored:NAME``) from now on, or as every workflow file of the folder
    ``target``.
    """

    kind: Literal["code", "workflow"]
    root: str
    reach: Reach
    target: str = ""
    name: str = ""
    sha256: str = ""
    needs: frozenset[Need] = frozenset()
    digests: tuple[tuple[str, str], ...] = ()
    mark: str = ""
    at: str = ""

    def covers(self, target: str, sha256: str, name: str = "") -> bool:
        """Whether it is about that workflow: this version of it, this file, or a file of its folder."""
        if self.sha256 == sha256:
            return True
        if self.reach == "file":
            return self.target == target or (target.startswith("recorded:") and self.name == name)
        return self.reach == "folder" and os.path.isabs(target) and os.path.dirname(target) == self.target


class Grants:
    """The grants of this user."""

    def __init__(self, folder: Path | None = None) -> None:
        self._given = folder
        self._key = UserKey(None if folder is None else folder / NAME)
        self.problem = ""

    @property
    def path(self) -> Path:
        """The file."""
        return self._folder / FILE

    @property
    def _folder(self) -> Path:
        if self._given is None:
            self._given = trust_folder()  # looked for once it is needed: a run of what was made here does without
        return self._given

    @property
    def key(self) -> UserKey:
        """What they are authenticated with."""
        return self._key

    def stamp(self) -> object:
        """What changes when the file does."""
        return stamp_of_file(self.path)

    def all(self) -> list[Grant]:
        """Every grant; none of a file that was changed by something else, which ``problem`` then says."""
        self.problem = ""
        try:
            text = text_in(self.path)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            self.problem = f"{self.path} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}."
            return []
        found = self._understood(text)
        if found is None:
            self.problem = (
                f"{self.path} was changed by something else than Flowbook, so nothing counts that it says was trusted."
            )
            return []
        return found

    def _understood(self, text: str) -> list[Grant] | None:
        try:
            document = parse_json(text)
            body, mac = document["grants"], document["mac"]
            if document["format"] != FORMAT or not self._key.verify(str(mac), "grants", _canonical(body)):
                return None
            return [_grant(entry) for entry in body]
        except (ValueError, KeyError, TypeError):
            return None

    def add(self, grant: Grant) -> None:
        """Keep a grant; it takes the place of an earlier one about the same."""
        given = grant._replace(at=grant.at or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self._change(lambda before: [*(one for one in before if _about(one) != _about(given)), given])

    def remove(self, which: Callable[[Grant], bool]) -> list[Grant]:
        """Take back those that ``which`` says; the ones that are gone."""
        gone = [grant for grant in self.all() if which(grant)]
        if gone:
            self._change(lambda before: [grant for grant in before if not which(grant)])
        return gone

    def _change(self, change: Callable[[list[Grant]], Iterable[Grant]]) -> None:
        from filelock import FileLock, Timeout

        lock = self._folder / f"{FILE}.lock"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(lock, timeout=LOCK_SECONDS):
                before = self.all()
                if self.problem:
                    self._set_aside()
                self._write(list(change(before)))
        except Timeout:
            raise StoreError(
                f"what is trusted cannot be written to {self.path}: another process holds {lock} for more than "
                f"{LOCK_SECONDS:g} seconds.",
                "Find out which one, and end it; then do it again.",
            ) from None
        except OSError as error:
            raise StoreError(
                f"what is trusted cannot be written to {self.path}: {error.strerror or error}.",
                "Make the folder writable, or choose another with FLOWBOOK_CONFIG_DIR.",
            ) from None

    def _set_aside(self) -> None:
        """Keep a file that counts for nothing beside the new one: somebody may want to know what happened."""
        since = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{time.monotonic_ns()}"
        os.replace(self.path, self._folder / f"{FILE}.refused-{since}")

    def _write(self, grants: list[Grant]) -> None:
        body = [_entry(grant) for grant in grants]
        mac = self._key.mac("grants", _canonical(body), make=True)
        text = json.dumps({"format": FORMAT, "grants": body, "mac": mac}, indent=1, ensure_ascii=True)
        write_private(self.path, text + "\n")


def stamp_of_file(path: Path) -> object:
    """What changes when a file does: times, size and number; None where there is none."""
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone can read, as a whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _about(grant: Grant) -> tuple[str, ...]:
    """What two grants have in common of which the later counts."""
    version = grant.sha256 if grant.kind == "workflow" and grant.reach == "version" else ""
    return grant.kind, grant.root, grant.reach if grant.kind == "workflow" else "", grant.target, version


def _entry(grant: Grant) -> dict[str, Any]:
    needs, digests = sorted(list(need) for need in grant.needs), [list(one) for one in grant.digests]
    return {**grant._asdict(), "needs": needs, "digests": digests}


def _grant(entry: dict[str, Any]) -> Grant:
    needs = frozenset(Need(*need) for need in entry["needs"])
    return Grant(**{**entry, "needs": needs, "digests": tuple((name, hash) for name, hash in entry["digests"])})


def _canonical(body: Any) -> str:
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
