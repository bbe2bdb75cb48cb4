"""An Azure Storage server for the tests: Microsoft's Azurite, in memory, on a free port of 127.0.0.1."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integrations.processes import found, listening
from tests.ports import free_port

KEY = "c2VjcmV0LW9mLXRoZS10ZXN0cy1vZi1henVyZS1ibG9i"
_PROGRAM = Path(__file__).parent / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"


@dataclass(frozen=True)
class AzureServer:
    """A running server; ``credentials()`` are what the integration takes."""

    url: str

    def credentials(self, **changed: object) -> dict[str, object]:
        return {"account": "shop", "account_key": KEY, "endpoint_url": f"{self.url}/shop", **changed}


@contextmanager
def running_azure() -> Iterator[AzureServer]:
    """Start a server of our own and stop it at the end."""
    if not _PROGRAM.is_file():
        raise RuntimeError("These tests need Azurite: run 'make azurite'.")
    port = free_port()
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    command = [found("node", "nodejs"), str(_PROGRAM), "--blobHost", "127.0.0.1", "--blobPort", str(port), *options]
    with tempfile.TemporaryDirectory(prefix="flowbook-azure-") as folder:
        accounts = {"AZURITE_ACCOUNTS": f"shop:{KEY}"}
        with listening(command, port, Path(folder) / "log", environment=accounts):
            yield AzureServer(f"http://127.0.0.1:{port}")
