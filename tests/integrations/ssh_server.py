"""A real OpenSSH server for the tests: on a free port of 127.0.0.1, for the user who runs them, with own keys."""

from __future__ import annotations

import getpass
import os
import pwd
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
PASSWORD = "right-pass-wörd"
"""Of cara, whom only nss_wrapper and pam_wrapper know (https://cwrap.org), and not the system."""


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
def running_ssh(sftp: str = "internal-sftp", way: str = "") -> Iterator[SshServer]:
    """Start a server of our own, whose files are served by ``sftp``, and stop it at the end.

    With a ``way`` ("password", "keyboard-interactive", "publickey,password") cara signs in by it, and by no other.
    """
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
        f"UsePAM {'yes' if way == 'keyboard-interactive' else 'no'}\nUseDNS no\nMaxAuthTries 50\nMaxStartups 100\n"
        f"Subsystem sftp {sftp}\nPasswordAuthentication yes\n" + (f"AuthenticationMethods {way}\n" if way else "")
    )
    environment = _with_account(folder) if way else None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd of Debian parts with its privileges
    try:
        command = [server, "-D", "-e", "-f", str(folder / "sshd_config")]
        with listening(command, port, folder / "log", environment=environment):
            yield SshServer(port, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _with_account(folder: Path) -> dict[str, str]:
    """What makes cara a user for a program that is started with it; she may do what we may."""
    for library in ("nss", "pam"):
        if not list(Path("/usr/lib").glob(f"*/lib{library}_wrapper.so")):
            raise RuntimeError(f"These tests need lib{library}_wrapper.so: install the package 'lib{library}-wrapper'.")
    matrix = next(Path("/usr/lib").glob("*/pam_wrapper/pam_matrix.so"))
    hashed = subprocess.run(
        [found("openssl", "openssl"), "passwd", "-6", "-stdin"],
        input=PASSWORD.encode(),
        capture_output=True,
        check=True,
    ).stdout.decode()
    users = "".join(":".join(map(str, one)) + "\n" for one in pwd.getpwall())
    (folder / "passwd").write_text(f"{users}cara:x:{os.getuid()}:{os.getgid()}::{folder}/home:/bin/sh\n")
    (folder / "group").write_text(f"ours:x:{os.getgid()}:\n")
    (folder / "shadow").write_text(f"cara:{hashed.strip()}:19000:0:99999:7:::\n")
    (folder / "passdb").write_text(f"cara:{PASSWORD}:sshd\n")
    (folder / "pam").mkdir()
    asked = "".join(f"{kind} required {matrix} passdb={folder}/passdb\n" for kind in ("auth", "account", "password"))
    for service in ("sshd", "other"):
        (folder / "pam" / service).write_text(f"{asked}session required pam_permit.so\n")
    files = {f"NSS_WRAPPER_{name.upper()}": str(folder / name) for name in ("passwd", "group", "shadow")}
    return {
        **files, "LD_PRELOAD": "libnss_wrapper.so:libpam_wrapper.so", "PAM_WRAPPER": "1",
        "PAM_WRAPPER_SERVICE_DIR": str(folder / "pam"),
    }  # fmt: skip
