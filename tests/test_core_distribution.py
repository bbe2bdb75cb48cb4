"""The core, for workers, servers and CI: the whole of Flowbook but its studio, on few and small packages."""

from __future__ import annotations

import json
import os
import py_compile
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.terminal import in_terminal

ROOT = Path(__file__).resolve().parent.parent
# A page of documentation, and what documentation is made of.
TOLD_BY_HAND = ["flowbook/authoring/mcp/source.py", "flowbook/mcp/__init__.py"]
STUDIO = ("anywidget", "ipycytoscape", "ipywidgets", "jupyterlab")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("distributions")
    command = [sys.executable, str(ROOT / "scripts" / "distributions"), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def core(made: Path) -> Path:
    (found,) = made.glob("jupyter_flowbook_core-*.whl")
    return found


@pytest.fixture(scope="module")
def studio(made: Path) -> Path:
    (found,) = made.glob("jupyter_flowbook-*.whl")
    return found


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as file:
        return {name for name in file.namelist() if ".dist-info/" not in name}


def about_of(wheel: Path) -> str:
    """What a wheel says of itself."""
    with zipfile.ZipFile(wheel) as file:
        (about,) = [name for name in file.namelist() if name.endswith(".dist-info/METADATA")]
        return file.read(about).decode().partition("\n\n")[0]


def requirements_of(wheel: Path) -> list[str]:
    return re.findall(r"^Requires-Dist: (.*)$", about_of(wheel), re.MULTILINE)


def everything_below(requirements: list[str], seen: set[str]) -> set[str]:
    """The names of all packages that come with these, as they are installed here."""
    for requirement in requirements:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
        if ";" in requirement or name in seen:
            continue  # an extra, or another system's
        seen.add(name)
        everything_below(distribution(name).requires or [], seen)
    return seen


@pytest.fixture(scope="module")
def packages(core: Path) -> set[str]:
    return everything_below(requirements_of(core), set())


@pytest.fixture(scope="module")
def installed(core: Path, packages: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which nothing is installed but the core and what comes with it."""
    target = tmp_path_factory.mktemp("core")
    with zipfile.ZipFile(core) as file:
        file.extractall(target)
    for name in packages:
        package = distribution(name)
        for top in {file.parts[0] for file in package.files or [] if file.parts[0] not in {"..", "__pycache__"}}:
            (target / top).symlink_to(Path(str(package.locate_file(top))))
    return target


def run(installed: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-m", "flowbook", *arguments]  # -S: without what is installed besides
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(command, capture_output=True, text=True, env=environ, cwd=cwd, check=False)


def test_it_stands_on_at_most_25_packages_and_none_of_jupyter(packages: set[str]) -> None:
    assert len(packages) < 25, sorted(packages)
    assert packages.isdisjoint({*STUDIO, "ipython", "notebook", "boto3", "psycopg2-binary"})


def test_it_and_its_packages_take_at_most_60_megabytes_with_what_pip_compiles(
    core: Path, packages: set[str], tmp_path: Path
) -> None:
    with zipfile.ZipFile(core) as file:
        file.extractall(tmp_path / "own")
    files = [path for path in (tmp_path / "own").rglob("*") if path.is_file()]
    for name in packages:
        files += [Path(str(file.locate())) for file in distribution(name).files or [] if file.suffix != ".pyc"]
    compiled = tmp_path / "compiled.pyc"
    total = 0
    for file in files:
        total += file.stat().st_size
        if file.suffix == ".py":
            py_compile.compile(str(file), cfile=str(compiled), doraise=True)
            total += compiled.stat().st_size
    assert total < 60e6, total


def test_in_a_terminal_it_shows_runs_and_pages_without_rich(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "w.flow.yaml").write_text("flowbook: 1\nname: w\nnodes:\n  first: {task: core.noop}\n")
    assert not (installed / "rich").exists()
    environ = {"PYTHONPATH": str(installed), "PAGER": "cat"}
    said, status = in_terminal(["run", "w.flow.yaml"], cwd=tmp_path, python=("-S",), environ=environ)
    assert status == 0, said
    assert "first" in said and "succeeded" in said  # noqa: PT018 - one sight
    said, status = in_terminal(["docs", "errors"], cwd=tmp_path, python=("-S",), environ=environ)
    assert status == 0, said
    assert said.startswith("# ")


def test_it_and_the_studio_are_the_whole_and_have_no_file_in_common(core: Path, studio: Path) -> None:
    here = {path.relative_to(ROOT).as_posix() for path in (ROOT / "flowbook").rglob("*.py")}
    here |= {
        f"flowbook/_integrations/{path.relative_to(ROOT / 'integrations').as_posix()}"
        for path in (ROOT / "integrations").rglob("*")
        if path.suffix in {".py", ".md", ".svg", ".json"} and "__pycache__" not in path.parts
    }
    assert here <= names_in(core) | names_in(studio)
    assert names_in(core).isdisjoint(names_in(studio))
    assert not [name for name in names_in(core) if name.startswith("flowbook/ui/")]


def test_the_studio_asks_for_the_core_of_its_own_version_and_all_that_it_is_named_to_need(
    core: Path, studio: Path
) -> None:
    version = core.name.split("-")[1]
    needed = requirements_of(studio)
    assert f"jupyter-flowbook-core=={version}" in needed
    for name in (*STUDIO, "pydantic", "cryptography", "requests", "tinydb", "psycopg2-binary", "boto3"):
        assert [each for each in needed if re.match(rf"{name}\W", each)], name


def test_the_libraries_of_single_services_are_extras(core: Path) -> None:
    extras = [each for each in requirements_of(core) if "extra ==" in each]
    for library, extra in (
        ("boto3", "s3"),
        ("rich", "terminal"),
        ("psycopg2-binary", "postgres"),
        ("pandas", "data"),
        ("mcp", "mcp"),
    ):
        assert [each for each in extras if each.startswith(library) and f"'{extra}'" in each], library


def test_it_names_the_same_versions_of_python_as_the_studio(core: Path, studio: Path) -> None:
    found = r"^Classifier: Programming Language :: (.*)$"
    named, others = (re.findall(found, about_of(one), re.MULTILINE) for one in (core, studio))
    assert named == others
    assert "Python :: 3.14" in named


def test_its_sources_make_the_same_wheel(made: Path, core: Path, tmp_path: Path) -> None:
    (packed,) = made.glob("jupyter_flowbook_core-*.tar.gz")
    shutil.unpack_archive(packed, tmp_path)
    (folder,) = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (again,) = tmp_path.glob("*.whl")
    assert names_in(again) == names_in(core)
    assert requirements_of(again) == requirements_of(core)


def test_it_runs_workflows(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "w.flow.yaml").write_text("flowbook: 1\nname: w\nnodes:\n  a: {task: core.noop}\n")
    done = run(installed, tmp_path, "run", "w.flow.yaml", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["status"] == "succeeded"


def test_its_catalog_says_of_each_library_that_is_not_there_how_it_is_installed(
    installed: Path, tmp_path: Path
) -> None:
    done = run(installed, tmp_path, "catalog", "--json")
    assert done.returncode == 0, done.stderr
    problems = {folder["name"]: str(folder["problems"]) for folder in json.loads(done.stdout)}
    assert "pip install boto3" in problems["s3"]
    assert "pip install psycopg2-binary" in problems["postgres"]
    assert "jupyter-flowbook-core[html]" in problems["html"]
    assert "jupyter-flowbook-core[javascript]" in problems["javascript"]
    assert not [text for text in problems.values() if "markdown_it" in text], "four folders write in it"


@pytest.mark.parametrize("command", ["lab", "app"])
def test_where_the_studio_is_asked_for_it_says_how_to_have_it(installed: Path, tmp_path: Path, command: str) -> None:
    done = run(installed, tmp_path, command)
    assert done.returncode == 2
    assert done.stderr.splitlines()[:2] == [
        f"Error: flowbook {command} needs the studio, which is not installed.",
        "Run: pip install jupyter-flowbook",
    ]


def test_nothing_but_the_one_place_says_which_of_the_two_an_extra_is_of() -> None:
    code = [*(ROOT / "flowbook").rglob("*.py"), *(ROOT / "integrations").rglob("*.py")]
    told = [path.relative_to(ROOT).as_posix() for path in code if re.search(r"jupyter-flowbook\[", path.read_text())]
    assert told == TOLD_BY_HAND
