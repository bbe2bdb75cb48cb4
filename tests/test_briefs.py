"""Folders that come with Flowbook are listed without being imported, and what is listed is always what is there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flowbook.catalog import Catalog
from tests import forks

TASKS = '''"""Say things."""

from flowbook import http

HOSTS = ("api.example.com",)

def test_connection(credentials):
    """Try it"""
    return {"success": bool(credentials["token"]), "message": "ok"}

def say(credentials, params):
    """Say it"""
    return {"success": True, "message": params["text"]}
'''
LIST = """
import json, sys
from pathlib import Path
from flowbook.catalog import Catalog, places
from tests import forks
home = Path(sys.argv[1])
places.built_in_place.cache_clear()
for module in [m for m in sys.modules.values() if getattr(m, "built_in_place", None) is places.built_in_place]:
    module.built_in_place = lambda: home
shown = [
    {
        "name": one.name, "about": one.description, "icon": one.icon, "hosts": list(one.hosts),
        "credentials": [[p.name, p.type, p.required] for p in one.credentials],
        "tasks": {name: [task.name, task.function_name, task.description] for name, task in one.tasks.items()},
        "problem": one.problem and one.problem.what,
    }
    for one in Catalog(environ={}).listed()
]
imported = sorted({m.split(".")[1].split("__")[0] for m in sys.modules if m.startswith("flowbook_integrations.")})
print(json.dumps([imported, shown]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path / "home" / "talk", TASKS)
    return tmp_path / "home"


def write(folder: Path, tasks: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tasks.py").write_text(tasks)


def listed(home: Path, **environ: str) -> tuple[list[str], list[dict[str, Any]]]:
    """What another process lists of the folders in ``home``, and which of them it imported for it."""
    done = subprocess.run(
        forks.python("-c", LIST, str(home)), capture_output=True, text=True, check=True,
        env={**os.environ, **environ},
    )  # fmt: skip
    imported, shown = json.loads(done.stdout)
    return imported, shown


def test_a_folder_is_imported_to_be_listed_once_and_then_shown_the_same(home: Path) -> None:
    first, second = listed(home), listed(home)
    assert (first[0], second[0]) == (["talk"], [])
    assert first[1] == second[1]
    (talk,) = second[1]
    assert talk["tasks"] == {
        "test_connection": ["talk.test_connection", "test_connection", "Try it"],
        "say": ["talk.say", "say", "Say it"],
    }
    assert talk["credentials"] == [["token", "password", True]]
    assert (talk["about"], talk["hosts"], talk["problem"]) == ("Say things.", ["api.example.com"], None)


def test_an_edit_is_listed_at_once_whatever_the_times_of_files(home: Path) -> None:
    listed(home)
    file = home / "talk" / "tasks.py"
    before = file.stat()
    file.write_text(TASKS.replace("Say it", "Cry it"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    imported, (talk,) = listed(home)
    assert (imported, talk["tasks"]["say"][2]) == (["talk"], "Cry it")
    assert listed(home) == ([], [talk])


def test_a_folder_that_cannot_be_imported_is_tried_each_time(home: Path) -> None:
    write(home / "talk", "import no_such_thing_anywhere\n")
    for _ in range(2):
        ((talk),) = listed(home)[1]
        assert "no_such_thing_anywhere" in talk["problem"]


def test_a_library_that_is_missing_is_missed_until_it_is_installed(home: Path, tmp_path: Path) -> None:
    needing = TASKS.replace('    return {"success": True', '    import drawing_kit\n    return {"success": True')
    write(home / "talk", needing)
    for _ in range(2):
        assert "drawing_kit" in listed(home)[1][0]["problem"]
    assert listed(home)[0] == []
    (tmp_path / "more" / "drawing_kit").mkdir(parents=True)
    (tmp_path / "more" / "drawing_kit" / "__init__.py").touch()
    assert listed(home, PYTHONPATH=str(tmp_path / "more"))[1][0]["problem"] is None
    assert "drawing_kit" in listed(home)[1][0]["problem"]  # and when it is gone again


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"of": 1}', b"{", b"\xff\xfe", b"null"])
def test_what_is_kept_and_damaged_is_made_anew(home: Path, kept: bytes) -> None:
    _, shown = listed(home)
    (file,) = (home / "talk" / "__pycache__").glob("brief*")
    file.write_bytes(kept)
    assert listed(home) == (["talk"], shown)
    assert listed(home) == ([], shown)


def test_a_folder_that_cannot_be_written_to_is_imported_each_time(home: Path) -> None:
    (home / "talk" / "__pycache__").touch()
    assert listed(home)[0] == listed(home)[0] == ["talk"]


OURS = Path(__file__).resolve().parent.parent / "integrations"


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Two of ours as an installation lays them down, where nothing was imported yet; one asks for a library."""
    for name in ("airtable", "mongodb"):
        shutil.copytree(OURS / name, tmp_path / "fresh" / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "fresh"


def test_ours_are_imported_for_no_list_not_even_the_first_one(fresh: Path) -> None:
    imported, shown = listed(fresh)
    assert (imported, [one["name"] for one in shown]) == ([], ["airtable", "mongodb"])
    assert [one["problem"] for one in shown] == [None, None]
    assert not list(fresh.glob("*/__pycache__"))


def test_one_of_ours_that_was_changed_is_listed_as_it_is_now(fresh: Path) -> None:
    file = fresh / "airtable" / "__init__.py"
    file.write_text(file.read_text().replace('"""Airtable:', '"""My own Airtable:', 1))
    imported, shown = listed(fresh)
    assert (imported, shown[0]["about"].partition(":")[0]) == (["airtable"], "My own Airtable")
    assert listed(fresh) == ([], shown)


def test_of_ours_too_it_is_said_what_is_not_installed(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(
        "import sys\nclass No:\n    def find_spec(self, name, *_):\n"
        "        if name == 'pymongo': raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, No())\n"
    )
    imported, shown = listed(fresh, PYTHONPATH=str(tmp_path / "without"))
    assert imported == []
    assert [one["problem"] and "'pymongo' is not installed" in one["problem"] for one in shown] == [None, True]


def test_what_is_shipped_of_ours_is_what_their_code_says() -> None:
    made = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"], cwd=OURS.parent, capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")


def test_ours_are_listed_as_they_are_when_they_are_loaded() -> None:
    whole = {folder.name: folder for folder in Catalog(environ={}).folders()}
    home = next(iter(whole.values())).path.parent
    listed(home)
    imported, shown = listed(home)
    assert imported == []
    for one in shown:
        folder = whole[one["name"]]
        assert one["about"] == folder.description
        assert one["icon"] == folder.icon
        assert {name: task[2] for name, task in one["tasks"].items()} == {
            name: spec.description for name, spec in folder.tasks.items()
        }
        assert one["problem"] == (folder.problem and folder.problem.what)
    assert len(shown) == len(whole)
