"""What the tests share: a workspace with a key of its own, a small integration folder, and one browser."""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from flowbook.vault import forget_environment, slots
from flowbook.workspace import Workspace
from flowbook.workspace.location import find_root
from tests import in_memory

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from flowbook.calling import Caller
    from flowbook.calling.processes import InProcesses

# As containers often set it: the many processes that tests start would compile anew all that they import.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

DEMO = '''
"""A folder written the plain way."""

import os
import sys
import time


def test_connection(credentials):
    """Try the token."""
    good = credentials.get("token") == "right-token"
    return {"success": good, "message": "Connected" if good else "The token is wrong"}


def greet(credentials, params):
    """Greet someone."""
    print("greeting", params["name"])
    return {"success": True, "message": "Greeted", "data": {"text": "Hello " + params["name"]}}


def echo(credentials, params):
    """Give back the params."""
    return {"success": True, "message": "", "data": params}


def boom(credentials, params):
    """Raise an error."""
    raise RuntimeError("no luck")


def leak(credentials, params):
    """Try to leak the token in every way."""
    token = credentials["token"]
    print("token", token)
    print("token", token, file=sys.stderr)
    if params.get("raise"):
        raise RuntimeError("failed with " + token)
    return {"success": not params.get("fail"), "message": "used " + token, "data": {"token": token, token: 1}}


def sleep(credentials, params):
    """Sleep for some seconds."""
    open(params["file"], "w").close() if params.get("file") else None
    time.sleep(params["seconds"])
    return {"success": True, "message": "slept"}


def die(credentials, params):
    """End the whole process at once, as nothing that a task does in Python could."""
    os.kill(os.getpid(), 9)
'''


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell in the background has its children ignore Ctrl-C, and they theirs; the tests send it on purpose.
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Containers often say that no bytecode is kept: each of the hundreds of processes that the tests start would compile
# all that it imports, which takes longer than all else that it does.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# The same examples at every run, and no time limit: neither chance nor a busy machine decides whether a test passes.
# ``pytest --hypothesis-profile=searching`` looks for new ones, in large numbers: the same ones find nothing new.
settings.register_profile(
    "steady", deadline=None, derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("searching", deadline=None, max_examples=1000)
settings.load_profile("steady")


@pytest.fixture(scope="session", autouse=True)
def private_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep keys and settings of the person who runs the tests out of all of them, fixtures of modules included."""
    above = find_root(tmp_path_factory.getbasetemp())
    assert above is None, f"{above} is a workspace: folders of tests below it would be taken for its; take it away"
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(tmp_path_factory.mktemp("config")))
        # What tests write, they trust, as a person does for a folder in an unattended run; tests of trust unset this.
        monkeypatch.setenv("FLOWBOOK_TRUST", f"{tmp_path_factory.getbasetemp()}/*")
        for name in (
            "FLOWBOOK_KEY",
            "FLOWBOOK_KEY_FILE",
            "FLOWBOOK_INTEGRATIONS",
            "FLOWBOOK_WORKSPACE",
            "FLOWBOOK_MEMORY_ONLY",
            "FLOWBOOK_STORE",
        ):
            monkeypatch.delenv(name, raising=False)
        # Slots are made at the least cost to try them; each says itself what that is. Tests of the vault pay the whole.
        monkeypatch.setitem(slots._SCRYPT, "n", 2**14)
        chosen = os.environ.get("FLOWBOOK_TEST_EXECUTOR")
        if chosen:  # every workflow of the tests runs there, as settings would say it
            from flowbook.workspace import executing

            monkeypatch.setattr(executing, "_setting", lambda folder: chosen)
        yield


NUMBERS = itertools.count(1)


def made_for_one(folders: pytest.TempPathFactory, stem: str) -> Path:
    """A new folder for one test. To find the next number, pytest would look through the folders of all tests so far."""
    made = folders.getbasetemp() / f"{stem}{next(NUMBERS)}"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
def tmp_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the test's name, as pytest's own fixture gives."""
    return made_for_one(tmp_path_factory, re.sub(r"\W", "_", request.node.name)[:30])


@pytest.fixture(autouse=True)
def of_its_own(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Give each test keys and settings of its own; and let one that drives no browser run a loop of its own, too.

    The event loop of a browser that is kept goes on in this thread. This is one fixture, since pytest takes longer for
    each of them than most of the many tests do.
    """
    browsers = None if "chromium" in request.fixturenames else asyncio._get_running_loop()
    if browsers is not None:
        asyncio._set_running_loop(None)
    monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(made_for_one(tmp_path_factory, "config")))
    forget_environment()
    yield
    forget_environment()
    if browsers is not None:
        asyncio._set_running_loop(browsers)


@pytest.fixture(scope="module")
def earlier_garbage_collected() -> None:
    """For tests that collect garbage: they look through what is new, and not through all that tests before them loaded.

    Late in a worker of ``make test`` that is some million objects, which took a third of a second each time.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the integration folder ``demo``."""
    demo = tmp_path / "integrations" / "demo"
    demo.mkdir(parents=True)
    (demo / "tasks.py").write_text(DEMO, encoding="utf-8")
    return tmp_path


@pytest.fixture
def ws(folder: Path) -> Iterator[Workspace]:
    """A workspace in ``folder``."""
    workspace = Workspace(folder)
    yield workspace
    workspace.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that HTTP sessions would have waited between tries; none of the waits happens."""
    waited: list[float] = []

    def pause(seconds: float) -> bool:
        waited.append(seconds)
        return True

    monkeypatch.setattr("flowbook.http.waiting.pause", pause)
    return waited


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a session: Playwright can be started only once in a process."""
    from tests.jupyterlab import headless_path, running_chromium

    path = headless_path()
    if path is None:
        pytest.skip("no Chromium on the PATH (apt-get install chromium)")
    with running_chromium(path) as browser:
        yield browser


TEMPORARY = pytest.StashKey[in_memory.Folder]()

# The folders and files whose few tests take long: they start browsers, kernels, programs of their own or environments.
LONG = (
    "tests/notebooks/test_binder.py",
    "tests/browser",
    "tests/notebooks",
    "tests/test_packaging.py",
    "tests/test_locks.py",
    "tests/test_docs.py",
    "tests/test_torture.py",
    "tests/integrations/test_service_faults.py",
    "tests/test_database_gone.py",
    "tests/test_isolate.py",
    "tests/integrations/test_line_faults.py",
    "tests/test_serving.py",
    "tests/integrations/test_cassettes.py",
    "tests/integrations/test_from_the_command_line.py",
    "tests/test_key_changes.py",
    "tests/test_killed_servers.py",
    "tests/test_letting_go.py",
    "tests/test_resuming.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Have pytest-xdist hand out files in the order below, and not those with few tests last: they may take longest.

    And have temporary files be where the tests need not wait for a disk.
    """
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
    if not hasattr(config, "workerinput") and not config.option.basetemp and in_memory.possible():
        config.stash[TEMPORARY] = in_memory.Folder()


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Any:
    """Have Python look for no garbage among the tests themselves: millions of objects, which stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Stop the database that tests have started, and leave what failed tests have written to whoever looks at it."""
    if "tests.databases" in sys.modules:
        sys.modules["tests.databases"].stop()
    temporary = session.config.stash.get(TEMPORARY, None)
    if temporary is not None and exitstatus:
        temporary.wanted = True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests, begin with what takes long, so that none is left with it at the end.

    The rest is in the order in which pytest-xdist would put it: files with many tests first.
    """
    if not hasattr(config, "workerinput"):
        return
    many = Counter(item.nodeid.partition("::")[0] for item in items)

    def place(item: pytest.Item) -> tuple[int, int]:
        file = item.nodeid.partition("::")[0]
        rank = next((rank for rank, long in enumerate(LONG) if file.startswith(long)), len(LONG))
        return rank, -many[file]

    items.sort(key=place)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Let a fixture know that its test has failed, so that it can save what was to be seen."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed_in_call = True  # type: ignore[attr-defined]
    return report


@pytest.fixture(scope="module")
def processes() -> Iterator[InProcesses]:
    """A caller that makes calls in other processes."""
    from tests.other_process import in_processes

    caller = in_processes()
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Caller]:
    """A caller that makes calls on a cluster."""
    from tests.other_process import on_cluster

    with on_cluster() as caller:
        yield caller
