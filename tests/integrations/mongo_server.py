"""A server of MongoDB's protocol for the tests: SecantusDB, since MongoDB's own is in no package index.

On free ports of 127.0.0.1: one that asks users to sign in, and one with TLS that does not, which
is the replica set "secantus" of one member.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo import MongoClient

from tests.integrations.postgres_server import make_certificate
from tests.integrations.processes import listening
from tests.ports import free_port

PASSWORD = "correct-horse-battery"
# Before 4.20, PyMongo leaves the socket of a connection that it was still making to the garbage collector.
LEFT_BEHIND = (
    [
        pytest.mark.filterwarnings(r"ignore:(?s).*[Uu]nclosed:pytest.PytestUnraisableExceptionWarning"),
        pytest.mark.usefixtures("garbage_collected"),
    ]
    if pymongo.version_tuple < (4, 20)
    else []
)
_PROGRAM = [sys.executable, "-m", "secantus", "--enable-test-commands", "--log-level", "ERROR"]


@dataclass(frozen=True)
class MongoServer:
    """A running server; ``credentials()`` are what the integration takes. "reader" only reads the database "open"."""

    port: int
    tls_port: int
    folder: Path

    def credentials(self, **changed: object) -> dict[str, Any]:
        return {
            "host": "127.0.0.1", "port": self.port, "username": "flowbook", "password": PASSWORD, "database": "shop",
            "timeout": 10, **changed,
        }  # fmt: skip

    def client(self) -> MongoClient[dict[str, Any]]:
        """PyMongo's own client, to look at what is in the server."""
        return MongoClient("127.0.0.1", self.port, username="flowbook", password=PASSWORD, tz_aware=True)


@contextmanager
def running_mongo() -> Iterator[MongoServer]:
    """Start servers of our own and stop them at the end."""
    if sys.version_info >= (3, 14):
        pytest.skip("there is no SecantusDB for Python 3.14")
    folder = Path(tempfile.mkdtemp(prefix="flowbook-mongo-"))
    certificate, key = make_certificate("127.0.0.1", "localhost")
    (folder / "server.crt").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    port, tls_port = free_port(), free_port()
    plain = [*_PROGRAM, "--standalone", "--port", str(port), "--storage-path", str(folder / "data")]
    tls = [
        *_PROGRAM, "--port", str(tls_port), "--storage-path", str(folder / "tls"),
        "--tls-cert-file", str(folder / "server.crt"), "--tls-key-file", str(folder / "server.key"),
    ]  # fmt: skip
    try:
        with listening(plain, port, folder / "log"), MongoClient[dict[str, Any]]("127.0.0.1", port) as client:
            client.admin.command("createUser", "flowbook", pwd=PASSWORD, roles=["root"])
            client.admin.command("createUser", "reader", pwd="reader-password", roles=[{"role": "read", "db": "open"}])
        with (
            listening([*plain, "--auth"], port, folder / "log") as asking,
            listening(tls, tls_port, folder / "tls.log") as encrypted,
        ):
            yield MongoServer(port, tls_port, folder)
            for server in (asking, encrypted):
                server.kill()  # what they hold goes with them, and an orderly end takes seconds
    finally:
        shutil.rmtree(folder, ignore_errors=True)
