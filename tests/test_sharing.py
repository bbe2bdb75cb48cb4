"""Handing integrations on: templates without secrets, folders as zips, folders as packages."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flowbook.catalog import Catalog
from flowbook.cli import run
from flowbook.errors import AlreadyExists, FileFormatError, InputError, NotFound
from flowbook.models import Parameter
from flowbook.sharing import Template, read_archive, read_template, take_in, template_of
from flowbook.sharing import archive as archive_module
from flowbook.workspace import Workspace
from tests.terminal import in_terminal

SECRET = "tok-5ecret-9876543210"
PARAMETERS = [
    Parameter(name="token", type="password", required=True, description="The token"),
    Parameter(name="host", required=True),
    Parameter(name="port", type="integer", default=443),
]


@pytest.fixture
def shared(ws: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    ws.create_type("demo", PARAMETERS, "For demonstrations")
    ws.create_integration("My Demo", "demo", {"token": SECRET, "host": "example.org"})
    monkeypatch.chdir(folder)
    return ws


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Workspace:
    """Another workspace with the same integration folder."""
    other = tmp_path_factory.mktemp("elsewhere")
    (other / "integrations").symlink_to(folder / "integrations")
    return Workspace(other)


class TestTemplates:
    def test_a_template_holds_the_type_and_no_value_at_all_unless_asked(self, shared: Workspace, capsys) -> None:
        assert run(["integrations", "template", "export", "My Demo"]) == 0
        text = capsys.readouterr().out
        assert SECRET not in text
        assert "example.org" not in text
        assert "name: My Demo" in text
        assert "type: password" in text
        assert run(["integrations", "template", "export", "My Demo", "-o", "-"]) == 0
        assert capsys.readouterr().out == text  # a dash is standard output, and no file of that name

    def test_with_values_plain_ones_come_along_and_secrets_never(self, shared: Workspace, folder: Path, capsys) -> None:
        assert run(["integrations", "template", "export", "My Demo", "--with-values", "-o", "t.yaml"]) == 0
        assert "host, port" in capsys.readouterr().out
        assert read_template(Path("t.yaml")).values == {"host": "example.org", "port": 443}
        assert SECRET not in Path("t.yaml").read_text()

    def test_an_address_with_a_password_in_it_does_not_come_along(self, shared: Workspace) -> None:
        shared.update_integration("My Demo", {"host": f"https://me:{SECRET}@example.org"})
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"), with_values=True)
        assert made.values == {"port": 443}

    def test_what_was_written_reads_back_as_equal(self, shared: Workspace, tmp_path: Path) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"), with_values=True)
        (tmp_path / "t.yaml").write_text(made.dumps())
        assert read_template(tmp_path / "t.yaml") == made

    def test_import_makes_the_type_and_an_integration_that_works(
        self, shared: Workspace, elsewhere: Workspace, tmp_path: Path, monkeypatch, capsys
    ) -> None:
        run(["integrations", "template", "export", "My Demo", "-o", str(tmp_path / "t.yaml")])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"token": "right-token", "host": "h"}')))
        code = run(["-C", str(elsewhere.root), "integrations", "template", "import", str(tmp_path / "t.yaml"),
                    "--credentials", "-", "--name", "Theirs"])  # fmt: skip
        assert (code, capsys.readouterr().err) == (0, "")
        assert elsewhere.store.type("demo").description == "For demonstrations"
        assert elsewhere.test_integration("Theirs").success

    def test_what_is_missing_is_listed_when_nobody_can_be_asked_and_nothing_is_made(
        self, shared: Workspace, elsewhere: Workspace
    ) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"))
        with pytest.raises(InputError, match=r"needs more: token \(The token\); host") as refused:
            take_in(elsewhere, made)
        assert "--credentials" in refused.value.hint
        assert (elsewhere.types(), elsewhere.integrations()) == ([], [])

    def test_a_value_that_does_not_fit_leaves_nothing_behind_either(
        self, shared: Workspace, elsewhere: Workspace
    ) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"))
        with pytest.raises(InputError, match="port"):
            take_in(elsewhere, made, given={"token": SECRET, "host": "h", "port": "many"})
        assert (elsewhere.types(), elsewhere.integrations()) == ([], [])

    def test_only_what_is_missing_is_asked_for(self, shared: Workspace, elsewhere: Workspace) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"), with_values=True)
        asked: list[str] = []

        def ask(parameter: Parameter) -> str:
            asked.append(parameter.name)
            return "right-token"

        take_in(elsewhere, made, ask=ask)
        assert asked == ["token"]

    def test_another_type_of_that_name_is_refused_with_the_differences(
        self, shared: Workspace, elsewhere: Workspace
    ) -> None:
        elsewhere.create_type("demo", [Parameter(name="token", type="string"), Parameter(name="more")])
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"))
        with pytest.raises(InputError) as refused:
            take_in(elsewhere, made, given={"token": SECRET, "host": "h"})
        message = str(refused.value)
        assert "token: its type is password in the template and string here" in message
        assert "host is only in the template" in message
        assert "more is only here" in message

    def test_other_descriptions_are_no_difference(self, shared: Workspace) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"))
        changed = [p.model_copy(update={"description": "otherwise"}) for p in PARAMETERS]
        assert made.differences(shared.store.type("demo").model_copy(update={"parameters": tuple(changed)})) == []

    def test_a_taken_name_is_said_before_anything_is_asked(self, shared: Workspace) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"))
        with pytest.raises(AlreadyExists, match="--name"):
            take_in(shared, made, ask=lambda parameter: pytest.fail("asked"))

    def test_without_the_folder_it_says_how_to_get_it(self, shared: Workspace, tmp_path: Path) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"))
        with pytest.raises(NotFound, match=r"integrations add demo\.zip"):
            take_in(Workspace(tmp_path.parent, memory=True), made)

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "name: x", "flowbook_integration: 2\nname: x", "flowbook_integration: 1\nname: x",
         "flowbook_integration: 1\nname: x\ntype: {name: BAD}",
         "flowbook_integration: 1\nname: x\ntype: {name: a}\nb: 1",
         "flowbook_integration: 1\nname: x\ntype: {name: a}\nvalues: {b: 1}"],
    )  # fmt: skip
    def test_a_file_that_is_no_template_is_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "t.yaml").write_text(text)
        with pytest.raises(FileFormatError):
            read_template(tmp_path / "t.yaml")

    def test_a_template_with_a_secret_in_it_is_refused_without_repeating_it(self, tmp_path: Path) -> None:
        kind = "{name: demo, parameters: [{name: token, type: password}]}"
        text = f"flowbook_integration: 1\nname: x\ntype: {kind}\nvalues: {{token: {SECRET}}}"
        (tmp_path / "t.yaml").write_text(text)
        with pytest.raises(FileFormatError, match="'token' is a secret") as refused:
            read_template(tmp_path / "t.yaml")
        assert SECRET not in str(refused.value)

    def test_in_a_terminal_a_secret_is_asked_for_and_not_shown(
        self, shared: Workspace, elsewhere: Workspace, tmp_path: Path
    ) -> None:
        made = template_of(shared.store.integration("My Demo"), shared.store.type("demo"), with_values=True)
        (tmp_path / "t.yaml").write_text(made.dumps())
        command = ["-C", str(elsewhere.root), "integrations", "template", "import", str(tmp_path / "t.yaml")]
        shown, code = in_terminal(command, "token", "right-token\n")
        assert code == 0, shown
        assert "right-token" not in shown
        assert elsewhere.test_integration("My Demo").success


TASKS = """
import os
import requests


