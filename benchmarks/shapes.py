"""Graphs to run: chains, fans, meshes, and a scientific workflow as WfCommons generates it (Montage)."""

from __future__ import annotations

import re
from collections.abc import Callable

from flowbook.models import Workflow

Shape = Callable[[int], Workflow]

WIDTH = 10


def chain(size: int) -> Workflow:
    """Each node after the one before it."""
    flow = Workflow(name="chain")
    for i in range(size):
        flow.add(f"n{i}", "core.noop")
        if i:
            flow.connect(f"n{i - 1}", f"n{i}")
    return flow


def fan(size: int) -> Workflow:
    """One node, many beside each other, one node."""
    flow = Workflow(name="fan")
    flow.add("first", "core.noop")
    flow.add("last", "core.noop")
    for i in range(max(size - 2, 1)):
        flow.add(f"n{i}", "core.noop")
        flow.connect("first", f"n{i}")
        flow.connect(f"n{i}", "last")
    return flow


def mesh(size: int) -> Workflow:
    """Rows of ten nodes, each after three of the row before."""
    flow = Workflow(name="mesh")
    for i in range(size):
        flow.add(f"n{i}", "core.noop")
        row, place = divmod(i, WIDTH)
        for aside in range(3 if row else 0):
            flow.connect(f"n{(row - 1) * WIDTH + (place + aside) % WIDTH}", f"n{i}")
    return flow


def montage(size: int) -> Workflow:
    """The Montage astronomy workflow with about ``size`` tasks, from WfCommons' recipe."""
    from wfcommons import MontageRecipe, WorkflowGenerator

    made = WorkflowGenerator(MontageRecipe.from_num_tasks(max(size, 180))).build_workflow()
    flow = Workflow(name="montage")
    names = {task: re.sub(r"[^a-z0-9_]", "_", task.lower()) for task in made.nodes}
    for name in names.values():
        flow.add(name, "core.noop")
    for source, target in made.edges:
        flow.connect(names[source], names[target])
    return flow


SHAPES: dict[str, Shape] = {"chain": chain, "fan": fan, "mesh": mesh, "montage": montage}
