"""A real MariaDB server for the tests: its own data folder, on a free port of 127.0.0.1, with TLS on."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.postgres_server import make_certificate
from tests.integrations.processes import found, listening
from tests.ports import free_port

PASSWORD = "correct horse 'battery' \\ staple"


@dataclass(frozen=True)
class MysqlServer:
    """A running server; ``credentials()`` are what the integration takes."""

    port: int
    folder: Path

    def credentials(self, **changed: object) -> dict[str, object]:
        given = {
            "host": "127.0.0.1", "port": self.port, "username": "flowbook", "password": PASSWORD, "database": "shop",
        }  # fmt: skip
        return {**given, **changed}


@contextmanager
def running_mysql() -> Iterator[MysqlServer]:
    """Start a server of our own and stop it at the end."""
    server = found("mariadbd", "mariadb-server-core")
    folder = Path(tempfile.mkdtemp(prefix="flowbook-mysql-"))
    port = free_port()
    data = folder / "data"
    user = [f"--user={getpass.getuser()}"] if os.geteuid() == 0 else []
    install = [found("mariadb-install-db", "mariadb-server-core"), "--no-defaults", f"--datadir={data}", *user]
    done = subprocess.run(
        [*install, "--skip-test-db", "--auth-root-authentication-method=normal"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    certificate, key = make_certificate("127.0.0.1", "localhost")
    (folder / "server.crt").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    words = PASSWORD.replace("\\", "\\\\").replace("'", "\\'")
    (folder / "start.sql").write_text(
        "CREATE DATABASE shop CHARACTER SET utf8mb4;\nCREATE DATABASE closed;\n"
        f"CREATE USER flowbook@'%' IDENTIFIED BY '{words}';\nGRANT ALL ON shop.* TO flowbook@'%';\n"
        "CREATE USER sealed@'%' IDENTIFIED BY 'only-over-tls' REQUIRE SSL;\nGRANT ALL ON shop.* TO sealed@'%';\n"
        "CREATE USER guest@'%' IDENTIFIED BY 'guest-password';\nGRANT SHOW VIEW ON shop.* TO guest@'%';\n"
    )
    command = [
        server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", *user,
        f"--socket={folder}/socket", f"--pid-file={folder}/pid", f"--init-file={folder}/start.sql",
        "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M", "--skip-log-bin",
        f"--ssl-cert={folder}/server.crt", f"--ssl-key={folder}/server.key", "--skip-name-resolve",
    ]  # fmt: skip
    try:
        with listening(command, port, folder / "log"):
            yield MysqlServer(port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
