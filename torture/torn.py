"""The connection to PostgreSQL torn at each message of a server that carries runs out: none is lost or done twice."""

from __future__ import annotations

import io
import json
import os
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flowbook.models import Workflow
from flowbook.serving.carrying import Carrier
from flowbook.serving.logs import Log
from flowbook.serving.metrics import Metrics
from flowbook.workspace import Workspace
from tests.databases import server, url_of
from tests.ledgers import add_ledger, ledger_lines

LIMIT = 120.0
"""Seconds after which a run counts as lost."""
SEND, ANSWER = "before it was sent", "when its answer was due"


class Tearing:
    """Hands on what is said to a database; the connection that says message number ``at`` is torn then."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.said, self.at, self.when, self.torn = 0, 0, SEND, ""
        threading.Thread(target=self._serve, daemon=True).start()

    def arm(self, at: int, when: str) -> None:
        """Count from now on, and tear at that one; 0: none."""
        with self._lock:
            self.said, self.at, self.when, self.torn = 0, at, when, ""

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                mine, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(mine,), daemon=True).start()

    def _talk(self, mine: socket.socket) -> None:
        with mine, suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as theirs:
            mute = threading.Event()
            threading.Thread(target=self._answer, args=(theirs, mine, mute), daemon=True).start()
            while content := mine.recv(65_536):
                with self._lock:
                    self.said += 1
                    torn = self.said == self.at
                    if torn:
                        self.torn = content[5:65].decode("utf-8", "replace").replace("\0", " ")
                if torn and self.when == SEND:
                    break
                if torn:
                    mute.set()
                theirs.sendall(content)
                if torn:
                    time.sleep(0.05)  # it is carried out there
                    break
            for end in (mine, theirs):  # to close one that a thread reads does not end it
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _answer(theirs: socket.socket, mine: socket.socket, mute: threading.Event) -> None:
        with suppress(OSError):
            while content := theirs.recv(65_536):
                if not mute.is_set():
                    mine.sendall(content)
            mine.shutdown(socket.SHUT_RDWR)


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Tear it at every message of a run that is taken from the queue, carried out and ended, in both ways."""
    add_ledger(folder)
    straight = url_of("torn")
    tearing = Tearing(server().port)
    parts = urlsplit(straight)
    through = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{tearing.port}")))
    through += "&sslmode=disable"
    os.environ["FLOWBOOK_STORE"] = straight
    with Workspace(folder) as ws:
        ws.save(_flow())
        os.environ["FLOWBOOK_STORE"] = through
        with Workspace(folder) as far:
            yield _everywhere(ws, far, tearing, folder, scale, random.Random(seed))
    tearing.close()


def _flow() -> Workflow:
    flow = Workflow(name="torn")
    for number in range(4):
        flow.add(f"n{number}", "ledger.note")
        if number:
            flow.connect(f"n{number - 1}", f"n{number}")
    return flow


def _everywhere(
    ws: Workspace, far: Workspace, tearing: Tearing, folder: Path, scale: float, some: random.Random
) -> str:
    said = io.StringIO()
    carrier = Carrier(far, Log(time.time, said), Metrics())
    carrier.start()
    try:
        tearing.arm(0, SEND)
        _carried(ws, carrier)
        messages = tearing.said + 5  # and what comes a little later
        places = [(at, when) for at in range(1, messages + 1) for when in (SEND, ANSWER)]
        found: Counter[str] = Counter()
        for at, when in some.sample(places, max(int(len(places) * scale), 3)):
            tearing.arm(at, when)
            id = _carried(ws, carrier)
            found["torn"] += bool(tearing.torn)
            found[_checked(ws, id, folder, f"torn at {at} {when}: {tearing.torn!r}\n{said.getvalue()[-2000:]}")] += 1
    finally:
        carrier.stop(10)
    return (
        f"the connection torn {found['torn']} times, at each of {messages} messages before it was sent and when its "
        f"answer was due: {found['succeeded']} runs succeeded, {found['held']} are held, none was lost, nothing twice"
    )


def _carried(ws: Workspace, carrier: Carrier) -> str:
    """A run that was asked for, once it is over."""
    id, ends = ws.enqueue("torn"), time.monotonic() + LIMIT
    carrier.wake()
    while True:
        found = ws.queue.find(id)
        if found is not None and found.status == "done":
            return id
        assert time.monotonic() < ends, f"run {id} hangs: {found}"
        time.sleep(0.02)


def _checked(ws: Workspace, id: str, folder: Path, about: str) -> str:
    """What became of a run; the ledger and the history say the same of it."""
    queued: Any = ws.queue.find(id)
    lines = {node: times for (run, node), times in ledger_lines(folder).items() if run == id}
    assert not [node for node, times in lines.items() if times > 1], f"sent twice: {lines}, {about}"
    assert queued.outcome in ("succeeded", "held"), f"{queued.outcome}: {queued.message}, {about}"
    record = ws.run_record(id)
    done = {node for node, one in record.nodes.items() if one.success}
    unsure = {node for node, one in record.nodes.items() if one.unsure}
    assert done <= lines.keys(), f"recorded, and not sent: {done - lines.keys()}, {about}"
    assert lines.keys() <= done | unsure, f"sent, and not known: {json.dumps(sorted(lines.keys() - done))}, {about}"
    if queued.outcome == "succeeded":
        assert (record.summary.status, len(lines)) == ("succeeded", 4), f"{record.summary}, {lines}, {about}"
    return str(queued.outcome)