def test_connection(credentials):
    '''Try it.'''
    return {"success": True, "message": "ok"}


def forecast(credentials, params):
    '''Read it.'''
    return {"success": True, "message": "sun"}
"""

WEATHER = {
    "weather/tasks.py": TASKS,
    "weather/__init__.py": "from .tasks import forecast, test_connection\n__all__ = ['forecast', 'test_connection']\n",
    "weather/notes.xyz": "anything",
    "weather/__pycache__/tasks.cpython-311.pyc": "junk",
    "__MACOSX/weather/._tasks.py": "junk",
}


def zipped(path: Path, files: dict[str, str] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in (WEATHER if files is None else files).items():
            file.writestr(name, text)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "work" / ".flowbook").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


class TestZips:
    def test_with_consent_a_folder_is_added_and_usable(self, bare: Path, tmp_path: Path, capsys) -> None:
        assert run(["integrations", "add", str(zipped(tmp_path / "w.zip")), "--yes"]) == 0
        out = capsys.readouterr().out
        assert "Tasks: forecast, test_connection" in out
        assert "Imports from packages: requests\n" in out
        assert "Imports from Python's own library: os\n" in out
        assert "notes.xyz" in out
        assert "left out: __MACOSX/weather/._tasks.py" in out
        assert sorted(p.name for p in (bare / "integrations").iterdir()) == ["weather"]
        assert sorted(p.name for p in (bare / "integrations/weather").iterdir()) == [
            "__init__.py", "notes.xyz", "tasks.py"]  # fmt: skip
        assert list(Catalog(bare).folder("weather").tasks) == ["forecast", "test_connection"]

    def test_without_consent_nothing_is_written(self, bare: Path, tmp_path: Path, capsys) -> None:
        assert run(["integrations", "add", str(zipped(tmp_path / "w.zip"))]) == 2
        captured = capsys.readouterr()
        assert "forecast" in captured.out
        assert "--yes" in captured.err
        assert not (bare / "integrations").exists()

    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 130)])
    def test_a_person_at_the_terminal_is_asked(self, bare: Path, tmp_path: Path, answer: str, code: int) -> None:
        shown, ended = in_terminal(["integrations", "add", str(zipped(tmp_path / "w.zip"))], "Add it?", answer)
        assert ended == code, shown
        assert (bare / "integrations" / "weather").exists() is (code == 0)

    def test_a_folder_at_the_top_of_the_zip_is_named_after_it(self, tmp_path: Path) -> None:
        found = read_archive(zipped(tmp_path / "sun.zip", {"tasks.py": "def a(c, p): pass\ndef _b(): pass"}))
        assert (found.name, found.tasks) == ("sun", ("a",))

    @pytest.mark.parametrize("there", ["weather", "slack"])
    def test_a_name_that_is_taken_is_refused_unless_replaced(self, bare: Path, tmp_path: Path, there, capsys) -> None:
        mine = bare / "integrations" / "weather"
        mine.mkdir(parents=True)
        (mine / "tasks.py").write_text("precious = 1\n")
        path = str(zipped(tmp_path / "w.zip"))
        assert run(["integrations", "add", path, "--yes", "--name", there]) == 2
        assert "--replace" in capsys.readouterr().err
        assert (mine / "tasks.py").read_text() == "precious = 1\n"
        assert run(["integrations", "add", path, "--yes", "--replace", "--name", there]) == 0
        assert "forecast" in (bare / "integrations" / there / "tasks.py").read_text()
        assert not [p for p in (bare / "integrations").iterdir() if p.name.startswith(".")]

    @pytest.mark.parametrize(
        "name", ["../evil.py", "weather/../../evil.py", "/etc/evil.py", "C:/evil.py",
                 "weather\\..\\evil.py", "weather/a\x01.py"]
    )  # fmt: skip
    def test_a_path_that_leads_out_is_refused_and_nothing_is_unpacked(
        self, bare: Path, tmp_path: Path, name: str, capsys
    ) -> None:
        path = zipped(tmp_path / "w.zip", {**WEATHER, name: "evil"})
        assert run(["integrations", "add", str(path), "--yes"]) == 2
        assert "nothing was unpacked" in capsys.readouterr().err
        assert not (bare / "integrations").exists()

    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO])
    def test_links_and_devices_are_refused(self, tmp_path: Path, kind: int) -> None:
        path = zipped(tmp_path / "w.zip")
        with zipfile.ZipFile(path, "a") as file:
            info = zipfile.ZipInfo("weather/link.py")
            info.create_system = 3
            info.external_attr = (kind | 0o777) << 16
            file.writestr(info, "/etc/passwd")
        with pytest.raises(FileFormatError, match="link or device"):
            read_archive(path)

    def test_a_bomb_is_refused_before_it_goes_off(self, tmp_path: Path) -> None:
        path = zipped(tmp_path / "w.zip", {**WEATHER, "weather/big.txt": "0" * (archive_module.MAX_BYTES + 1)})
        assert path.stat().st_size < 100_000
        with pytest.raises(FileFormatError, match="larger than"):
            read_archive(path)

    def test_too_many_files_are_refused(self, tmp_path: Path) -> None:
        many = {f"weather/{i}.txt": "" for i in range(archive_module.MAX_FILES)}
        with pytest.raises(FileFormatError, match="more than"):
            read_archive(zipped(tmp_path / "w.zip", {**WEATHER, **many}))

    def test_two_files_that_some_systems_take_for_one_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FileFormatError, match="twice"):
            read_archive(zipped(tmp_path / "w.zip", {**WEATHER, "weather/TASKS.py": ""}))

    @pytest.mark.parametrize("damage", ["cut", "text", "flipped", "empty"])
    def test_a_damaged_zip_is_said_to_be_one(self, tmp_path: Path, damage: str) -> None:
        path = zipped(tmp_path / "w.zip")
        data = bytearray(path.read_bytes())
        data[60:70] = bytes(255 - byte for byte in data[60:70])
        path.write_bytes(
            {"cut": path.read_bytes()[:200], "text": b"hello", "flipped": bytes(data), "empty": b""}[damage]
        )
        with pytest.raises(FileFormatError):
            read_archive(path)

    @pytest.mark.parametrize("files", [{}, {"readme.txt": ""}, {"a/tasks.py": "", "b/tasks.py": ""}])
    def test_a_zip_without_one_integration_is_refused(self, tmp_path: Path, files: dict[str, str]) -> None:
        with pytest.raises(FileFormatError, match=r"integration|several"):
            read_archive(zipped(tmp_path / "w.zip", files))

    def test_a_zip_that_is_not_there_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound):
            read_archive(tmp_path / "none.zip")

    def test_code_that_cannot_be_read_is_pointed_out(self, tmp_path: Path) -> None:
        files = {**WEATHER, "weather/fast.so": "x", "weather/bad.py": "def", "weather/sly.py": "exec('1')"}
        warnings = "\n".join(read_archive(zipped(tmp_path / "w.zip", files)).warnings)
        assert "fast.so is compiled code" in warnings
        assert "bad.py is not readable" in warnings
        assert "sly.py calls exec()" in warnings

    def test_what_python_would_run_by_itself_is_left_out(self, tmp_path: Path) -> None:
        files = {**WEATHER, "weather/sly.pth": "import os", "weather/more/sly.pth": "import os"}
        archive = read_archive(zipped(tmp_path / "w.zip", files))
        assert not [name for name in archive.files if name.endswith(".pth")]
        assert "weather/sly.pth (Python runs such files" in "\n".join(archive.left_out)

    def test_a_failing_write_leaves_the_folder_as_it_was(self, tmp_path: Path, monkeypatch) -> None:
        read = read_archive(zipped(tmp_path / "w.zip"))
        (tmp_path / "weather").mkdir()
        (tmp_path / "weather" / "tasks.py").write_text("old")
        original = Path.rename

        def failing(self: Path, target: Path) -> Path:
            if self.suffix == ".tmp":
                raise OSError(28, "No space left on device")
            return original(self, target)

        monkeypatch.setattr(Path, "rename", failing)
        with pytest.raises(OSError, match="No space"):
            read.extract(tmp_path, replace=True)
        assert (tmp_path / "weather" / "tasks.py").read_text() == "old"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["w.zip", "weather"]


def test_an_installed_package_with_the_entry_point_appears_in_the_catalog(tmp_path: Path, capsys) -> None:
    """A wheel made by hand, installed by pip without a network."""
    wheel = tmp_path / "acme_weather-1.0-py3-none-any.whl"
    info = "acme_weather-1.0.dist-info"
    files = {
        "acme_weather/tasks.py": TASKS,
        "acme_weather/__init__.py": WEATHER["weather/__init__.py"],
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: acme-weather\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[flowbook.integrations]\nacme = acme_weather\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    target = tmp_path / "site"
    install = ["pip", "install", "--no-index", "--no-deps", "--disable-pip-version-check", "-q", "--target"]
    subprocess.run([sys.executable, "-m", *install, str(target), str(zipped(wheel, files))], check=True)
    environ = {**os.environ, "PYTHONPATH": str(target)}
    command = [sys.executable, "-m", "flowbook", "-C", str(tmp_path), "catalog", "acme", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=True, cwd=tmp_path)
    described = json.loads(done.stdout)
    assert described["source"] == "package"
    assert [task["name"] for task in described["tasks"]] == ["acme.forecast", "acme.test_connection"]


def test_a_template_without_values_does_not_mention_any() -> None:
    assert "values" not in Template.model_validate({"name": "x", "type": {"name": "a"}}).dumps()
