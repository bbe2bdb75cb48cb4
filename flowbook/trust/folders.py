"""Trust in the code of a workspace's own ``integrations/``: asked before anything of it is imported."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from flowbook.catalog.admission import Admission
from flowbook.catalog.loading import Snapshot, stamp_of
from flowbook.catalog.places import built_in_place, is_integration
from flowbook.records import NamedTuple
from flowbook.trust.grants import Grant, Grants, stamp_of_file
from flowbook.whole_files import hand_over, text_in

CODE = "integrations"
MARK = "mark"
VARIABLE = "FLOWBOOK_TRUST"


class Code(NamedTuple):
    """The integration folders of a workspace as they are now: relative path → content, and the hash of all of it."""

    files: dict[str, bytes]
    digests: dict[str, str]
    sha256: str


class FolderTrust:
    """What this user trusts of the code of one workspace."""

    def __init__(self, root: Path, folder: Path | None, grants: Grants) -> None:
        self._root = Path(os.path.realpath(root))
        self._folder = folder
        self._grants = grants
        self._made_in_memory = False
        self._known: tuple[object, Admission] | None = None

    @property
    def code(self) -> Path:
        """Where that code is."""
        return self._root / CODE

    def made_here(self) -> None:
        """Remember that this workspace was made here just now, unless there was code in it already.

        Whatever was trusted at this path before was another workspace.
        """
        written = any(self._folders())
        if self._folder is None:
            self._made_in_memory = not written
            return
        self.revoke()
        if not written:
            self.grant()

    def admission(self) -> Admission:
        """Whether the code may be imported, as the grants are now."""
        stamp = (os.environ.get(VARIABLE), self._made_in_memory, self._grants.stamp(), self._mark_stamp())
        if self._known is None or self._known[0] != stamp:
            self._known = stamp, self._look()
        return self._known[1]

    def _look(self) -> Admission:
        if self._is_built_in() or self._made_in_memory or trusted_by_environment(self._root):
            return Admission(all=True)
        stranger = self._stranger()
        if stranger is not None:
            return Admission(
                why=f"its code belongs to another user of this machine ({stranger}), so it was not imported.",
                remedy=f"Copy the workspace to a folder of your own, or name it: {VARIABLE}={self._root}",
            )
        for grant in self._grants.all():
            if grant.kind == "code" and grant.root == str(self._root) and self._is_marked(grant.mark):
                if grant.reach == "folder":
                    return Admission(all=True)
                why = "it was not there when you trusted the code of this workspace, so it was not imported."
                return Admission(digests=dict(grant.digests), why=why, remedy=self._remedy())
        return Admission(
            why="this workspace came from elsewhere and its code was not trusted yet, so it was not imported.",
            remedy=self._remedy(),
        )

    def _remedy(self) -> str:
        import shlex

        return " ".join(
            filter(None, (f"Look at it, then decide: flowbook trust {shlex.quote(str(self._root))}",
                          not_heeded(self._root)))
        )  # fmt: skip

    def grant(self, version: Code | None = None) -> None:
        """Trust all code that this workspace ever holds, or one ``version`` only."""
        grant = Grant("code", str(self._root), "folder", mark=self._mark())
        if version is not None:
            grant = grant._replace(reach="version", sha256=version.sha256, digests=tuple(version.digests.items()))
        self._grants.add(grant)

    def revoke(self) -> bool:
        """Take trust in the code back; whether there was any."""
        self._made_in_memory = False
        return bool(self._grants.remove(lambda one: one.kind == "code" and one.root == str(self._root)))

    def read(self) -> Code:
        """The code as its files are now; nothing is imported."""
        files: dict[str, bytes] = {}
        digests: dict[str, str] = {}
        for name in self._folders():
            path = self.code / name
            snapshot = Snapshot.read(path, stamp_of(path))
            digests[name] = snapshot.digest
            files |= {f"{name}/{relative}": content for relative, content in sorted(snapshot.files.items())}
        whole = hashlib.sha256()
        for name, digest in sorted(digests.items()):
            whole.update(f"{name}\0{digest}\0".encode())
        return Code(files, digests, whole.hexdigest())

    def _folders(self) -> Iterator[str]:
        try:
            names = sorted(
                entry.name for entry in os.scandir(self.code) if entry.name[0] not in "._" and entry.is_dir()
            )
        except OSError:
            return
        yield from (name for name in names if is_integration(self.code / name))

    def _is_built_in(self) -> bool:
        """Whether those are the folders that come with Flowbook: trusted by its installation."""
        built_in = built_in_place()
        return built_in is not None and os.path.realpath(built_in) == os.path.realpath(self.code)

    def _stranger(self) -> Path | None:
        """The first that another user owns: such code changes without this user's doing."""
        if not hasattr(os, "geteuid"):
            return None
        own = os.geteuid()
        paths = [self._root, self.code, *(self.code / name for name in self._folders())]
        for path in list(paths[2:]):
            paths += [path / relative for relative, *_ in stamp_of(path)]
        return next((path for path in paths if path.exists() and path.stat().st_uid != own), None)

    # -- the mark: what tells a workspace from another that comes to lie at the same path -----------------------------

    def _is_marked(self, mark: str) -> bool:
        if self._folder is None:
            return True
        try:
            return bool(mark) and text_in(self._folder / MARK).strip() == mark
        except (OSError, UnicodeDecodeError):
            return False

    def _mark_stamp(self) -> object:
        return None if self._folder is None else stamp_of_file(self._folder / MARK)

    def _mark(self) -> str:
        if self._folder is None:
            return ""
        mark = secrets.token_hex(16)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / MARK
        path.unlink(missing_ok=True)
        with open(path, "x", encoding="ascii") as file:
            hand_over(file.fileno(), self._folder)
            file.write(mark + "\n")
        return mark


def not_heeded(path: Path) -> str:
    """What ``FLOWBOOK_TRUST`` names that can be no folder, or seems to mean this one and does not; else empty."""
    said = []
    for entry in os.environ.get(VARIABLE, "").split(os.pathsep):
        if not entry.strip():
            continue
        if not os.path.isabs(entry):
            said.append(f"{entry!r} is no absolute path.")
        elif not entry.endswith("/*") and not os.path.isdir(entry):
            said.append(f"{entry!r} is no folder.")
        elif not entry.endswith("/*") and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(entry)):
            said.append(f"{entry!r} means that folder alone; for all below it, write {entry.rstrip('/') + '/*'!r}.")
    return f"{VARIABLE} does not say this: {' '.join(said)}" if said else ""


def trusted_by_environment(path: Path) -> bool:
    """Whether ``FLOWBOOK_TRUST`` names that folder: absolute paths, with ``/*`` at the end for all below it."""
    real = os.path.realpath(path)
    for entry in os.environ.get(VARIABLE, "").split(os.pathsep):
        if not os.path.isabs(entry):
            continue
        below = entry.endswith("/*")
        named = os.path.realpath(entry[:-2] if below else entry)
        if real == named or (below and Path(real).is_relative_to(named)):
            return True
    return False
