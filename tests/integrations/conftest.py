"""Real servers for the tests of the integrations; each is started once, when a test first asks for it."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from flowbook.tasks import Context
from flowbook.testing import FakeService, fake_service
from tests.integrations.azure_server import AzureServer, running_azure
from tests.integrations.gcs_server import GcsServer, running_gcs
from tests.integrations.imap_server import ImapServer, running_imap
from tests.integrations.mongo_server import MongoServer, running_mongo
from tests.integrations.mysql_server import MysqlServer, running_mysql
from tests.integrations.postgres_server import PostgresServer, running_postgres
from tests.integrations.redis_server import RedisServer, running_redis
from tests.integrations.s3_server import S3Server, running_s3
from tests.integrations.ssh_server import SshServer, running_ssh


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


@pytest.fixture
def garbage_collected() -> Iterator[None]:
    """What the test leaves to the garbage collector is found in the test itself, and not in a later one."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def mongo_server() -> Iterator[MongoServer]:
    """A server of MongoDB's protocol with the users "flowbook" and "reader", and TLS on a port of its own."""
    with running_mongo() as server:
        yield server


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[MysqlServer]:
    """A MariaDB server with the database "shop", the user "flowbook" and TLS on."""
    with running_mysql() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """A Redis server with a password, TLS on a port of its own, and the user "reader"."""
    with running_redis() as server:
        yield server


@pytest.fixture(scope="session")
def imap_server() -> Iterator[ImapServer]:
    """A mail server with the mailboxes "ada", "bob" and "eve", and TLS on a port of its own."""
    with running_imap() as server:
        yield server


@pytest.fixture(scope="session")
def ssh_server() -> Iterator[SshServer]:
    """An OpenSSH server for the user who runs the tests."""
    with running_ssh() as server:
        yield server


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[GcsServer]:
    """A server of Google Cloud Storage's API, without buckets."""
    with running_gcs() as server:
        yield server


@pytest.fixture(scope="session")
def azure_server() -> Iterator[AzureServer]:
    """An Azure Storage server with the account "shop", without containers."""
    with running_azure() as server:
        yield server
