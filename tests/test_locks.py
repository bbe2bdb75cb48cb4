"""The locks: what every environment of this folder is made of stands in them, exactly, and names no place."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "locks"
PYTHONS = ("3.10.0", "3.10.18", "3.11.2", "3.12.3", "3.13.0", "3.14.0")
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "linux on arm": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macos": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
WHAT_LOCKS_HOLD = {"notebooks": ("notebooks",), "development": ("dev",)}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REMEDY = "Run 'make lock KEEP=1'."


class Pin(NamedTuple):
    requirement: Requirement
    hashes: list[str]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")


@functools.cache
def pins(lock: str) -> list[Pin]:
    text = re.sub(r"^ *#.*\n", "", (LOCKS / f"{lock}.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = []
    for line in filter(None, text.replace("\\\n", " ").splitlines()):
        requirement, *hashes = re.split(r"\s+--hash=", line.strip())
        found.append(Pin(Requirement(requirement), hashes))
    return found


def holds(requirement: Requirement, system: str, python: str) -> bool:
    """Whether it counts there."""
    where = {**SYSTEMS[system], "python_full_version": python, "python_version": python.rpartition(".")[0]}
    return requirement.marker is None or requirement.marker.evaluate(where)


def installed_by(lock: str, system: str, python: str) -> dict[str, str]:
    """What this lock installs there: name → version."""
    there = [pin for pin in pins(lock) if holds(pin.requirement, system, python)]
    versions = {pin.name: pin.version for pin in there}
    assert len(versions) == len(there), "a package is there in two versions"
    return versions


def declared(extras: tuple[str, ...]) -> Iterator[tuple[str, Requirement]]:
    """What pyproject.toml asks for, with these extras and those that they name: (where, requirement)."""
    tables = PROJECT["project"]["optional-dependencies"]
    yield from (("dependencies", Requirement(text)) for text in PROJECT["project"]["dependencies"])
    yield from (("build-system", Requirement(text)) for text in PROJECT["build-system"]["requires"])
    waiting = list(extras)
    for extra in waiting:
        for requirement in map(Requirement, tables[extra]):
            if requirement.name == PROJECT["project"]["name"]:
                waiting += requirement.extras
            else:
                yield extra, requirement


@pytest.mark.parametrize("lock", WHAT_LOCKS_HOLD)
@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_each_declared_package_is_locked_once_in_a_version_that_is_allowed(lock: str, system: str, python: str) -> None:
    versions = installed_by(lock, system, python)
    for table, requirement in declared(WHAT_LOCKS_HOLD[lock]):
        if holds(requirement, system, python):
            found = versions.get(canonicalize_name(requirement.name))
            assert found, f"{requirement} ({table}) is not in locks/{lock}.txt. {REMEDY}"
            assert requirement.specifier.contains(found), f"locks/{lock}.txt has {found}: {requirement}. {REMEDY}"


@pytest.mark.parametrize("lock", WHAT_LOCKS_HOLD)
def test_each_file_that_may_be_installed_is_known_by_its_hash(lock: str) -> None:
    assert len(pins(lock)) > 100
    for pin in pins(lock):
        assert str(pin.requirement.specifier).startswith("=="), pin
        assert pin.hashes, pin
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in pin.hashes), pin


@pytest.mark.parametrize("lock", WHAT_LOCKS_HOLD)
def test_no_lock_takes_what_costs_every_process_seconds(lock: str) -> None:
    lines = (LOCKS / "limits.in").read_text(encoding="utf-8").splitlines()
    limits = {limit.name: limit for limit in map(Requirement, filter(None, (line.partition("#")[0] for line in lines)))}
    assert limits.keys() <= {pin.name for pin in pins(lock)}
    for pin in pins(lock):
        limit = limits.get(pin.name)
        assert limit is None or limit.specifier.contains(pin.version), f"{pin.name} {pin.version}: {limit}. {REMEDY}"


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_the_notebooks_run_on_the_versions_that_are_tested(system: str, python: str) -> None:
    assert installed_by("notebooks", system, python).items() <= installed_by("development", system, python).items()


@pytest.mark.parametrize("path", sorted([*LOCKS.iterdir(), ROOT / "binder" / "requirements.txt"]), ids=lambda p: p.name)
def test_no_lock_names_a_place_that_packages_come_from(path: Path) -> None:
    named = r"://|--?(extra-)?index|-i\b|--find-links|-f\b|--trusted-host|\S+\.(org|com|io|net)\b"
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not re.match(r" +#", line)]
    assert [line for line in lines if re.search(named, line)] == []


def test_binder_installs_from_the_lock() -> None:
    lines = (ROOT / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line and not line.startswith("#")]
    assert line == "-r ../locks/notebooks.txt"


@pytest.mark.index
@pytest.mark.parametrize("python", ["3.10", "3.13"])
def test_one_set_of_versions_goes_beside_packages_that_pin_what_flowbook_uses(python: str) -> None:
    command = [Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--python-version", python]
    done = subprocess.run(
        [*command, "--only-binary", ":all:", "pyproject.toml", "-"],
        cwd=ROOT, input="s3fs", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    versions = {line.partition("==")[0] for line in done.stdout.splitlines()}
    assert {"s3fs", "aiobotocore", "boto3", "botocore"} <= versions  # so it goes beside aiobotocore alone, too


# -- the environment that is made of them --------------------------------------------------------------------------

BACKEND = """\
import zipfile
def build_editable(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/here-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("here-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: here\\nVersion: 1\\n")
        wheel.writestr("here-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("here-1.dist-info/RECORD", "")
        wheel.writestr("here.py", "")
    return "here-1-py3-none-any.whl"
"""

# Python, whose environments are copies of the first that it made: it takes seconds to install the pip that it carries.
PYTHON = f"""\
#!/bin/sh
if [ "$1 $2 $3" != "-m venv --clear" ]; then
  exec "{sys.executable}" "$@"
fi
[ -d "$0-made" ] || "{sys.executable}" -m venv "$0-made"
rm -rf "$4"
cp -RP "$0-made" "$4"
"""


class Folder:
    """A small project with our script, two locks, and packages on the disk; ``python`` makes its environment."""

    def __init__(self, path: Path, python: Path) -> None:
        self.path = path
        self.python = python
        for name in ("scripts", "locks", "packages"):
            (path / name).mkdir()
        shutil.copy2(ROOT / "scripts" / "environment", path / "scripts")
        (path / "backend.py").write_text(BACKEND)
        (path / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            '[project]\nname = "here"\nversion = "1"\n'
        )
        self.lock("first", "a")
        self.lock("second", "a", "b")

    @classmethod
    def copied(cls, other: Folder, path: Path) -> Folder:
        """The same in another place, with the environment, which names its own place only in scripts of pip's."""
        shutil.copytree(other.path, path, symlinks=True)
        folder = cls.__new__(cls)
        folder.path, folder.python = path, other.python
        return folder

    def lock(self, name: str, *packages: str) -> None:
        (self.path / "locks" / f"{name}.txt").write_text("".join(self._package(package) for package in packages))

    def _package(self, name: str) -> str:
        wheel = self.path / "packages" / f"{name}-1-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w") as file:
            info = zipfile.ZipInfo(f"{name}-1.dist-info/METADATA")
            file.writestr(info, f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
            for member, text in (("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
                                 ("RECORD", "")):  # fmt: skip
                file.writestr(zipfile.ZipInfo(f"{name}-1.dist-info/{member}"), text)
        return f"{name}==1 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"

    def make(self, *locks: str) -> subprocess.CompletedProcess[str]:
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        environ |= {"PYTHON": str(self.python), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.path / "packages"),
                    "PIP_CONFIG_FILE": os.devnull}  # fmt: skip
        command = [str(self.path / "scripts" / "environment"), "venv", *locks]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)

    def installed(self) -> set[str]:
        names = {path.name.partition("-")[0] for path in self.path.glob("venv/lib/*/site-packages/*.dist-info")}
        return names - {"pip", "setuptools", "wheel"}


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("python") / "python"
    path.write_text(PYTHON)
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path, python: Path) -> Folder:
    return Folder(tmp_path, python)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, python: Path) -> Folder:
    """A folder whose environment has been made of the first lock; making one takes seconds."""
    folder = Folder(tmp_path_factory.mktemp("made"), python)
    succeeded(folder.make("first"))
    assert folder.installed() == {"a", "here"}
    return folder


