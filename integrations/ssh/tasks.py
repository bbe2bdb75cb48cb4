"""Trying the credentials, and running commands."""

from __future__ import annotations

import shlex
from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.ssh import fingerprint, place_of, signed_in

from .models import Credentials, RunCommand, TestConnection
from .running import Running


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Connect, check the machine's key, and sign in. Nothing is run.

    A failure's data has a "kind": unknown_host (with "host_key", the fingerprint it shows), host_changed, unauthorized,
    wrong_address, unreachable, timeout, invalid. Data: {"server", "host_key", "host_key_type", "user"}.
    """
    with signed_in(credentials) as client:
        transport = client.get_transport()
        key = transport.get_remote_server_key()
        data = {
            "server": transport.remote_version,
            "host_key": fingerprint(key),
            "host_key_type": key.get_name(),
            "user": credentials.username,
        }
    return Result.ok(f"Signed in to {place_of(credentials)} ({data['server']}).", data)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=True,
    example={"exit_code": 0, "stdout": "done\n", "stderr": ""},
)
def run_command(credentials: Credentials, params: RunCommand) -> Result:
    """Run a command on the machine, and wait for it.

    An exit code that is not accepted is a failure, with the same data. Cancelling the run, a node's timeout and the
    param ``timeout`` end the command there. Data: {"exit_code" (null when a signal ended it), "stdout", "stderr"}.
    """
    command = params.command if isinstance(params.command, str) else shlex.join(params.command)
    whole = f"cd -- {shlex.quote(params.folder)} && {{ {command}\n}}" if params.folder else command
    current().about_to("ssh", place_of(credentials), command, folder=params.folder)
    given = params.input_.encode() if isinstance(params.input_, str) else params.input_
    with signed_in(credentials, cut=False) as client:
        channel = client.get_transport().open_session(timeout=credentials.timeout)
        try:
            channel.exec_command(whole)
            running = Running(channel, given, params.max_output)
            reason = running.wait(params.timeout)
            code = channel.recv_exit_status() if channel.exit_status_ready() else -1
        finally:
            channel.close()
    return _result(params, running, code, reason)


def _result(params: RunCommand, running: Running, code: int, reason: str) -> Result:
    data: dict[str, Any] = {
        "exit_code": None if code < 0 else code,
        "stdout": _text(running.out),
        "stderr": _text(running.err),
    }
    if reason:
        data["kind"] = reason
        when = "The run was cancelled" if reason == "cancelled" else f"It took longer than {params.timeout:g} seconds"
        raise TaskFailed(f"{when}: the command was told to end.", data)
    note = f" Only the first {params.max_output:,} bytes of what it wrote are kept." if running.cut else ""
    if code in params.accept or not params.accept:
        return Result.ok(f"Ended with exit code {code}.{note}", data)
    last = (data["stderr"].strip() or data["stdout"].strip()).rpartition("\n")[2][:300]
    ended = "A signal ended the command" if code < 0 else f"The command ended with exit code {code}"
    raise TaskFailed(f"{ended}{': ' + last if last else '.'}{note}", data)


def _text(written: bytearray) -> str:
    return written.decode("utf-8", "backslashreplace")
