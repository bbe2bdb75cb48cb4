"""What a task would do, said in place of doing it: for dry runs.

Before something outside is changed, ``current().about_to(...)`` is asked. In a dry run it remembers the call and ends
the task there; in every other run it does nothing. Flowbook's own ways out (``http.Session``, files to write) ask by
themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from flowbook.records import NamedTuple


class Intent(NamedTuple):
    """One call that would be made: ``kind`` is "http", "sql", "mail", "file", "code", "task" or a folder's own word.

    ``target`` is where (a host, a database, a mail server, a file), ``action`` what in a line ("POST
    /chat.postMessage", "INSERT INTO orders"), ``detail`` the whole of it as plain data.
    """

    kind: str
    target: str
    action: str
    detail: Mapping[str, Any] = MappingProxyType({})

    @property
    def sentence(self) -> str:
        """The call for people."""
        return f"{self.action} ({self.target})" if self.target else self.action


class Rehearsed(Exception):
    """Ends a task in a dry run; what it was about to do is remembered by its context."""

    def __init__(self, intent: Intent) -> None:
        super().__init__(f"a dry run ends here: it would {intent.sentence}")
        self.intent = intent


class Rehearsal:
    """What the calls of one dry run's task were about to do, and whether one of them ended it."""

    def __init__(self) -> None:
        self.intents: list[Intent] = []
        self.ended = False

    def about_to(self, intent: Intent) -> None:
        """Remember a call, and end the task."""
        self.intents.append(intent)
        self.ended = True
        raise Rehearsed(intent)
