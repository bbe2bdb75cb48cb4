"""A real OpenSSH server for the tests: on a free port of 127.0.0.1, for the user who runs them, with own keys."""

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

from tests.integrations.processes import found, listening
from tests.ports import free_port

PASSPHRASE = "a pass-phrase"


@dataclass(frozen=True)
class SshServer:
    """A running server; ``credentials()`` are what the integration takes. "home" in its folder is free for files."""

    port: int
    folder: Path

    def credentials(self, **changed: object) -> dict[str, object]:
        return {
            "host": "127.0.0.1", "port": self.port, "username": getpass.getuser(), "timeout": 20,
            "private_key": (self.folder / "user").read_text(), "host_key": self.host_key(), **changed,
        }  # fmt: skip

    def host_key(self, kind: str = "ed25519") -> str:
        return (self.folder / f"host_{kind}.pub").read_text()

    @property
    def home(self) -> Path:
        return self.folder / "home"


@contextmanager
def running_ssh(sftp: str = "internal-sftp") -> Iterator[SshServer]:
    """Start a server of our own, whose files are served by ``sftp``, and stop it at the end."""
    server = found("sshd", "openssh-server")
    folder = Path(tempfile.mkdtemp(prefix="flowbook-ssh-"))
    (folder / "home").mkdir()
    keys = {"host_ed25519": "ed25519", "host_ecdsa": "ecdsa", "user": "ed25519", "locked": "rsa", "stranger": "ecdsa"}
    for name, kind in keys.items():
        words = PASSPHRASE if name == "locked" else ""
        command = [found("ssh-keygen", "openssh-client"), "-q", "-t", kind, "-N", words, "-f", str(folder / name)]
        subprocess.run(command, check=True)
    known = "".join((folder / f"{name}.pub").read_text() for name in ("user", "locked"))
    (folder / "authorized").write_text(known)
    port = free_port()
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_ed25519\nHostKey {folder}/host_ecdsa\n"
        f"AuthorizedKeysFile {folder}/authorized\nPidFile {folder}/pid\nStrictModes no\nPermitRootLogin yes\n"
        "PasswordAuthentication yes\nUsePAM no\nUseDNS no\nMaxAuthTries 50\nMaxStartups 100\n"
        f"Subsystem sftp {sftp}\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd of Debian parts with its privileges
    try:
        with listening([server, "-D", "-e", "-f", str(folder / "sshd_config")], port, folder / "log"):
            yield SshServer(port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
