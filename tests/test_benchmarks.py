"""`make bench` measures what is there now."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import benchmarks
from benchmarks import engine
from benchmarks.measuring import rounds
from benchmarks.shapes import SHAPES
from flowbook import Workspace

pytestmark = pytest.mark.usefixtures("earlier_garbage_collected")  # before each round it is looked for


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(benchmarks.__path__)])
def test_a_part_can_be_loaded(name: str) -> None:
    if name != "__main__":
        assert importlib.import_module(f"benchmarks.{name}").__doc__


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_workflow_runs_and_is_recorded(shape: str, tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    workflow = SHAPES[shape](10)
    engine.run(ws, workflow)
    (run,) = ws.runs()
    assert (run.workflow, run.status) == (workflow.name, "succeeded")
    ws.close()


def test_each_side_runs_once_a_round_and_is_made_anew_for_it() -> None:
    made: list[str] = []
    taken = rounds(3, lambda: {name: lambda name=name: made.append(name) for name in ("one", "two")})  # type: ignore[misc]
    assert made == ["one", "two"] * 3
    assert taken.keys() == {"one", "two"}
