"""What one call of a task may reach: the servers of its integration, and the places that were consented to.

They are set around each call (:func:`limited`), and asked wherever something is about to be reached: by the HTTP
session, by integrations that connect in their own way, and by :mod:`flowbook.paths`. Outside of a run there are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path, PurePath

from flowbook import hosts
from flowbook.errors import InputError, TaskFailed
from flowbook.records import NamedTuple


class Limits(NamedTuple):
    """The limits of one call. None means that there is none of that kind.

    ``hosts`` are the patterns of the servers that the ``integration`` may be used with; ``reads`` and ``writes`` the
    places outside of the workspace's folder that may be read and written; ``scripts`` is whether files may be written
    that somebody could execute later.
    """

    integration: str = ""
    hosts: tuple[str, ...] | None = None
    reads: tuple[str, ...] | None = None
    writes: tuple[str, ...] | None = None
    scripts: bool = True

    def check_host(self, host: str, port: int | None = None) -> None:
        """TaskFailed when the integration may not be used with that server."""
        if self.hosts is None or hosts.allows(self.hosts, host, port):
            return
        place = host if port is None else f"{host}:{port}"
        allowed = ", ".join(self.hosts) or "no server yet"
        raise TaskFailed(
            f"{place[:300]!r} is not among the hosts that the integration {self.integration!r} may be used with "
            f"({allowed}), so nothing was sent there.",
            {"kind": "host_not_allowed", "host": place},
            f"If it belongs to the service: flowbook integrations hosts {_quoted(self.integration)} --add {place}",
            permanent=True,
        )

    def check_place(self, place: Path, *, writing: bool) -> None:
        """InputError when the place outside of the workspace's folder was not consented to."""
        allowed = self.writes if writing else self.reads
        if allowed is None or any(place.is_relative_to(each) for each in allowed):
            return
        raise InputError(
            f"{str(place)!r} is outside of the workspace, and this workflow was not trusted to "
            f"{'write' if writing else 'read'} there.",
            "Look at what it can do, and trust it: flowbook trust WORKFLOW",
        )

    def check_written(self, target: Path) -> None:
        """InputError for a file that could be executed later, when that was not consented to."""
        if self.scripts or is_harmless(target):
            return
        raise InputError(
            f"{target.name!r} may be a program, or tell one what to do, "
            "and this workflow was not trusted to write such files.",
            "Look at what it can do, and trust it: flowbook trust WORKFLOW",
        )


_HARMLESS = frozenset(
    [
        ".arrow",
        ".bin",
        ".bmp",
        ".bz2",
        ".csv",
        ".dat",
        ".db",
        ".docx",
        ".eml",
        ".feather",
        ".geojson",
        ".gif",
        ".gz",
        ".ics",
        ".jpeg",
        ".jpg",
        ".json",
        ".jsonl",
        ".log",
        ".md",
        ".mp3",
        ".mp4",
        ".ndjson",
        ".npy",
        ".npz",
        ".orc",
        ".parquet",
        ".pdf",
        ".png",
        ".pptx",
        ".rst",
        ".sqlite",
        ".sqlite3",
        ".tar",
        ".text",
        ".tgz",
        ".tif",
        ".tiff",
        ".tsv",
        ".txt",
        ".wav",
        ".webp",
        ".xlsx",
        ".xml",
        ".xz",
        ".zip",
        ".zst",
    ]
)
_TELLING = frozenset({"package.json", "composer.json", "cmakelists.txt", "robots.txt"})


def is_harmless(name: str | PurePath) -> bool:
    """Whether a file of that name is data to all that come upon it: no program, nothing that tells one what to do."""
    file = PurePath(name).name.casefold()
    telling = file in _TELLING or (file.endswith(".txt") and file.startswith(("requirements", "constraints")))
    return PurePath(file).suffix in _HARMLESS and not telling


NONE = Limits()
_current: ContextVar[Limits] = ContextVar("flowbook_limits", default=NONE)


def limits() -> Limits:
    """The limits of the call that is going on here; outside of a run there are none."""
    return _current.get()


def enter(given: Limits) -> None:
    """Set the limits for the rest of this context (a call has one of its own)."""
    _current.set(given)


@contextmanager
def limited(given: Limits) -> Iterator[None]:
    """Within, these limits hold."""
    token = _current.set(given)
    try:
        yield
    finally:
        _current.reset(token)


def _quoted(name: str) -> str:
    import shlex

    return shlex.quote(name)
