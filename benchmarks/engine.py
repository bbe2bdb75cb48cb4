"""Microseconds a node of ``ws.run(flow)`` as a user calls it, its run history on, beside a raw thread pool.

A first run is of a workflow that was not run before: it is checked, written down and planned as well. A later run is of
the same again.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.baselines import plain_calls, raw_pool
from benchmarks.measuring import Clock, Sides, print_rows, rounds
from benchmarks.shapes import SHAPES, Shape
from flowbook import Workflow, Workspace
from flowbook.plan import make_plan

SIZES = (1_000, 10_000)
LATER_RUNS = 3
CLOCKS: dict[Clock, str] = {time.process_time: "of processor time", time.perf_counter: "on the clock"}


def main() -> None:
    """Print a table for each clock, and the fixed cost of a run."""
    with tempfile.TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        single = SHAPES["chain"](1)
        run(ws, single)  # loads the tasks
        for clock, told in CLOCKS.items():
            _print_table(ws, clock, told)
        fixed = rounds(31, lambda: {"run": lambda: run(ws, single)})["run"]
        ws.close()
    print(f"\na run of one node, later run: {fixed * 1000:.2f} ms")


def run(ws: Workspace, workflow: Workflow) -> None:
    """One run, as a user has it."""
    assert ws.run(workflow).status == "succeeded"


def _print_table(ws: Workspace, clock: Clock, told: str) -> None:
    rows: list[list[str]] = []
    growths: list[str] = []
    for name, shape in SHAPES.items():
        taken = [_measure(ws, shape, size, clock) for size in SIZES]
        rows += [_row(name, size, each) for size, each in zip(SIZES, taken, strict=True)]
        growths.append(f"{name} {taken[-1]['later'] / taken[0]['later']:.2f}")
    heads = ["shape", "nodes", "plain calls", "raw pool", "first run", "later run", "first to pool", "later to pool"]
    print_rows(f"ws.run(flow), its history on: µs a node {told}, median", heads, rows)
    print(f"a node among {SIZES[-1]:,} to one among {SIZES[0]:,}, later runs: {', '.join(growths)}")


def _measure(ws: Workspace, shape: Shape, size: int, clock: Clock) -> dict[str, float]:
    """Microseconds a node of each side. In every round each has its turn, and the workflow is a new one."""
    nodes = len(shape(size).nodes)

    def sides() -> Sides:
        flow = shape(size)
        plan = make_plan(flow, ws.catalog)
        each: Sides = {"plain": lambda: plain_calls(plan), "pool": lambda: raw_pool(plan)}
        each["first"] = lambda: run(ws, flow)
        each |= {f"later {number}": lambda: run(ws, flow) for number in range(LATER_RUNS)}
        return each

    taken = rounds(5 if size > 2_000 else 15, sides, clock)
    taken["later"] = sorted(taken.pop(f"later {number}") for number in range(LATER_RUNS))[LATER_RUNS // 2]
    return {side: seconds / nodes * 1e6 for side, seconds in taken.items()}


def _row(name: str, size: int, each: dict[str, float]) -> list[str]:
    numbers = [f"{each[side]:.1f}" for side in ("plain", "pool", "first", "later")]
    return [name, f"{size:,}", *numbers, *(f"{each[side] / each['pool']:.2f}×" for side in ("first", "later"))]


if __name__ == "__main__":
    main()
