"""Microseconds a node: Flowbook with its journal on, beside a raw thread pool and plain calls."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.baselines import plain_calls, raw_pool
from benchmarks.measuring import medians, print_rows
from benchmarks.shapes import SHAPES
from flowbook.catalog import Catalog
from flowbook.engine import Execution
from flowbook.journal import Journal
from flowbook.models import Workflow
from flowbook.plan import Plan, make_plan
from flowbook.redaction import Redactor
from flowbook.workspace.starting import new_run_id

SIZES = (10, 100, 1_000, 10_000)


def run(plan: Plan, workflow: Workflow, journal: Journal | None) -> None:
    """One run, recorded when there is a journal."""
    redact = Redactor()
    subscribers = [journal.recorder(workflow, redact)] if journal else []
    outcome = Execution(plan, run_id=new_run_id(), subscribers=subscribers, redact=redact).run()
    assert outcome.status == "succeeded"


def main() -> None:
    """Print the table."""
    catalog = Catalog()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "runs.sqlite")
        for name, shape in SHAPES.items():
            rows += [_row(name, shape(size), catalog, journal) for size in SIZES]
        single = SHAPES["chain"](1)
        plan = make_plan(single, catalog)
        fixed = medians(31, run=lambda: run(plan, single, journal))["run"]
        journal.close()
    heads = ["shape", "nodes", "plain calls", "raw pool", "engine", "with journal", "plan", "ratio to pool"]
    print_rows("µs a node, median; plan = make_plan, not in the others", heads, rows)
    print(f"\nfixed cost of a run (one node, journal on): {fixed * 1000:.2f} ms")


def _row(name: str, workflow: Workflow, catalog: Catalog, journal: Journal) -> list[str]:
    plan = make_plan(workflow, catalog)
    nodes = len(plan.nodes)
    taken = medians(
        7 if nodes > 2_000 else 15,
        plain=lambda: plain_calls(plan),
        pool=lambda: raw_pool(plan),
        engine=lambda: run(plan, workflow, None),
        journal=lambda: run(plan, workflow, journal),
        plan=lambda: make_plan(workflow, catalog),
    )
    each = {side: seconds / nodes * 1e6 for side, seconds in taken.items()}
    numbers = [f"{each[side]:.1f}" for side in ("plain", "pool", "engine", "journal", "plan")]
    return [name, f"{nodes:,}", *numbers, f"{taken['journal'] / taken['pool']:.2f}×"]


if __name__ == "__main__":
    main()
