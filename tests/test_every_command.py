"""Every command with each of its arguments and options given what nobody means: a message and an exit code, no bug."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from flowbook.cli import cli, run
from flowbook.cli.common import FileOfItsOwn
from flowbook.workspace import Workspace
from tests.crosses import crossed

SECRET = "xoxb-5ecret-9876543210"
VALUES = ["", "\udcff\udcfe", "a" * 5000, "loop", "~no-such-user/x", "99999999999999999999", "a=@folder", "folder/.."]
WITH_A_LIFE_OF_THEIR_OWN = {"app", "lab", "mcp", "serve"}
FLOW = """\
flowbook: 1
name: hello
inputs:
  who: {type: string, default: world}
nodes:
  a: {task: core.set, params: {values: {text: "${{ inputs.who }}"}}}
  b: {task: core.fail, params: {message: no}}
"""
GOOD = {
    "init": "new", "catalog": "slack", "types create": "github --from-folder", "types delete": "slack",
    "types show": "slack", "types update": "slack -d x", "integrations add": "x.zip",
    "integrations create": "Other --type slack --credentials given.json", "integrations delete": "Slack",
    "integrations hosts": "Slack", "integrations sign-in": "Slack", "integrations sign-out": "Slack",
    "integrations template export": "Slack", "integrations template import": "x.yaml --credentials given.json",
    "integrations test": "No", "integrations update": "Slack --rename B", "workflows delete": "hello",
    "workflows diff": "hello x.flow.yaml", "workflows export": "hello", "workflows gallery": "word-count",
    "workflows import": "hello.flow.yaml --replace", "workflows show": "hello", "check": "hello", "run": "hello",
    "runs cell": "last b", "runs delete": "last", "runs report": "last", "runs resume": "last", "runs show": "last",
    "runs test": "last", "schedule add": "hello --cron 0_7_*_*_*", "schedule pause": "hello",
    "schedule remove": "hello", "schedule resume": "hello", "hooks add": "hello", "hooks remove": "hello",
    "new integration": "fresh", "trust revoke": "hello", "key add-person": "bob", "key export": "x.key",
    "key remove-person": "bob", "workspace copy": "--to elsewhere", "docs": "loop",
}  # fmt: skip


def leaves(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """All commands that do something, by their names."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(click.Context(command)):
        if path or name not in WITH_A_LIFE_OF_THEIR_OWN:
            found = command.get_command(click.Context(command), name)
            assert found is not None
            yield from leaves(found, f"{path} {name}".strip())


COMMANDS = dict(leaves(cli))


def calls(name: str) -> Iterator[list[str]]:
    """Each argument and option of a command with half of the values, all else being right; all, of two of them."""
    good = [word.replace("_", " ") if "*" in word else word for word in GOOD.get(name, "").split()]
    arguments = [one for one in COMMANDS[name].params if isinstance(one, click.Argument)]
    options = [one for one in COMMANDS[name].params if isinstance(one, click.Option) and not one.is_flag]
    forms = [[], ["--json"]] if any(one.name == "as_json" for one in COMMANDS[name].params) else [[]]
    first = len(name) % len(VALUES)  # not the same half for the first of every command
    asked: list[int | click.Option] = [*range(len(arguments)), *options]
    each = len(VALUES) // 2 if len(asked) > 1 else len(VALUES)
    for one, value in crossed(asked, [*VALUES[first:], *VALUES[:first]], each) if asked else ():
        if isinstance(one, int):
            given = [*good[:one], value, *good[one + 1 :]]
            yield from ([*name.split(), *form, *given] for form in forms)
        else:
            yield [*name.split(), *good, f"{one.opts[-1]}={value}" if one.opts[-1][1] == "-" else one.opts[0] + value]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "hello.flow.yaml").write_text(FLOW)
    (tmp_path / "given.json").write_text(json.dumps({"bot_token": SECRET}))
    with Workspace(tmp_path) as ws:
        ws.save(ws.read(tmp_path / "hello.flow.yaml").workflow)
        ws.create_type("slack")
        ws.create_integration("Slack", "slack", {"bot_token": SECRET})
        ws.start("hello").wait()
        ws.add_schedule("hello", "0 7 * * *")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLOWBOOK_TRUST", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_what_nobody_means_ends_in_words(
    name: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: list[str] = []
    for call in calls(name):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        code = run(call)
        out, err = capsys.readouterr()
        told = code in (0, 1, 2, 3, 130) and (err or out or not code)
        if not told or "Traceback" in err or "This is a bug" in err or SECRET in out + err or "Errno" in err:
            wrong.append(f"{[word[:30] for word in call]}: {code}: {err[-200:]}")
        if code in (1, 2, 3) and name in ("run", "runs resume") and "--json" in call:
            json.loads(out)
    assert wrong == []
    assert {"loop", "folder", "hello.flow.yaml"} <= set(os.listdir(place))


READ = {
    "integrations add FILE", "integrations template import FILE", "workflows import FILE", "new integration --openapi",
    "run WORKFLOW|FILE|NOTEBOOK", "check [WORKFLOW|FILE]...", "workflows export NAME|FILE",
}  # fmt: skip
"""What names files that are read only, or a workflow besides."""


def files() -> Iterator[tuple[str, click.Parameter]]:
    """Each argument and option that names a file, with the words that it is given by."""
    for name, command in COMMANDS.items():
        for one in command.params:
            shown = one.opts[-1] if isinstance(one, click.Option) else one.metavar or (one.name or "").upper()
            if "FILE" in f"{one.metavar} {shown}":
                yield f"{name} {shown}", one


def test_a_dash_is_standard_output_or_no_name_of_a_file_to_write() -> None:
    """A file called ``-`` was written, by a report of n8n's, an executed notebook, a cassette, a test, a key."""
    without = [
        name
        for name, one in files()
        if name not in READ and "|-" not in (one.metavar or "") and not isinstance(one.type, FileOfItsOwn)
        and "@FILE" not in (one.metavar or "")
    ]  # fmt: skip
    assert without == []


@pytest.mark.parametrize(
    "call",
    ["run hello --record -", "run hello --replay -", "runs test last --cassette -", "runs test last --cassette c -o -",
     "key export -"],
)  # fmt: skip
def test_a_file_of_its_own_is_never_called_by_a_dash(
    call: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(os.listdir(place))
    assert run(call.split()) == 2
    assert "a file of its own, and not standard output or input: name it" in capsys.readouterr().err
    assert set(os.listdir(place)) == before
