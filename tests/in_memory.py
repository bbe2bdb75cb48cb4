"""Temporary files in memory, where there is room for them: on a disk, the tests wait for it half of their time.

What Flowbook writes it has written through to the disk, and a test makes a workspace or two of its own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 * 2**30  # bytes; the tests take some hundred million
DAY = 86_400  # seconds


class Folder:
    """The folder in which this process, and those that it starts, keep temporary files while the tests go on."""

    def __init__(self) -> None:
        for left in MEMORY.glob("fb-*"):  # by tests that failed or were killed
            if left.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(left, ignore_errors=True)
        self.path = Path(tempfile.mkdtemp(prefix="fb-", dir=MEMORY))
        self.path.chmod(0o1777)  # as /tmp is: servers that may not run as the superuser have their files here, too
        self.wanted = False  # by someone who looks at what failed tests have left
        os.environ["TMPDIR"] = str(self.path)
        tempfile.tempdir = None  # which is asked for anew
        atexit.register(self._remove)  # after what is registered later: the servers that tests have started

    def _remove(self) -> None:
        if not self.wanted:
            shutil.rmtree(self.path, ignore_errors=True)


def possible() -> bool:
    """Whether programs can be run there, as tests do, there is room, and nobody has named another place."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK) or not os.path.ismount(MEMORY):
        return False
    about = os.statvfs(MEMORY)
    return not about.f_flag & os.ST_NOEXEC and about.f_bavail * about.f_frsize > ROOM
