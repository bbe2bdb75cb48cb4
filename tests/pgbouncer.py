"""A real PgBouncer in front of a PostgreSQL of ours, which lends a connection for one transaction at a time."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.integrations.postgres_server import PASSWORD
from tests.ports import free_port
from tests.waiting import until

CONNECTIONS = 2
"""To the server, for all who use it together: whoever kept a session to himself would keep others out."""


def program() -> str | None:
    """Where it is; None when it is not installed."""
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@contextmanager
def running_pgbouncer(server: int) -> Iterator[int]:
    """Begin one before the server on that port, and end it; its port."""
    found = program()
    assert found is not None
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="flowbook-bouncer-"))
    (folder / "users").write_text(f'"flowbook" "{PASSWORD}"\n')
    (folder / "ini").write_text(
        f"[databases]\nshop = host=127.0.0.1 port={server} dbname=shop\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nunix_socket_dir =\nauth_type = plain\nauth_file = {folder}/users\n"
        f"pool_mode = transaction\ndefault_pool_size = {CONNECTIONS}\nmax_client_conn = 100\n"
    )
    user = None
    if os.geteuid() == 0:  # as which it refuses to run
        user = pwd.getpwnam("nobody")
        for path in (folder, folder / "users", folder / "ini"):
            os.chown(path, user.pw_uid, user.pw_gid)
    with (folder / "log").open("w") as log:
        command = [found, str(folder / "ini")]
        process = subprocess.Popen(command, user=None if user is None else user.pw_uid, stdout=log, stderr=log)
    try:
        until(lambda: _answers(port) or process.poll() is not None)
        assert process.poll() is None, (folder / "log").read_text()
        yield port
    finally:
        process.kill()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
