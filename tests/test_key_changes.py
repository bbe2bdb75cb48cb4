"""The key changes while others, in processes of their own, use what it seals: nothing is lost by that."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.cli import run as command
from flowbook.errors import InputError
from flowbook.models import Workflow
from flowbook.vault import rotation
from flowbook.workspace import Workspace
from tests import forks
from tests.databases import schema_of_our_own, url_of
from tests.integrations.postgres_server import PASSWORD
from tests.waiting import until

_DOES = """
import functools, importlib, sys, time
from pathlib import Path
from flowbook.workspace import Workspace

def pauses(place, files):
    \"""Wait at "module:Class.method number" of its calls, from when a file is made there until another one is.\"""
    named, _, number = place.partition(" ")
    module, _, path = named.partition(":")
    *owners, last = path.split(".")
    owner = functools.reduce(getattr, owners, importlib.import_module(module))
    real, calls = getattr(owner, last), []

    def paused(*given, **more):
        calls.append(1)
        if len(calls) == int(number):
            (files / "there").touch()
            while not (files / "go").exists():
                time.sleep(0.01)
        return real(*given, **more)

    setattr(owner, last, paused)

ws, files = Workspace(sys.argv[1]), Path(sys.argv[1])
if sys.argv[2]:
    pauses(sys.argv[2], files)
"""
SECRET = "what-integrations-keep-secret"


@pytest.fixture
def ws(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    if getattr(request, "param", "files") == "postgres":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)  # the other processes need it too
        assert command(["init", str(tmp_path), "--store", url_of(schema_of_our_own().schema)]) == 0
    with Workspace(tmp_path) as ws:
        ws.create_type("http")
        for name in ("first", "second"):
            ws.create_integration(name, "http", {"base_url": "http://127.0.0.1:1", "token": SECRET})
        ws.save(Workflow(name="noting"))
        yield ws