@pytest.fixture
def with_first(made: Folder, tmp_path: Path) -> Folder:
    """A copy of that."""
    return Folder.copied(made, tmp_path / "copied")


def succeeded(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.timeout(300)
class TestTheEnvironment:
    def test_holds_what_its_locks_name_and_flowbook_as_it_is_here(self, with_first: Folder) -> None:
        assert with_first.installed() == {"a", "here"}
        succeeded(with_first.make("first", "second"))
        assert with_first.installed() == {"a", "b", "here"}

    def test_keeps_nothing_of_a_lock_that_has_changed(self, with_first: Folder) -> None:
        folder = with_first
        succeeded(folder.make("first", "second"))
        folder.lock("second", "a", "c")
        succeeded(folder.make("first", "second"))
        assert folder.installed() == {"a", "c", "here"}

    def test_is_left_as_it_is_when_nothing_has_changed(self, with_first: Folder) -> None:
        folder = with_first
        (folder.path / "venv" / "mine").touch()
        succeeded(folder.make("first"))
        assert (folder.path / "venv" / "mine").exists()

    def test_takes_no_file_that_the_lock_does_not_know(self, folder: Folder) -> None:
        lock = folder.path / "locks" / "first.txt"
        lock.write_text(re.sub("sha256:.", "sha256:z", lock.read_text()).replace("z", "0"))
        (folder.path / "packages" / "a-1-py3-none-any.whl").write_bytes(b"another")
        assert folder.make("first").returncode != 0
        assert "a" not in folder.installed()
        folder.lock("first", "a")
        succeeded(folder.make("first"))
        assert folder.installed() == {"a", "here"}

    def test_never_takes_the_place_of_a_folder_that_is_something_else(self, folder: Folder) -> None:
        (folder.path / "venv").mkdir()
        (folder.path / "venv" / "thesis.txt").touch()
        done = folder.make("first")
        assert done.returncode == 1
        assert "is no virtual environment" in done.stderr
        assert (folder.path / "venv" / "thesis.txt").exists()
