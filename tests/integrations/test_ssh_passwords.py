"""Signing in to a real OpenSSH with a password, asked for in each way that it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations import ssh
from tests.integrations.ssh_server import PASSWORD, SshServer, running_ssh


@pytest.fixture(scope="module", params=["password", "keyboard-interactive"])
def server(request: pytest.FixtureRequest) -> Iterator[SshServer]:
    with running_ssh(way=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def careful() -> Iterator[SshServer]:
    """A server that wants a key and a password of whoever signs in."""
    with running_ssh(way="publickey,password") as running:
        yield running


def cara(server: SshServer, **changed: object) -> dict[str, Any]:
    return server.credentials(**{"username": "cara", "private_key": None, "password": PASSWORD, **changed})


def test_who_has_the_right_password_runs_commands_and_moves_files(server: SshServer) -> None:
    assert ssh.test_connection(cara(server), {})["data"]["user"] == "cara"
    said = ssh.run_command(cara(server), {"command": "pwd"})
    assert said["data"]["stdout"].strip() == str(server.home)
    put = ssh.upload_file(cara(server), {"remote_path": "hello.txt", "content": "Grüße"})
    assert put["success"], put["message"]
    assert Path(server.home / "hello.txt").read_text() == "Grüße"


@pytest.mark.parametrize("changed", [{"password": "wrong-pässword"}, {"username": "nobody-here"}])
def test_who_has_a_wrong_one_is_told_that_it_is_wrong(server: SshServer, changed: dict[str, object]) -> None:
    result = ssh.test_connection(cara(server, **changed), {})
    assert (result["data"]["kind"], result["permanent"]) == ("unauthorized", True)
    assert "refused the user" in result["message"]
    assert "the password" in result["message"]
    assert "wrong-p" not in str(result)
    assert PASSWORD not in str(result)


def test_a_machine_that_wants_a_key_and_a_password_gets_both(careful: SshServer) -> None:
    key = careful.credentials()["private_key"]
    assert ssh.test_connection(cara(careful, private_key=key), {})["success"]
    for changed, way in (({"private_key": key, "password": None}, "password"), ({}, "publickey")):
        result = ssh.test_connection(cara(careful, **changed), {})
        assert (result["data"]["kind"], result["permanent"]) == ("unauthorized", True)
        assert f"It takes: {way}." in result["message"]
    wrong = ssh.test_connection(cara(careful, private_key=key, password="not-it-at-all"), {})
    assert "refused the user, the password or the key" in wrong["message"]
