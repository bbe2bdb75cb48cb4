"""Modules that lie in a folder from elsewhere: nothing of Flowbook imports them, whatever it starts there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowbook.cli.jupyter import running
from flowbook.workspace import Workspace

SHADOWING = (
    "json",
    "pickle",
    "os",
    "sys",
    "runpy",
    "multiprocessing",
    "flowbook",
    "distributed",
    "re",
)
FLOW = """\
flowbook: 1
name: harmless
nodes:
  a: {task: core.set, params: {values: {x: 1}}, isolate: true}
  b: {task: core.set, params: {values: {x: 1}}}
"""


@pytest.fixture
def strange(tmp_path: Path) -> Path:
    """A folder with a workflow that needs no consent, and modules that leave a trace when they are imported."""
    Workspace(tmp_path).close()
    for name in SHADOWING:
        trace = f"open({str(tmp_path / 'trace')!r}, 'a').write({name!r})\n"
        (tmp_path / f"{name}.py").write_text(trace)
    (tmp_path / "harmless.flow.yaml").write_text(FLOW)
    return tmp_path


@pytest.mark.parametrize(
    "executor",
    [
        "threads",
        "processes=1",
        pytest.param("dask", marks=pytest.mark.skipif(sys.version_info < (3, 11), reason="has no PYTHONSAFEPATH")),
    ],
)
def test_a_run_that_asks_for_nothing_runs_nothing_of_its_folder(strange: Path, executor: str) -> None:
    command = [str(Path(sys.executable).parent / "flowbook"), "run", "harmless.flow.yaml", "--executor", executor]
    environment = {name: value for name, value in os.environ.items() if name not in ("FLOWBOOK_TRUST", "PYTHONPATH")}
    done = subprocess.run(command, cwd=strange, env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    assert not (strange / "trace").exists()


IMPOSTORS = {
    "a package of its own": ("sly_one", "sly"),
    "the module of one that is installed": ("flowbook_real", ""),
}


@pytest.mark.parametrize("how", IMPOSTORS)
def test_a_folder_that_says_of_itself_that_it_is_installed_is_not(tmp_path: Path, how: str) -> None:
    """In notebooks and with ``python -m`` the folder that one is in is on the import path."""
    site, strange = tmp_path / "site", tmp_path / "strange"
    module, name = IMPOSTORS[how]
    code = f"def test_connection(credentials):\n    return {{}}\n\nopen({str(tmp_path / 'trace')!r}, 'a').write('x')\n"
    for where, package, point in ((site, "flowbook_real", "real"), (strange, module, name)):
        (where / package).mkdir(parents=True)
        (where / package / "tasks.py").write_text(code if where == strange else code.partition("\n\n")[0] + "\n")
        (where / package / "__init__.py").touch()
        if point:
            about = where / f"{package}-1.0.dist-info"
            about.mkdir()
            (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
            (about / "entry_points.txt").write_text(f"[flowbook.integrations]\n{point} = {package}\n")
    Workspace(strange).close()
    listed = "from flowbook.catalog.places import packaged; print([(one.name, str(one.path)) for one in packaged()])"
    environment = {name: value for name, value in os.environ.items() if name != "FLOWBOOK_TRUST"}
    done = subprocess.run(
        [sys.executable, "-c", listed], cwd=strange, env={**environment, "PYTHONPATH": str(site)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == repr([("real", str(site / "flowbook_real"))])
    listing = [sys.executable, "-m", "flowbook", "catalog"]
    subprocess.run(listing, cwd=strange, env={**environment, "PYTHONPATH": str(site)}, capture_output=True, timeout=60)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("module", ["jupyterlab", "voila"])
def test_what_starts_jupyter_runs_nothing_of_its_folder(strange: Path, module: str) -> None:
    (strange / f"{module}.py").write_text(f"open({str(strange / 'trace')!r}, 'a').write('server')\n")
    done = subprocess.run([*running(module), "--version"], cwd=strange, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not (strange / "trace").exists()
