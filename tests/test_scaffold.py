"""What a new integration folder is when it has just been written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import flowbook
from flowbook.authoring.scaffold import write_integration
from flowbook.catalog import Catalog
from flowbook.errors import AlreadyExists, InvalidName
from flowbook.testing import check_contract, check_faults

styles = pytest.mark.parametrize("style", [{}, {"plain": True}, {"oauth2": True}], ids=["typed", "plain", "oauth2"])


SIGNED_IN = [("client_id", "string", True), ("client_secret", "password", False), ("oauth2", "password", False)]


@styles
def test_its_own_tests_pass_as_written_under_plain_pytest(tmp_path, style):
    """Also with a name that the standard library has too, and with warnings as errors."""
    write_integration(tmp_path / "integrations", "calendar", **style)
    environ = {**os.environ, "PYTHONPATH": str(Path(flowbook.__file__).parent.parent)}
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # plain: none of those that are installed here
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 passed" in done.stdout


@styles
def test_the_catalog_finds_nothing_wrong_with_it(tmp_path, style):
    write_integration(tmp_path / "integrations", "my_api", **style)
    folder = Catalog(tmp_path, environ={}).folder("my_api")
    assert folder.problems == ()
    assert check_contract(folder) == []
    assert list(folder.tasks) == ["get", "send", "test_connection"]
    assert [(p.name, p.type, p.required) for p in folder.credentials] == [
        ("base_url", "url", True),
        *(SIGNED_IN if "oauth2" in style else [("token", "password", True)]),
    ]
    assert (folder.sign_in is not None) == ("oauth2" in style)
    assert folder.icon is not None


@styles
def test_it_stands_every_fault_of_its_service_as_written(tmp_path, style):
    """What a stranger begins with keeps what ``flowbook check --integrations NAME --faults`` asks for."""
    write_integration(tmp_path / "integrations", "my_api", **style)
    folder = Catalog(tmp_path, environ={}).folder("my_api")
    assert [str(problem) for problem in check_faults(folder, share=0.5)] == []


def test_the_typed_style_declares_what_repeating_a_call_would_do(tmp_path):
    write_integration(tmp_path / "integrations", "my_api")
    tasks = Catalog(tmp_path, environ={}).folder("my_api").tasks
    assert (tasks["get"].effects, tasks["send"].effects) == ("read", "write")
    assert not tasks["get"].open_params


@styles
def test_every_file_is_returned_and_names_the_integration(tmp_path, style):
    written = write_integration(tmp_path, "my_api", **style)
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())
    texts = {path.name: path.read_text() for path in written}
    assert set(texts) == {"__init__.py", "tasks.py", "README.md", "icon.svg", "test_my_api.py"}
    assert not any(mark in text for text in texts.values() for mark in ("@NAME@", "@TITLE@", "@LETTERS@"))
    assert "my_api.send" in texts["README.md"]


def test_an_existing_folder_is_never_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tasks.py").write_text("precious")
    with pytest.raises(AlreadyExists):
        write_integration(tmp_path, "mine")
    assert [path.read_text() for path in (tmp_path / "mine").iterdir()] == ["precious"]


@pytest.mark.parametrize("name", ["My-Api", "9lives", "", "../up", "a/b", "_x", "ünder", "a b"])
def test_a_bad_name_is_refused_before_anything_is_written(tmp_path, name):
    with pytest.raises(InvalidName):
        write_integration(tmp_path, name)
    assert list(tmp_path.iterdir()) == []
