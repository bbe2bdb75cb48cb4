"""Servers of our own for the tests: found, started, waited for until they listen, and stopped."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


def found(program: str, package: str) -> str:
    """The path of a server's program; an error that says what to install when there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    where = shutil.which(program, path=path)
    if where is None:
        raise RuntimeError(f"These tests need {program}: install the package '{package}'.")
    return where


@contextmanager
def listening(
    command: list[str],
    port: int,
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    become: Callable[[], None] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is run by ``command`` and listens on ``port`` of 127.0.0.1; stopped at the end."""
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=become,
            env={**os.environ, **environment} if environment else None,
        )  # fmt: skip
    try:
        _wait(server, port, log)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(20)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"{server.args} did not start:\n" + log.read_text(errors="replace"))


def becoming(user: pwd.struct_passwd) -> Callable[[], None]:
    """What a child of root does first, to be somebody else: servers refuse to run as root."""

    def become() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)

    return become
