"""The raw limits: plain calls in order, and a ThreadPoolExecutor that knows the dependencies and nothing else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flowbook.plan import Plan


def task(credentials: Any, params: Any) -> dict[str, Any]:
    """What every node does: nothing."""
    return {"success": True, "message": "", "data": None}


def plain_calls(plan: Plan) -> None:
    """Every node's task, one after the other."""
    for _ in plan.nodes:
        task({}, {})


WORKERS = 8  # as a run has


def raw_pool(plan: Plan) -> None:
    """Every node's task as a future, submitted when the last one before it is done."""
    missing = [node.incoming for node in plan.nodes]
    left = len(plan.nodes)
    lock, over = threading.Lock(), threading.Event()

    def done(index: int) -> None:
        nonlocal left
        ready = []
        with lock:
            left -= 1
            for edge in plan.nodes[index].edges:
                missing[edge.target] -= 1
                if not missing[edge.target]:
                    ready.append(edge.target)
            if not left:
                over.set()
        for target in ready:
            pool.submit(run, target)

    def run(index: int) -> None:
        task({}, {})
        done(index)

    with ThreadPoolExecutor(WORKERS) as pool:
        for node in plan.nodes:
            if not node.incoming:
                pool.submit(run, node.index)
        over.wait()
