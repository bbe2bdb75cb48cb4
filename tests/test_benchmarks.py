"""`make bench` measures what is there now."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import benchmarks
from benchmarks import engine
from benchmarks.shapes import SHAPES
from flowbook.catalog import Catalog
from flowbook.journal import Journal
from flowbook.plan import make_plan


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(benchmarks.__path__)])
def test_a_part_can_be_loaded(name: str) -> None:
    if name != "__main__":
        assert importlib.import_module(f"benchmarks.{name}").__doc__


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_of_workflow_runs_and_is_recorded(shape: str, tmp_path: Path) -> None:
    workflow = SHAPES[shape](10)
    journal = Journal(tmp_path / "runs.sqlite")
    engine.run(make_plan(workflow, Catalog()), workflow, journal)
    (run,) = journal.runs()
    assert (run.workflow, run.status) == (workflow.name, "succeeded")
    journal.close()
