"""What the tests of notebooks share: the folder, a copy of it, and an environment without this machine's user."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from tests import forks

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture(scope="session")
def renewing() -> ModuleType:
    """The script that renews the notebooks' outputs."""
    spec = importlib.util.spec_from_file_location("renew_notebooks", NOTEBOOKS / "renew.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def quick_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin kernels in forks: as the system begins them, they are begun on Binder, in the browser and by the demo."""
    monkeypatch.setenv("JUPYTER_PATH", str(forks.kernels()))


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the notebooks' folder."""
    left_out = shutil.ignore_patterns(".flowbook", "output", ".ipynb_checkpoints", "__pycache__")
    return Path(shutil.copytree(NOTEBOOKS, tmp_path / "notebooks", ignore=left_out))