@contextlib.contextmanager
def doing(folder: Path, code: str, place: str = "") -> Iterator[subprocess.Popen[str]]:
    """Another process that does something with the workspace ``ws``; it has done so when the block has ended."""
    process = subprocess.Popen(
        forks.python("-c", _DOES + code, str(folder), place), cwd=folder, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    finally:
        process.kill()
        process.communicate()


def rotated_while_it_waits(folder: Path) -> None:
    """Rotate in another process; the one that waits goes on when that has ended, or has had the time for it."""
    until((folder / "there").exists)
    with doing(folder, "ws.key_status()\n(files / 'begun').touch()\nws.rotate_key()") as rotating:
        until((folder / "begun").exists)
        with contextlib.suppress(subprocess.TimeoutExpired):
            rotating.wait(2)
        (folder / "go").touch()


@pytest.mark.parametrize("ws", ["files", "postgres"], indirect=True)
def test_a_hook_that_is_added_in_the_moment_of_a_rotation_opens(ws: Workspace, tmp_path: Path) -> None:
    add = "(files / 'secret').write_text(ws.add_hook('noting', kind='github')[1])"
    with doing(tmp_path, add, "flowbook.triggers.hooks:Hooks.add 1"):
        rotated_while_it_waits(tmp_path)
    with Workspace(tmp_path) as again:
        assert again.hook_secret(again.hooks.find("noting")) == (tmp_path / "secret").read_text()


def test_of_two_rotations_at_once_the_last_one_s_key_opens_what_hooks_are_signed_with(
    ws: Workspace, tmp_path: Path
) -> None:
    _, secret = ws.add_hook("noting", kind="github")
    # The second time it is what is done once the new key is the store's.
    with doing(tmp_path, "ws.rotate_key()", "flowbook.triggers.hooks:Hooks.reseal 2"):
        rotated_while_it_waits(tmp_path)
    with Workspace(tmp_path) as again:
        assert again.hook_secret(again.hooks.find("noting")) == secret


def test_what_was_read_before_a_rotation_is_read_again_after_it(ws: Workspace, tmp_path: Path) -> None:
    hook, secret = ws.add_hook("noting", kind="github")
    with Workspace(tmp_path) as other:
        other.rotate_key()
    assert ws.hook_secret(hook) == secret

    def rotated_meanwhile(real: object) -> object:
        def checked(name: str) -> object:
            found = real(name)  # type: ignore[operator]
            if done.acquire(blocking=False):
                with Workspace(tmp_path) as other:
                    other.rotate_key()
            return found

        return checked

    done = threading.Semaphore(1)
    ws.credentials.safe.integration = rotated_meanwhile(ws.credentials.safe.integration)  # type: ignore[assignment]
    assert ws.credentials.of("first")[0]["token"] == SECRET


@pytest.mark.parametrize("ws", ["files", "postgres"], indirect=True)
def test_processes_that_use_add_and_rotate_all_the_time_lose_nothing(ws: Workspace, tmp_path: Path) -> None:
    add = """
for number in range(12):
    ws.add_hook("noting", name=f"{name}-{number}", kind="github", secret=f"{name}{number}")
"""
    use = """
ends = time.monotonic() + 4
while time.monotonic() < ends:
    assert ws.credentials.of("first")[0]["token"] == sys.argv[3]
    for hook in ws.hooks.all():
        assert ws.hook_secret(hook) == hook.id.replace("-", "")
"""
    with contextlib.ExitStack() as all:
        for name in ("a", "b"):
            all.enter_context(doing(tmp_path, f"name = {name!r}{add}"))
            all.enter_context(doing(tmp_path, "for _ in range(6): ws.rotate_key()"))
        all.enter_context(doing(tmp_path, use.replace("sys.argv[3]", repr(SECRET))))
    with Workspace(tmp_path) as again:
        kept = {hook.id: again.hook_secret(hook) for hook in again.hooks.all()}
        assert kept == {f"{name}-{number}": f"{name}{number}" for name in "ab" for number in range(12)}
        assert len({hook.sealed.count('"key"') for hook in again.hooks.all()}) == 1
        assert again.credentials.of("second")[0]["token"] == SECRET


@pytest.mark.parametrize("ws", ["files", "postgres"], indirect=True)
def test_another_rotation_right_after_one_was_written_does_not_make_it_fail(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, looks = rotation._opened, []

    def slow(*given: Any) -> Any:
        if threading.current_thread() is threading.main_thread():
            looks.append(given)
            if len(looks) == 3:  # at what was written
                others.start()
                others.join(1)
        return opened(*given)

    with Workspace(tmp_path) as other:
        others = threading.Thread(target=other.rotate_key)
        monkeypatch.setattr(rotation, "_opened", slow)
        ws.rotate_key()
        others.join(60)
    assert (len(looks), ws.credentials.of("first")[0]["token"]) == (3, SECRET)


def test_threads_that_rename_save_use_and_rotate_do_not_wait_for_each_other_for_ever(ws: Workspace) -> None:
    ends, done = time.monotonic() + 2, dict.fromkeys(("renamed", "saved", "used", "rotated"), 0)

    def rename() -> None:
        names = ("second", "third") if done["renamed"] % 2 == 0 else ("third", "second")
        ws.rename_integration(*names)

    def again(what: str, act: object) -> None:
        while time.monotonic() < ends or not done[what]:
            act()  # type: ignore[operator]
            done[what] += 1

    acts = {
        "renamed": rename,
        "saved": lambda: ws.update_integration("first", credentials={"token": SECRET}),
        "used": lambda: ws.credentials.of("first"),
        "rotated": ws.rotate_key,
    }
    threads = [threading.Thread(target=again, args=act, daemon=True) for act in acts.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads), done
    assert ws.credentials.of("first")[0]["token"] == SECRET


def test_a_workspace_whose_key_changes_while_it_is_copied_is_copied_again(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, secret = ws.add_hook("noting", kind="github")
    target = tmp_path / "target"
    target.mkdir()
    Workspace(target).close()
    filling = ws.journal.__class__.fill_from

    def rotated_meanwhile(*given: object) -> int:
        with Workspace(tmp_path) as other:
            other.rotate_key()
        return filling(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(ws.journal.__class__, "fill_from", rotated_meanwhile)
        with pytest.raises(InputError, match="key of the credentials changed"):
            ws.copy_to(str(target))
    ws.copy_to(str(target))
    with Workspace(target) as copied:
        assert copied.hook_secret(copied.hooks.find("noting")) == secret
        assert copied.credentials.of("first")[0]["token"] == SECRET
