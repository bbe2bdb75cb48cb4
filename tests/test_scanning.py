"""``flowbook check --secrets`` finds this workspace's secret values in files, and shows none."""

from __future__ import annotations

import base64
import json
import textwrap
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from click.testing import CliRunner

from flowbook import environment
from flowbook.cli.main import cli
from flowbook.errors import InputError
from flowbook.models import Parameter, Workflow
from flowbook.workspace import Workspace

SECRET = "tok-9fk2/sd83+aa=="
GIVEN = "given-by-environment-1"


@pytest.fixture
def held(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    ws.create_type("demo", [Parameter(name="token", type="password"), Parameter(name="host")])
    ws.create_integration("My Demo", "demo", {"token": SECRET, "host": "https://plain.example"})
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS__CI", json.dumps({"integration_type": "demo", "token": GIVEN}))
    monkeypatch.chdir(ws.root)
    return ws


def scanned(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["check", "--secrets", *arguments], standalone_mode=False)
    assert done.exception is None, done.exception
    return int(done.return_value), done.output


FORMS = {
    "as it is": f"token: {SECRET}",
    "in an address": f"https://x.example/?t={quote(SECRET, safe='')}",
    "base64": base64.b64encode(f"user:{SECRET}".encode()).decode(),
    "hexadecimal": SECRET.encode().hex(),
    "JSON": json.dumps({"t": SECRET}).replace("/", "\\/"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_is_found_and_the_line_named(held, form):
    Path("notes.txt").write_text(f"nothing\n\n{form}\nnothing\n")
    code, said = scanned("notes.txt")
    assert (code, said.splitlines()[0]) == (1, "notes.txt: line 3: a secret value of 'My Demo'")
    assert SECRET not in said
    assert form not in said


BASIC = base64.b64encode(f"a-user-of-some-length:{SECRET}".encode()).decode()
BROKEN = {
    "base64 in a mail": "\r\n".join(textwrap.wrap(BASIC, 38)),
    "base64 in YAML": "\n      ".join(textwrap.wrap(BASIC, 40)),
    "base64 in JSON": json.dumps({"key": "\n".join(textwrap.wrap(BASIC, 36))}),
    "quoted-printable": f"{SECRET[:9]}=\n{SECRET[9:]}",
    "a shell's line": f"export T={SECRET[:7]}\\\n{SECRET[7:]}",
    "as it is": f"token:\n  {SECRET[:4]}\n  {SECRET[4:12]}\n  {SECRET[12:]}",
}


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_one_that_is_broken_into_lines_is_found(held, text):
    Path("notes.txt").write_text(f"nothing\n\n{text}\nnothing\n", newline="")
    code, said = scanned("notes.txt")
    assert code == 1, said
    assert said.splitlines()[0].startswith("notes.txt: line ")
    assert SECRET not in said


def test_lines_of_a_notebook_are_one_text_however_they_are_kept(held):
    """Editors keep a long line as several texts of the list, and a broken one is one of lines."""
    cells = [
        {"cell_type": "code", "source": [f"token = '{SECRET[:8]}", f"{SECRET[8:]}'\n"], "outputs": []},
        {"cell_type": "code", "source": ["show()"], "outputs": [
            {"output_type": "stream", "text": [f"{BASIC[:38]}\n", f"{BASIC[38:]}\n"]},
        ]},
    ]  # fmt: skip
    Path("work.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
    code, said = scanned("--json", "work.ipynb")
    assert code == 1
    assert [one["place"] for one in json.loads(said)] == ["cell 1", "cell 2, output 1"]


def test_what_comes_about_by_the_end_of_a_line_is_none(held):
    held.create_integration("Short", "demo", {"token": "ab12cd", "host": "https://plain.example"})
    Path("notes.txt").write_text("grab\n12cd\nab12\ncd\n")
    assert scanned("notes.txt")[0] == 0


def test_the_name_of_a_file_is_one_line_and_steers_no_terminal(held):
    """Also where the output goes to something else, which shows it: hooks of git are read so."""
    Path("a: line 1: harmless\n\x1b[2Jb.txt").write_text(SECRET)
    code, said = scanned(".")
    assert (code, said.splitlines()[0]) == (
        1,
        r"a: line 1: harmless\n\u001b[2Jb.txt: line 1: a secret value of 'My Demo'",
    )
    Path("a\nb.flow.yaml").write_text("flowbook: 1\nname: a\nnodes:\n  a: {task: none.such}\n")
    checked = CliRunner().invoke(cli, ["check", "a\nb.flow.yaml"], standalone_mode=False)
    assert checked.output.startswith(r"a\nb.flow.yaml:a:task")


def test_a_notebook_s_cells_and_outputs_are_named(held):
    cells = [
        {"cell_type": "markdown", "source": ["nothing"]},
        {"cell_type": "code", "source": ["x = 1\n", f"token = '{SECRET[:9]}' \\\n"], "outputs": []},
        {"cell_type": "code", "source": [f"print('{SECRET}')\n"], "outputs": [
            {"output_type": "stream", "text": ["fine\n"]},
            {"output_type": "execute_result", "data": {"text/html": ["<b>", f"{GIVEN}</b>"]}},
        ]},
    ]  # fmt: skip
    Path("work.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
    code, said = scanned("--json", "work.ipynb")
    assert code == 1
    found = {(one["place"], one["integration"]) for one in json.loads(said)}
    assert found == {("cell 3", "My Demo"), ("cell 3, output 2", "FLOWBOOK_CREDENTIALS__CI")}


def test_folders_are_looked_through_and_clean_ones_are_said_to_be(held):
    deep = Path("a/b")
    deep.mkdir(parents=True)
    (deep / "plain.txt").write_text("https://plain.example")
    (deep / "binary.bin").write_bytes(bytes(range(256)))
    assert scanned("a") == (0, "No secret values in a\n")
    assert scanned()[0] == 0, "the store itself holds none in clear"
    (deep / "binary.bin").write_bytes(b"\xff\x00" + SECRET.encode() + b"\xfe")
    (deep / "wide.txt").write_text(SECRET, encoding="utf-16")
    code, said = scanned("a")
    assert code == 1
    assert "binary.bin: line 1" in said
    assert "wide.txt: line 1" in said


def test_what_is_not_there_is_said(held):
    done = CliRunner().invoke(cli, ["check", "--secrets", "nowhere.txt"], standalone_mode=False)
    assert "nowhere.txt" in str(done.exception)


def test_it_is_offered_to_pre_commit():
    hooks = yaml.safe_load((Path(__file__).parents[1] / ".pre-commit-hooks.yaml").read_text())
    assert [hook["entry"] for hook in hooks] == ["flowbook check --secrets", "flowbook check"]


def test_the_address_of_a_database_in_the_environment_is_looked_for_like_all_that_is_secret(
    held: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken for an integration's credentials, which are JSON."""
    address = "postgresql://ada:pa55-word-1@db.example/flowbook"
    monkeypatch.setenv("FLOWBOOK_STORE", address)
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS_CI", "misspelt-5ecret")
    environment.take()
    found = held.credentials.all_secrets()
    assert (found["FLOWBOOK_STORE"], found["FLOWBOOK_CREDENTIALS_CI"]) == ([address], ["misspelt-5ecret"])


ENCODED = {
    "UTF-16": SECRET.encode("utf-16"),
    "UTF-16 in a program's file": b"\x01\x7f" + SECRET.encode("utf-16-le") + b"\x00",
    "UTF-16, the other way round": SECRET.encode("utf-16-be"),
    "UTF-32": SECRET.encode("utf-32"),
    "UTF-32 without a mark": SECRET.encode("utf-32-le"),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_it_is_found_in_each_encoding_that_files_are_in(held, content):
    Path("notes.txt").write_bytes(content)
    code, said = scanned("notes.txt")
    assert code == 1, said
    assert said.count("notes.txt: line") == 1, "once, however many ways there are to read the file"


def test_letters_that_are_no_ascii_are_found_as_spreadsheets_write_them(held):
    held.create_integration("Umlauts", "demo", {"token": "pass-wört-für-äöü"})
    Path("notes.csv").write_bytes("name;word\nx;pass-wört-für-äöü\n".encode("cp1252"))
    code, said = scanned("notes.csv")
    assert (code, said.splitlines()[0]) == (1, "notes.csv: line 2: a secret value of 'Umlauts'")


def test_where_no_secrets_are_known_it_is_not_said_that_none_is_there(tmp_path, monkeypatch):
    """A hook that starts beside the workspace, not in it, would pass each commit."""
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("anything")
    done = CliRunner().invoke(cli, ["check", "--secrets", "notes.txt"], standalone_mode=False)
    assert isinstance(done.exception, InputError), done.output
    assert "there is no workspace" in str(done.exception)
    assert "flowbook -C DIR" in done.exception.hint
    with Workspace(tmp_path):
        pass
    code, said = scanned("notes.txt")
    assert (code, said) == (0, "This workspace has no secret values to look for in notes.txt\n")


def test_credentials_of_the_environment_need_no_workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWBOOK_CREDENTIALS__CI", json.dumps({"integration_type": "http", "token": GIVEN}))
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text(GIVEN)
    assert scanned("notes.txt")[0] == 1


def test_what_hooks_are_called_by_and_signed_with_is_found_too(held):
    """Whoever knows it starts runs. Of an address that is a secret only the digest is kept."""
    held.save(Workflow(name="daily"))
    _, address = held.add_hook("daily")
    _, page = held.add_hook("daily", kind="form")
    _, signing = held.add_hook("daily", name="pushes", kind="github")
    Path("notes.txt").write_text(
        f"POST http://h/hooks/{address}\n\nhttp://h/forms/daily-form?key={page}\n{signing!r}\n"
    )
    code, said = scanned("notes.txt")
    assert code == 1
    assert set(said.splitlines()[:3]) == {
        "notes.txt: line 1: a secret value of 'hook daily'",
        "notes.txt: line 3: a secret value of 'hook daily-form'",
        "notes.txt: line 4: a secret value of 'hook pushes'",
    }
    cells = [
        {"cell_type": "code", "source": [f"url = 'http://h/hooks/{address[:20]}", address[20:], "'"], "outputs": []}
    ]
    Path("n.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}))
    assert scanned("n.ipynb")[1].splitlines()[0] == "n.ipynb: cell 1: a secret value of 'hook daily'"
