"""Servers of a workspace in processes of their own, with a clock that the test sets."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests import forks
from tests.waiting import until

DIES = """
def dies(place):
    \"""Have this process be killed before or after what "module:Class.method before" names, the first time.\"""
    import functools, importlib, os, signal

    named, _, when = place.partition(" ")
    module, _, path = named.partition(":")
    *owners, last = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    real = getattr(owner, last)

    def dying(*given, **more):
        if when == "after":
            real(*given, **more)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, last, dying)
"""
_SERVE = (
    DIES
    + """
import sys
from pathlib import Path
from flowbook.journal import leases
from flowbook.serving.server import Settings, serve
from flowbook.workspace import Workspace

clock, given = Path(sys.argv[2]), dict(one.split("=", 1) for one in sys.argv[3:])
if "dies" in given:
    dies(given.pop("dies"))
if "lease" in given:
    leases.LEASE_SECONDS = float(given.pop("lease"))
settings = {name: float(value) for name, value in given.items()}
for name in ("at_once", "most"):
    if name in settings:
        settings[name] = int(settings[name])
serve(Workspace(sys.argv[1]), Settings(port=0, **settings), now=lambda: float(clock.read_text()))
"""
)


class Clock:
    """A clock in a file, which servers go by."""

    def __init__(self, file: Path, now: float) -> None:
        self.file = file
        self.set(now)

    def set(self, now: float) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(repr(now))
        new.replace(self.file)
        self.now = now


class Served:
    """A server; ``events`` is what it said."""

    def __init__(self, command: list[str], cwd: Path) -> None:
        self.process = subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        self.lines: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.address = self.told("serving")["address"]
        except BaseException:
            self.kill()  # nobody else knows of it
            raise

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)
            with contextlib.suppress(ValueError):
                self.events.append(json.loads(line))

    def all(self, event: str, **about: Any) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event and about.items() <= one.items()]

    def told(self, event: str, **about: Any) -> dict[str, Any]:
        """What it said about an event, once it has."""

        def found() -> dict[str, Any] | None:
            ended = self.process.poll() is not None and not self._reader.is_alive()
            told = self.all(event, **about)
            assert told or not ended, "".join(self.lines)
            return told[0] if told else None

        try:
            return until(found)
        except AssertionError as error:
            raise AssertionError(f"{event} {about}: {error}\n" + "".join(self.lines)) from None

    def kill(self) -> None:
        self.process.kill()
        self._gone()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self._gone()

    def died(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self._gone()

    def _gone(self) -> int:
        code = self.process.wait(60)
        self._reader.join(60)
        assert self.process.stderr is not None
        self.process.stderr.close()
        return code


class Servers:
    """Starts servers of a workspace, and ends those that are left."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self.all: list[Served] = []

    def __call__(self, **settings: float | str) -> Served:
        """Start one, killed before or after what ``dies`` names, with ``lease`` sooner taken for gone."""
        command = forks.python("-c", _SERVE, str(self.folder), str(self.clock.file))
        self.all.append(Served([*command, *(f"{name}={value}" for name, value in settings.items())], self.folder))
        return self.all[-1]

    def by_command(self, *options: str) -> Served:
        command = forks.python("-m", "flowbook", "serve", "--port", "0", *options)
        self.all.append(Served(command, self.folder))
        return self.all[-1]

    def end(self) -> None:
        for one in self.all:
            one.kill()


@contextlib.contextmanager
def servers_of(folder: Path, now: float) -> Iterator[Servers]:
    made = Servers(folder, Clock(folder / "clock.txt", now))
    try:
        yield made
    finally:
        made.end()


def killed(folder: Path, place: str, code: str, *given: str) -> None:
    """Do something with a workspace in a process that is killed at a place; ``code`` has it as ``ws``."""
    script = f"{DIES}\nimport sys\nfrom flowbook.workspace import Workspace\nws = Workspace(sys.argv[1])\n"
    script += f"dies(sys.argv[2])\ngiven = sys.argv[3:]\n{code}"
    done = subprocess.run(
        forks.python("-c", script, str(folder), place, *given), cwd=folder, capture_output=True, text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr


def written(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


__all__ = ["Clock", "Served", "Servers", "killed", "servers_of", "written"]
