"""A real Redis server for the tests: in memory, on free ports of 127.0.0.1, one of them with TLS."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.postgres_server import make_certificate
from tests.integrations.processes import found, listening
from tests.ports import free_port

PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class RedisServer:
    """A running server; ``credentials()`` are what the integration takes. "reader" may only read keys of "open:*"."""

    port: int
    tls_port: int
    folder: Path

    def credentials(self, **changed: object) -> dict[str, object]:
        return {"host": "127.0.0.1", "port": self.port, "password": PASSWORD, "timeout": 10, **changed}


@contextmanager
def running_redis() -> Iterator[RedisServer]:
    """Start a server of our own and stop it at the end."""
    server = found("redis-server", "redis-server")
    folder = Path(tempfile.mkdtemp(prefix="flowbook-redis-"))
    certificate, key = make_certificate("127.0.0.1", "localhost")
    (folder / "server.crt").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    port, tls_port = free_port(), free_port()
    (folder / "redis.conf").write_text(
        f"bind 127.0.0.1\nport {port}\ntls-port {tls_port}\nsave ''\nappendonly no\ndatabases 2\ndir {folder}\n"
        f"requirepass {PASSWORD}\ntls-cert-file {folder}/server.crt\ntls-key-file {folder}/server.key\n"
        f"tls-ca-cert-file {folder}/server.crt\ntls-auth-clients no\n"
        "user reader on >reader-password ~open:* resetchannels +get +ping +auth\n"
    )
    try:
        with listening([server, str(folder / "redis.conf")], port, folder / "log"):
            yield RedisServer(port, tls_port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
