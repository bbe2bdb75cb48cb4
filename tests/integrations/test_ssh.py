"""Commands and files on another machine, against a real OpenSSH server."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.testing import check_contract
from integrations import ssh
from tests.integrations.examples import examples
from tests.integrations.silent import silent_server
from tests.integrations.ssh_server import PASSPHRASE, SshServer

Done = Callable[..., Any]


@pytest.fixture
def done(ssh_server: SshServer, tmp_path: Path) -> Iterator[Done]:
    """What calls a task; it must succeed."""

    def call(task: Callable[..., Any], **params: Any) -> Any:
        result = task(ssh_server.credentials(), params)
        assert result["success"], result["message"]
        return result["data"]

    with running_as(Context(root=tmp_path)):
        yield call


def refused(server: SshServer, task: Callable[..., Any], **params: Any) -> Any:
    result = task(server.credentials(), params)
    assert not result["success"]
    return result


def printed(server: SshServer, kind: str = "ed25519") -> str:
    """The fingerprint as OpenSSH itself shows it."""
    shown = subprocess.run(
        ["ssh-keygen", "-lf", str(server.folder / f"host_{kind}.pub")], capture_output=True, text=True, check=True
    )
    return shown.stdout.split()[1]


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(ssh.__file__).parent) == []


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(ssh.__file__).parent)) == sorted(ssh.__all__)


def test_the_connection_test_says_what_it_is_connected_to(ssh_server: SshServer, done: Done) -> None:
    data = done(ssh.test_connection)
    assert "OpenSSH" in data["server"]
    assert data["host_key"] == printed(ssh_server)


def test_a_machine_is_known_in_each_way_that_people_write_its_key(ssh_server: SshServer, tmp_path: Path) -> None:
    line = f"[127.0.0.1]:{ssh_server.port} {ssh_server.host_key()}"
    hashed = tmp_path / "known_hosts"
    hashed.write_text(line)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(hashed)], check=True, capture_output=True)
    for known in (
        {"host_key": ssh_server.host_key("ecdsa")},
        {"host_key": line},
        {"host_key": f"# ours\n{printed(ssh_server, 'ecdsa')}\n{printed(ssh_server)}"},
        {"host_key": None, "known_hosts": str(hashed)},
    ):
        result = ssh.test_connection(ssh_server.credentials(**known), {})
        assert result["success"], result["message"]


@pytest.mark.parametrize(
    ("known", "kind"),
    [
        ({"host_key": None, "known_hosts": "/no/such/file"}, "unknown_host"),
        ({"host_key": "SHA256:" + "A" * 43}, "host_changed"),
        ({"host_key": "stranger"}, "host_changed"),
        ({"host_key": "nonsense"}, "invalid"),
        ({"host_key": "ssh-ed25519 AAAA"}, "invalid"),
    ],
)
def test_a_machine_that_nobody_vouches_for_is_sent_nothing(
    ssh_server: SshServer, known: dict[str, Any], kind: str
) -> None:
    if known["host_key"] == "stranger":
        known = {"host_key": (ssh_server.folder / "stranger.pub").read_text()}
    before = (ssh_server.folder / "log").read_text()
    result = ssh.test_connection(ssh_server.credentials(**known, password="hunter2-hunter2"), {})
    assert (result["data"]["kind"], result["permanent"]) == (kind, True), result["message"]
    assert "Accepted" not in (ssh_server.folder / "log").read_text()[len(before) :]
    if kind == "unknown_host":
        assert result["data"]["host_key"] in result["message"]


@pytest.mark.parametrize(
    ("changed", "kind", "permanent"),
    [
        ({"private_key": "stranger"}, "unauthorized", True),
        ({"private_key": None, "password": "not-the-password"}, "unauthorized", True),
        ({"private_key": "no key at all"}, "invalid", True),
        ({"private_key": "locked"}, "invalid", True),
        ({"private_key": "locked", "key_passphrase": "not-this-one"}, "invalid", True),
        ({"private_key": None, "key_file": "not-there"}, "invalid", True),
        ({"username": "nobody-here"}, "unauthorized", True),
        ({"port": 1}, "unreachable", False),
        ({"host": "no such host"}, "wrong_address", False),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    ssh_server: SshServer, changed: dict[str, Any], kind: str, permanent: bool
) -> None:
    if changed.get("private_key") in ("stranger", "locked"):
        changed = {**changed, "private_key": (ssh_server.folder / str(changed["private_key"])).read_text()}
    result = ssh.test_connection(ssh_server.credentials(**changed), {})
    assert (result["data"]["kind"], result.get("permanent", False)) == (kind, permanent), result["message"]
    assert "not-th" not in str(result).replace("not-there", "")
    assert "PRIVATE" not in str(result)


def test_a_key_with_a_passphrase_and_a_file_sign_in(ssh_server: SshServer) -> None:
    locked = {"private_key": None, "key_file": str(ssh_server.folder / "locked"), "key_passphrase": PASSPHRASE}
    assert ssh.test_connection(ssh_server.credentials(**locked), {})["success"]
    one_line = (ssh_server.folder / "user").read_text().strip().replace("\n", "\\n")
    assert ssh.test_connection(ssh_server.credentials(private_key=one_line), {})["success"]


@pytest.mark.parametrize("greeting", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_is_no_ssh_is_given_up(ssh_server: SshServer, greeting: bytes) -> None:
    with silent_server(greeting) as port:
        result = ssh.test_connection(ssh_server.credentials(port=port, timeout=0.5), {})
    assert result["data"]["kind"] in ("unreachable", "timeout")


def test_a_command_is_run_with_what_it_reads(ssh_server: SshServer, done: Done) -> None:
    data = done(ssh.run_command, command="tr a-z A-Z; echo oops >&2", input="grüße\n")
    assert data == {"exit_code": 0, "stdout": "GRüßE\n", "stderr": "oops\n"}
    tricky = ["printf", "%s|", "a b", "$HOME; echo x", "it's"]
    assert done(ssh.run_command, command=tricky)["stdout"] == "a b|$HOME; echo x|it's|"
    assert done(ssh.run_command, command="pwd", folder=str(ssh_server.home))["stdout"].strip() == str(ssh_server.home)
    assert done(ssh.run_command, command="exit 3", accept="0, 3")["exit_code"] == 3
    assert done(ssh.run_command, command="true", input="x" * 300_000)["exit_code"] == 0


def test_much_goes_both_ways_at_the_same_time(ssh_server: SshServer, done: Done) -> None:
    given = bytes(range(32, 127)) * 20_000
    data = done(ssh.run_command, command="cat; head -c 500000 /dev/zero >&2", input=given)
    assert data["stdout"].encode() == given
    assert len(data["stderr"]) == 500_000
    cut = ssh.run_command(ssh_server.credentials(), {"command": "head -c 100000 /dev/zero", "max_output": 10})
    assert (len(cut["data"]["stdout"]), "Only the first 10 bytes" in cut["message"]) == (10, True)


def test_a_command_that_fails_says_what_it_said(ssh_server: SshServer) -> None:
    result = refused(ssh_server, ssh.run_command, command="echo out; echo why >&2; exit 7")
    assert result["message"].endswith("exit code 7: why")
    assert result["data"] == {"exit_code": 7, "stdout": "out\n", "stderr": "why\n"}
    assert not result.get("permanent")
    assert refused(ssh_server, ssh.run_command, command="kill -9 $$")["data"]["exit_code"] is None
    assert refused(ssh_server, ssh.run_command, command="ls", folder="/no/such/folder")["data"]["exit_code"]


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except FileNotFoundError:
        return False


def until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_timeout_and_cancelling_end_the_command_there(ssh_server: SshServer) -> None:
    note = ssh_server.home / "pid"
    command = {"command": f"echo $$ > {note}.new; mv {note}.new {note}; sleep 300; echo late"}
    result = ssh.run_command(ssh_server.credentials(), {**command, "timeout": 0.5})
    assert result["data"]["kind"] == "timeout"
    until(lambda: not is_alive(int(note.read_text())))
    note.unlink()
    stop, results = Stop(), []

    def work() -> None:
        with running_as(Context("run", stop=stop)):
            results.append(ssh.run_command(ssh_server.credentials(), command))

    thread = threading.Thread(target=work)
    thread.start()
    until(note.exists)
    stop.set()
    thread.join(60)
    assert results[0]["data"]["kind"] == "cancelled"
    until(lambda: not is_alive(int(note.read_text())))


def test_files_go_there_and_back(ssh_server: SshServer, done: Done, tmp_path: Path) -> None:
    content = os.urandom(200_000)
    (tmp_path / "a.bin").write_bytes(content)
    there = f"{ssh_server.home}/deep/er/a.bin"
    assert done(ssh.upload_file, file_path="a.bin", remote_path=there, mode="640")["size"] == 200_000
    assert stat.S_IMODE(Path(there).stat().st_mode) == 0o640
    assert done(ssh.download_file, remote_path=there, file_path="back/b.bin")["size"] == 200_000
    assert (tmp_path / "back/b.bin").read_bytes() == content
    done(ssh.upload_file, content="größer", remote_path=there)
    assert stat.S_IMODE(Path(there).stat().st_mode) == 0o640, "as it was"
    assert done(ssh.download_file, remote_path=there) == "größer"
    assert [path.name for path in Path(there).parent.iterdir()] == ["a.bin"]


def test_files_are_listed_moved_and_deleted(ssh_server: SshServer, done: Done) -> None:
    folder = f"{ssh_server.home}/some"
    assert done(ssh.make_folder, remote_path=f"{folder}/in") == {"created": True}
    assert done(ssh.make_folder, remote_path=f"{folder}/in/") == {"created": False}
    for name in ("b.csv", "a.csv", "c.txt", "in/d.csv"):
        done(ssh.upload_file, content="x", remote_path=f"{folder}/{name}")
    found = done(ssh.list_files, remote_path=folder, pattern="*.csv")
    assert [(one["name"], one["type"], one["size"]) for one in found] == [("a.csv", "file", 1), ("b.csv", "file", 1)]
    deep = done(ssh.list_files, remote_path=folder, recursive=True)
    assert [one["name"] for one in deep] == ["a.csv", "b.csv", "c.txt", "in", "d.csv"]
    move = {"remote_path": f"{folder}/a.csv", "to_path": f"{folder}/b.csv"}
    assert refused(ssh_server, ssh.move_file, **move)["data"]["kind"] == "conflict"
    done(ssh.move_file, **move, overwrite=True)
    assert done(ssh.delete_file, remote_path=f"{folder}/b.csv") == {"deleted": True}
    assert done(ssh.delete_file, remote_path=f"{folder}/b.csv") == {"deleted": False}
    assert "cannot be deleted" in refused(ssh_server, ssh.delete_file, remote_path=f"{folder}/in")["message"]
    done(ssh.delete_file, remote_path=f"{folder}/in/d.csv")
    assert done(ssh.delete_file, remote_path=f"{folder}/in") == {"deleted": True}


@pytest.mark.parametrize(
    ("task", "params", "words"),
    [
        (ssh.download_file, {"remote_path": "/no/such"}, "There is no /no/such"),
        (ssh.download_file, {"remote_path": "/etc"}, "/etc is no file"),
        (ssh.download_file, {"remote_path": "/etc/passwd", "max_bytes": 1}, "more than 1"),
        (ssh.download_file, {"remote_path": "/etc/passwd", "file_path": "../x"}, "outside"),
        (ssh.list_files, {"remote_path": "/no/such"}, "There is no"),
        (ssh.move_file, {"remote_path": "/no/such", "to_path": "/tmp/x"}, "There is no"),
        (ssh.move_file, {"remote_path": "/etc/hostname", "to_path": "/no/such/x"}, "There is no folder /no/such there"),
        (
            ssh.upload_file,
            {"remote_path": "/no/x", "content": "x", "make_folders": False},
            "There is no folder /no there",
        ),
        (ssh.upload_file, {"remote_path": "/tmp", "content": "x"}, "is a folder there"),
        (ssh.upload_file, {"remote_path": "/etc/passwd/x", "content": "x"}, "no folder there"),
        (ssh.upload_file, {"remote_path": "x"}, "Nothing to upload"),
        (ssh.upload_file, {"remote_path": "x", "file_path": "missing.txt"}, "There is no file"),
    ],
)
def test_bad_input_is_refused_in_words(
    ssh_server: SshServer, done: Done, task: Any, params: dict[str, Any], words: str
) -> None:
    assert words in refused(ssh_server, task, **params)["message"]


def test_a_dry_run_reads_and_changes_nothing(tmp_path: Path, ssh_server: SshServer) -> None:
    target = ssh_server.home / "dry.txt"
    with Workspace(tmp_path) as ws:
        ws.create_type("ssh")
        ws.create_integration("There", "ssh", ssh_server.credentials())
        flow = Workflow(name="dry")
        for id, (task, params) in {
            "list": ("list_files", {"remote_path": str(ssh_server.home)}),
            "run": ("run_command", {"command": f"touch {target}"}),
            "put": ("upload_file", {"content": "x", "remote_path": str(target)}),
        }.items():
            flow.add(id, f"ssh.{task}", integration="There", params=params)
        run = ws.run(flow, dry_run=True)
    assert run["list"].success
    assert run["run"].intents[0].kind == "code", "what a command does is not known"
    assert run["put"].intents[0].action == f"write {target}"
    assert not target.exists()
