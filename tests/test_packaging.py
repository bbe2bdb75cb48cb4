"""What is published: all that an installed Flowbook needs, and the sources with all that building and testing needs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = sorted(path.parent.name for path in (ROOT / "integrations").glob("*/__init__.py"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both, without a network: the source distribution of this checkout, and the wheel made of that."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def sources(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, unpacked."""
    (packed,) = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sources")
    shutil.unpack_archive(packed, folder)
    (found,) = folder.iterdir()
    return found


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return set(file.namelist())


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-index", "--no-deps", "--disable-pip-version-check"]
    command += ["--no-compile"]  # Python keeps the byte code of what is used
    subprocess.run([*command, "--target", str(target), str(wheel)], check=True)
    return target


@pytest.mark.parametrize("name", OURS)
def test_it_carries_each_integration_with_its_readme_and_icon(names: set[str], name: str) -> None:
    sources = {path.name for path in (ROOT / "integrations" / name).glob("*.py")}
    for file in {*sources, "README.md", "icon.svg"}:
        assert f"flowbook/_integrations/{name}/{file}" in names


def test_it_carries_every_module_and_static_file(names: set[str]) -> None:
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "flowbook").rglob("*.py")}
    beside = {".js", ".css", ".json", ".LICENSE"}
    static = {p.relative_to(ROOT).as_posix() for p in (ROOT / "flowbook").rglob("*") if p.suffix in beside}
    assert any(name.endswith(".js") for name in static)
    assert any(name.endswith(".css") for name in static)
    only_for_tests = {"flowbook/ui/package.json"}  # it says to Node.js, which tests the scripts, that they are modules
    assert here | static - only_for_tests <= names


def test_it_carries_the_part_of_jupyterlab_where_that_looks_for_it(names: set[str]) -> None:
    ours = ROOT / "flowbook" / "ui" / "labextensions" / "jupyter-flowbook"
    files = {path.relative_to(ours).as_posix() for path in ours.rglob("*") if path.is_file()}
    assert {"package.json", "install.json", "static/flowbook.js"} <= files
    place = next(name.partition("/")[0] for name in names if ".data/" in name)
    assert {f"{place}/data/share/jupyter/labextensions/jupyter-flowbook/{file}" for file in files} <= names


def test_the_part_of_jupyterlab_has_the_version_of_all(wheel: Path) -> None:
    about = json.loads((ROOT / "flowbook/ui/labextensions/jupyter-flowbook/package.json").read_text())
    assert wheel.name.startswith(f"jupyter_flowbook-{about['version']}-")
    assert (ROOT / "flowbook/ui/labextensions/jupyter-flowbook" / about["jupyterlab"]["_build"]["load"]).is_file()


def test_it_carries_every_written_page_of_the_documentation(names: set[str]) -> None:
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {f"flowbook/_docs/{page}" for page in pages} <= names


def test_it_carries_nothing_else(names: set[str]) -> None:
    unwanted = ("__pycache__", ".pyc", "/tests/", "/.flowbook/", ".ipynb_checkpoints", ".pytest_cache", "node_modules")
    assert [name for name in names if any(part in name for part in unwanted)] == []
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"flowbook", "jupyter_flowbook"}


def run_installed(installed: Path, cwd: Path, *arguments: str) -> str:
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    command = [sys.executable, "-m", "flowbook", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_installed_it_finds_its_own_integrations(installed: Path, tmp_path: Path) -> None:
    folders = json.loads(run_installed(installed, tmp_path, "catalog", "--json"))
    assert [folder["name"] for folder in folders] == OURS
    for folder in folders:
        assert folder["source"] == "built in"
        assert Path(folder["path"]).is_relative_to(installed), "it was found in the checkout"
        assert folder["problems"] == []


def test_installed_it_runs_a_workflow(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "w.flow.yaml").write_text("flowbook: 1\nname: w\nnodes:\n  a: {task: core.noop}\n")
    assert json.loads(run_installed(installed, tmp_path, "run", "w.flow.yaml", "--json"))["status"] == "succeeded"


def test_installed_it_shows_the_page_that_an_error_names(installed: Path, tmp_path: Path) -> None:
    assert run_installed(installed, tmp_path, "docs", "security").startswith("# Security\n")


def test_installed_no_page_leads_to_what_is_not_there(installed: Path, tmp_path: Path) -> None:
    listed = {page["page"] for page in json.loads(run_installed(installed, tmp_path, "docs", "--json"))}
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    code = "import json; from flowbook import documentation as d; print(json.dumps([p.in_words() for p in d.pages()]))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, cwd=tmp_path, check=True)
    for text in json.loads(done.stdout):
        prose = re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.MULTILINE | re.DOTALL)
        assert re.findall(r"\]\((?!https?:)[^)]*\)", re.sub(r"`[^`\n]*`", "", prose)) == []
        assert set(re.findall(r"\(`flowbook docs ([^`]+)`\)", prose)) <= listed
        files = [Path(path) for path in re.findall(r"\(`(/[^`]+)`\)", prose)]
        assert [path for path in files if not path.is_file() or not path.is_relative_to(installed)] == []


def test_it_declares_the_command_its_licence_and_its_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        texts = {name.rpartition("/")[2]: file.read(name).decode() for name in file.namelist() if ".dist-info/" in name}
    assert "flowbook = flowbook.__main__:main" in texts["entry_points.txt"]
    assert "Requires-Python: >=3.10" in texts["METADATA"]
    assert "License-Expression: Apache-2.0" in texts["METADATA"]
    assert "Apache License" in texts["LICENSE"]
    assert "public domain" in texts["NOTICE"]


def test_what_the_index_shows_leads_nowhere_but_to_the_web(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        shown = file.read(name).decode().partition("\n\n")[2]
    assert shown.startswith("# Flowbook\n")
    assert re.findall(r"\]\((?!https?:)[^)]*\)", shown) == []
    assert "Run unattended (`flowbook docs how-to/unattended`)" in shown


class TestTheSourceDistribution:
    def test_has_every_file_of_the_repository(self, sources: Path) -> None:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
        if listed.returncode:
            pytest.skip("this is no repository")
        there = {path.relative_to(sources).as_posix() for path in sources.rglob("*") if path.is_file()}
        known = {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}
        assert known - there == set()
        foreign = (".venv", ".git/", ".flowbook/", "__pycache__", "node_modules", ".egg-info")
        assert [name for name in there if any(part in name for part in foreign)] == []
