"""The tape: what was asked and answered, by node, and its file."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from flowbook.counting import counted
from flowbook.errors import FileFormatError, InputError, StoreError, TaskFailed
from flowbook.json_text import parse_json
from flowbook.whole_files import content_at, replace_content

FORMAT = 1
"""The version of the file's format."""

Mode = Literal["record", "replay"]
Clean = Callable[[Any], Any]
SHOWN = 300
KEEPS = "A cassette keeps HTTP by urllib3, PostgreSQL by psycopg2 and mail by smtplib only."


class NotOnCassette(TaskFailed):
    """Something was asked that nothing on the cassette answers. Nothing was sent."""


class Tape:
    """Entries ``{"node", "kind", "request", "answer"}`` in the order in which they were answered.

    ``clean`` takes the secrets out of requests and answers, ``of_pieces_too`` what may be a piece of one as well; both
    are the run's, and set when that begins. What is asked is found by place, kind and the request without secrets; the
    same request again gets the next answer.
    """

    def __init__(self, mode: Mode, entries: list[dict[str, Any]] | None = None, about: Mapping[str, Any] | None = None):
        """``about`` is what the file says of the run: its workflow, inputs and id."""
        self.mode = mode
        self.about = dict(about or {})
        self.clean: Clean = lambda value: value
        self.of_pieces_too: Clean = self.clean
        self._entries = entries if entries is not None else []
        self._lock = threading.Lock()
        self._misses: dict[str, str] = {}
        self._unkept: dict[str, str] = {}
        self._waiting: dict[str, deque[Any]] = defaultdict(deque)
        for entry in self._entries if mode == "replay" else ():
            self._waiting[_key(entry["node"], entry["kind"], entry["request"])].append(entry["answer"])

    @property
    def replaying(self) -> bool:
        """Whether it answers; else it keeps."""
        return self.mode == "replay"

    def keep(self, node: str, kind: str, request: Mapping[str, Any], answer: Any) -> None:
        """Keep an answer. Both are plain JSON; ``answer`` may still grow until the tape is saved."""
        with self._lock:
            self._entries.append({"node": node, "kind": kind, "request": dict(request), "answer": answer})

    def take_back(self, node: str, kind: str, status: int) -> None:
        """Keep the last answer of a call no more, if it is of that kind and status."""
        with self._lock:
            for place in range(len(self._entries) - 1, -1, -1):
                entry = self._entries[place]
                if (entry["node"], entry["kind"]) == (node, kind):
                    if entry["answer"].get("status") == status:
                        del self._entries[place]
                    return

    def answer(self, node: str, kind: str, request: Mapping[str, Any]) -> Any:
        """What was answered. Raises NotOnCassette."""
        for clean in (self.clean, self.of_pieces_too):
            with self._lock:
                waiting = self._waiting.get(_key(node, kind, clean(dict(request))))
                if waiting:
                    return waiting.popleft()
        raise self.missing(node, kind, request)

    def same(self, kept: Any, asked: Any) -> bool:
        """Whether what is asked is what is kept of it."""
        return any(kept == clean(asked) for clean in (self.clean, self.of_pieces_too))

    def missing(self, node: str, kind: str, asked: Mapping[str, Any]) -> NotOnCassette:
        """The error for what is not there; the call that asked fails with it, whatever a library makes of it."""
        shown = " ".join(str(value) for value in self.clean(dict(asked)).values() if value)
        shown = " ".join(shown.split())
        shown = shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "…"
        left = self._left(node, kind)
        known = f" Still to come there: {left}." if left else " The cassette has nothing more there."
        words = f"{node} asked for what is not on the cassette: {kind} {shown}. Nothing was sent.{known}"
        with self._lock:
            self._misses.setdefault(node, words)
        return NotOnCassette(words, hint="Record it again: flowbook run … --record FILE", permanent=True)

    def pass_by(self, node: str, address: str) -> None:
        """Note that something in a recorded call reached a server in a way that is not kept; played, it is refused.

        Raises NotOnCassette.
        """
        if self.replaying:
            words = (
                f"{node} would connect to {address} in a way that a cassette does not keep. {KEEPS} Nothing was sent."
            )
            with self._lock:
                self._misses.setdefault(node, words)
            raise NotOnCassette(words, hint="Pin the node's result, or run it without --replay.", permanent=True)
        with self._lock:
            self._unkept.setdefault(node, address)

    @property
    def unkept(self) -> str:
        """What was recorded in part only, and what to do; empty when all is there."""
        with self._lock:
            found = dict(self._unkept)
        if not found:
            return ""
        named = ", ".join(f"{node} (to {address})" for node, address in list(found.items())[:3])
        more = f" and {counted(len(found) - 3, 'more call')}" if len(found) > 3 else ""
        return (
            f"the cassette does not hold all, since it does not keep how {named}{more} connected. {KEEPS} "
            "A replay fails there: pin the results of such nodes."
        )

    def missed(self, node: str) -> str:
        """What a call asked for in vain; empty when there was nothing."""
        with self._lock:
            return self._misses.pop(node, "")

    def _left(self, node: str, kind: str) -> str:
        with self._lock:
            keys = [parse_json(key) for key, waiting in self._waiting.items() if waiting]
        found = [request for place, sort, request in keys if (place, sort) == (node, kind)]
        return "; ".join(" ".join(str(value) for value in one.values() if value)[:80] for one in found[:3])

    def save(self, path: Path, about: Mapping[str, Any]) -> None:
        """Write the file, with all that is known to be secret by now left out. Raises StoreError."""
        with self._lock:
            document = {"flowbook_cassette": FORMAT, **about, "entries": self._entries}
        text = json.dumps(self.clean(document), indent=1, ensure_ascii=False) + "\n"
        _put(path, text.encode("utf-8", "backslashreplace"))


def check_place(path: Path) -> None:
    """StoreError unless a cassette can be written there; what is there stays."""
    _put(path, None)


def _put(path: Path, content: bytes | None) -> None:
    try:
        replace_content(path, content)
    except OSError as error:
        raise StoreError(
            f"the cassette {str(path)!r} cannot be written: {error.strerror}.", "Choose another file."
        ) from None


def read(path: Path) -> Tape:
    """The tape of a file, to be played. Raises InputError for none, and FileFormatError for what is no cassette."""
    try:
        document = parse_json(content_at(path).decode("utf-8"))
    except OSError as error:
        raise InputError(
            f"the cassette {path} cannot be read: {error.strerror}.", "Record one: flowbook run … --record FILE"
        ) from None
    except ValueError as error:
        raise FileFormatError(f"{path} is no cassette: {error}.", "Record it again.") from None
    version = document.get("flowbook_cassette") if isinstance(document, dict) else None
    if version != FORMAT:
        said = f"it has the format {version!r}, and this is {FORMAT}" if version else "it says no format version"
        raise FileFormatError(f"{path} is no cassette that can be played: {said}.", "Record it again.")
    entries = document.get("entries")
    fields = {"node", "kind", "request", "answer"}
    if not isinstance(entries, list) or not all(isinstance(one, dict) and fields <= one.keys() for one in entries):
        raise FileFormatError(f"{path} is no cassette that can be played: its entries are damaged.", "Record it again.")
    about = {key: value for key, value in document.items() if key not in ("flowbook_cassette", "entries")}
    return Tape("replay", entries, about)


def _key(node: str, kind: str, request: Any) -> str:
    return json.dumps([node, kind, request], sort_keys=True, ensure_ascii=False)
