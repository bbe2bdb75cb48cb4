"""A real PostgreSQL server for the tests: its own data folder, on a free port of 127.0.0.1, with TLS on."""

from __future__ import annotations

import datetime as dt
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.processes import becoming
from tests.ports import free_port

PASSWORD = "correct horse 'battery' staple"
_SETTINGS = "max_connections=40 shared_buffers=32MB"
_QUICK = "fsync=off synchronous_commit=off full_page_writes=off autovacuum=off"


@dataclass
class PostgresServer:
    """A running server; ``credentials()`` are what the integration takes."""

    port: int
    folder: Path
    begin: Callable[[], subprocess.Popen[bytes]]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, once more after it was stopped."""
        self.process = self.begin()
        _wait(self.process, self.port, self.folder)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT breaks all connections, SIGQUIT ends it as a crash does, SIGTERM waits for who is connected.

        https://www.postgresql.org/docs/current/server-shutdown.html
        """
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
            self.process = None

    def credentials(self, **changed: object) -> dict[str, object]:
        given = {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "flowbook",
            "password": PASSWORD,
            "database": "shop",
        }
        return {**given, **changed}


def binaries() -> Path:
    """The folder that holds initdb and postgres; a failure that says what to install when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    raise RuntimeError("These tests need a PostgreSQL server: install the package 'postgresql' (initdb was not found).")


@contextmanager
def running_postgres(*, durable: bool = False, prepared: Path | None = None) -> Iterator[PostgresServer]:
    """Start a server of our own and stop it at the end; ``durable`` it syncs each commit, as servers do.

    It begins with a copy of the data that were ``prepared`` by another: to make them takes most of a second.
    """
    folder = Path(tempfile.mkdtemp(prefix="flowbook-pg-"))
    become, port = _other_user(folder), free_port()
    settings = _SETTINGS if durable else f"{_SETTINGS} {_QUICK}"
    server = PostgresServer(port, folder, lambda: _start(folder, port, become, settings))
    try:
        _certify(folder)
        if prepared is not None:
            shutil.copytree(prepared, folder / "data")
        _give(folder)
        if prepared is None:
            _make(folder, become)
        server.start()
        if prepared is None:
            _prepare(port)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _other_user(folder: Path) -> Callable[[], None] | None:
    """What a child must do first, since PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return becoming(user)


def prepare_postgres(target: Path) -> Path:
    """Make the data of a server that was ended in order, in ``target``, for others to begin with."""
    with running_postgres() as server:
        server.stop()
        return shutil.copytree(server.folder / "data", target)


def _certify(folder: Path) -> None:
    certificate, key = make_certificate("127.0.0.1", "localhost")
    (folder / "server.crt").write_bytes(certificate)
    (folder / "server.key").write_bytes(key)
    (folder / "server.key").chmod(0o600)
    (folder / "password").write_text(PASSWORD)


def _give(folder: Path) -> None:
    """Let all that is in the folder belong to whom it belongs to."""
    owner = folder.stat()
    for path in folder.rglob("*"):
        os.chown(path, owner.st_uid, owner.st_gid)


def _make(folder: Path, become: Callable[[], None] | None) -> None:
    command = [
        binaries() / "initdb",
        "-D",
        folder / "data",
        "-U",
        "flowbook",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
    ]
    command += ["--locale=C", "--no-sync", f"--pwfile={folder}/password"]
    done = subprocess.run(command, cwd=folder, preexec_fn=become, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _start(folder: Path, port: int, become: Callable[[], None] | None, given: str) -> subprocess.Popen[bytes]:
    settings = [*given.split(), f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={folder}"]
    settings += ["ssl=on", f"ssl_cert_file={folder}/server.crt", f"ssl_key_file={folder}/server.key"]
    command = [str(binaries() / "postgres"), "-D", str(folder / "data")]
    for setting in settings:
        command += ["-c", setting]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, preexec_fn=become, stdout=log, stderr=subprocess.STDOUT)


def _wait(server: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0 and b"ready to accept" in (folder / "log").read_bytes():
                return
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start:\n" + (folder / "log").read_text())


def _prepare(port: int) -> None:
    import psycopg2

    connection = psycopg2.connect(host="127.0.0.1", port=port, user="flowbook", password=PASSWORD, dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        cursor.execute("CREATE DATABASE closed")
        cursor.execute("REVOKE CONNECT ON DATABASE closed FROM PUBLIC")
        cursor.execute("CREATE ROLE guest LOGIN PASSWORD 'guest-password'")
    connection.close()


def make_certificate(*names: str) -> tuple[bytes, bytes]:
    """A self-signed certificate for these host names and addresses, and its key, both PEM."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "flowbook tests")])
    numeric = [name for name in names if name.replace(".", "").isdigit()]
    others: list[x509.GeneralName] = [x509.DNSName(name) for name in names if name not in numeric]
    others += [x509.IPAddress(ipaddress.ip_address(name)) for name in numeric]
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(others), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
