"""Temporary files in memory, where there is room for them: on a disk, the tests wait for it half of their time.

What Flowbook writes it has written through to the disk, and a test makes a workspace or two of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30  # bytes; the tests take some hundred million
KEPT = 2  # folders that failed or killed tests have left, each of up to a gigabyte of memory


class Folder:
    """The folder in which this process, and those that it starts, keep temporary files while the tests go on."""

    def __init__(self) -> None:
        for left in sorted(filter(_is_left, MEMORY.glob("fb-*")), key=_age)[KEPT:]:
            shutil.rmtree(left, ignore_errors=True)
        self.path = MEMORY / f"fb-{os.getpid()}"  # short: the path of a socket below it may have 107 bytes
        shutil.rmtree(self.path, ignore_errors=True)  # of another process that had this number
        self.path.mkdir()
        self.path.chmod(0o1777)  # as /tmp is: servers that may not run as the superuser have their files here, too
        self.wanted = False  # by someone who looks at what failed tests have left
        os.environ["TMPDIR"] = str(self.path)
        tempfile.tempdir = None  # which is asked for anew
        atexit.register(self._remove)  # after what is registered later: the servers that tests have started

    def _remove(self) -> None:
        if not self.wanted:
            shutil.rmtree(self.path, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Whether the tests that made it are gone."""
    process = folder.name.split("-")[1]
    return process.isdigit() and not Path("/proc", process).exists()


def _age(folder: Path) -> float:
    try:
        return -folder.stat().st_mtime
    except OSError:  # other tests that begin take it away
        return 0.0


def possible() -> bool:
    """Whether programs can be run there, as tests do, there is room, and nobody has named another place."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or not os.path.ismount(MEMORY):
        return False
    about = os.statvfs(MEMORY)
    return not about.f_flag & os.ST_NOEXEC and about.f_bavail * about.f_frsize > ROOM
