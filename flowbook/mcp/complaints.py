"""What a server's process says on its standard error: the end of it is kept, for when the server does not start."""

from __future__ import annotations

import os
import re
import threading
from typing import TextIO

from flowbook.redaction import Redactor

_MOST = 4000  # bytes
_SHOWN = 200
_NO_WORDS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Complaints:
    """A pipe that is read to its end, whoever holds the other one, so that nobody has to wait who writes."""

    def __init__(self) -> None:
        reads, writes = os.pipe()
        self.file: TextIO = open(writes, "w", encoding="utf-8")  # noqa: SIM115 - closed once the process has it, too
        self._end = b""
        self._reading = threading.Thread(target=self._read, args=(reads,), name="flowbook-mcp-said", daemon=True)
        self._reading.start()

    def _read(self, reads: int) -> None:
        with open(reads, "rb", buffering=0) as pipe:
            while piece := pipe.read(_MOST):
                self._end = (self._end + piece)[-_MOST:]

    def last_line(self, secrets: list[str], wait: float = 0.5) -> str:
        """The last of what was said, without the secrets that the process was given; "" for nothing.

        Waits for the rest of it as long as that, in seconds.
        """
        self.file.close()
        self._reading.join(wait)
        text = Redactor(secrets)(self._end.decode("utf-8", "replace"))
        lines = [line for line in (_NO_WORDS.sub("", line).strip() for line in text.splitlines()) if line]
        return lines[-1][:_SHOWN] if lines else ""
