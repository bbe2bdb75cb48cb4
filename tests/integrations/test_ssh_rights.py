"""Files on a machine where not everything may be done, full disks and odd names, against a real OpenSSH server."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from integrations import ssh
from tests.integrations.ssh_server import SshServer, running_ssh

AS_NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups /usr/lib/openssh/sftp-server"
ALLOW = "Sign in as a user who may, or have the permissions changed (chmod, chown)."
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def guest() -> Iterator[SshServer]:
    """A server whose files are served to a user who is not root, whoever runs the tests."""
    with running_ssh(AS_NOBODY if os.geteuid() == 0 else "internal-sftp") as server:
        server.folder.chmod(0o755)
        server.home.chmod(0o777)
        for name, mode in (("fixed", 0o555), ("closed", 0)):
            folder = server.home / name
            folder.mkdir()
            (folder / "file").write_text("x")
            (folder / "file").chmod(0o444)
            folder.chmod(mode)
        (server.home / "unread").touch(0o200)
        (server.home / "unread").chmod(0)
        yield server
        (server.home / "closed").chmod(0o700)
        (server.home / "fixed").chmod(0o700)


@pytest.fixture
def ask(guest: SshServer, tmp_path: Path) -> Iterator[Ask]:
    """What calls a task there."""

    def call(task: Callable[..., Any], **params: Any) -> dict[str, Any]:
        result: dict[str, Any] = task(guest.credentials(), params)
        return result

    with running_as(Context(root=tmp_path)):
        yield call


@pytest.mark.parametrize(
    ("task", "params", "named"),
    [
        (ssh.upload_file, {"remote_path": "@/fixed/new", "content": "x"}, "@/fixed/new"),
        (ssh.upload_file, {"remote_path": "@/fixed/file", "content": "x"}, "@/fixed/file"),
        (ssh.upload_file, {"remote_path": "@/fixed/a/b/new", "content": "x"}, "@/fixed/a/b/new"),
        (ssh.upload_file, {"remote_path": "@/closed/new", "content": "x"}, "@/closed/new"),
        (ssh.download_file, {"remote_path": "@/unread"}, "@/unread"),
        (ssh.download_file, {"remote_path": "@/unread", "file_path": "here"}, "@/unread"),
        (ssh.download_file, {"remote_path": "@/closed/file"}, "@/closed/file"),
        (ssh.list_files, {"remote_path": "@/closed"}, "@/closed"),
        (ssh.list_files, {"remote_path": "@", "recursive": True}, "@/closed"),
        (ssh.delete_file, {"remote_path": "@/fixed/file"}, "@/fixed/file"),
        (ssh.delete_file, {"remote_path": "@/closed/none"}, "@/closed/none"),
        (ssh.make_folder, {"remote_path": "@/fixed/in"}, "@/fixed/in"),
        (ssh.make_folder, {"remote_path": "@/closed/in/deep"}, "@/closed/in/deep"),
        (ssh.move_file, {"remote_path": "@/fixed/file", "to_path": "@/moved"}, "@/moved"),
        (ssh.move_file, {"remote_path": "@/fixed/file", "to_path": "@/moved", "overwrite": True}, "@/fixed/file"),
    ],
)
def test_a_missing_permission_is_told_with_where_and_what_to_do(
    ask: Ask, guest: SshServer, tmp_path: Path, task: Any, params: dict[str, Any], named: str
) -> None:
    home = str(guest.home)
    given = {name: value.replace("@", home) if isinstance(value, str) else value for name, value in params.items()}
    result = ask(task, **given)
    assert not result["success"]
    assert (result["data"], result["permanent"]) == ({"kind": "forbidden"}, True), result["message"]
    assert re.search(rf"{re.escape(named.replace('@', home))}[ .]", result["message"])
    assert result["message"].endswith(ALLOW)
    assert sorted(path.name for path in guest.home.iterdir()) == ["closed", "fixed", "unread"], "nothing is left"
    assert not (tmp_path / "here").exists()


def test_a_disk_that_gets_full_is_told_and_the_old_file_stays(ask: Ask, guest: SshServer) -> None:
    small = guest.home / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", str(small)], check=False)
    try:
        if mounted.returncode:
            pytest.skip("only who may mount file systems can have a small one")
        assert ask(ssh.upload_file, remote_path=f"{small}/a", content="old")["success"]
        result = ask(ssh.upload_file, remote_path=f"{small}/a", content="x" * 200_000)
        assert (result["data"], result.get("permanent", False)) == ({"kind": "full"}, False), result["message"]
        assert "of 200,000 bytes got there" in result["message"]
        assert "room on its disk" in result["message"]
        assert ask(ssh.download_file, remote_path=f"{small}/a")["data"] == "old"
        assert [one["name"] for one in ask(ssh.list_files, remote_path=str(small))["data"]] == ["a"]
        across = ask(ssh.move_file, remote_path=f"{small}/a", to_path=f"{guest.home}/a")
        assert across["data"] == {"kind": "refused"}
        assert "on one file system" in across["message"]
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", str(small)], check=True)
        small.rmdir()


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127, "日" * 85, "🎉" * 63, "a\nb", " x ", "-rf", "*"])
def test_a_file_has_any_name_that_the_machine_takes(ask: Ask, guest: SshServer, name: str) -> None:
    path = f"{guest.home}/{name}"
    assert ask(ssh.upload_file, remote_path=path, content="x")["message"].startswith("1 byte written")
    assert name in [one["name"] for one in ask(ssh.list_files, remote_path=str(guest.home))["data"]]
    assert ask(ssh.download_file, remote_path=path)["data"] == "x"
    assert ask(ssh.delete_file, remote_path=path)["data"] == {"deleted": True}


def test_a_name_that_is_too_long_and_one_that_is_no_text_are_told(ask: Ask, guest: SshServer) -> None:
    result = ask(ssh.upload_file, remote_path=f"{guest.home}/{'n' * 256}", content="x")
    assert result["data"]["kind"] in ("refused", "not_found")
    folder = guest.home / "names"
    folder.mkdir()
    bad = os.fsencode(folder) + b"/caf\xe9"
    with open(bad, "w"):
        pass
    result = ask(ssh.list_files, remote_path=str(folder))
    assert (result["data"], result["permanent"]) == ({"kind": "invalid"}, True), result["message"]
    assert f"A name in {folder} there is no UTF-8" in result["message"]
    os.remove(bad)
    folder.rmdir()
