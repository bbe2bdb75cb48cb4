"""Real servers for the tests of the integrations; each is started once, when a test first asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flowbook.tasks import Context
from flowbook.testing import FakeService, fake_service
from tests.integrations.postgres_server import PostgresServer, running_postgres
from tests.integrations.s3_server import S3Server, running_s3


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A service on this machine, without routes."""
    with fake_service() as running:
        yield running


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that tasks and their sessions would have waited; none of the waits happens."""
    waited: list[float] = []

    def sleep(self: Context, seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr(Context, "sleep", sleep)
    return waited


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server with the database "shop", the role "flowbook" and TLS on."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 server with two keys: OWNERKEY may do everything, READERKEY only reads the bucket "library"."""
    with running_s3() as server:
        yield server
