"""What evaluating an expression costs, whatever the data around it, beside jmespath and Jinja2's sandbox."""

from __future__ import annotations

import timeit

import jmespath
from jinja2.sandbox import SandboxedEnvironment

from benchmarks.measuring import print_rows
from flowbook.expressions import compile_expression


class Result:
    """What a node's result looks like to an expression."""

    success, message = True, ""

    def __init__(self, data: object) -> None:
        self.data = data


def main() -> None:
    """Print the table."""
    rows = []
    for size in (1, 1_000, 1_000_000):
        data = {"user": {"name": "ada"}, "rows": list(range(size))}
        scope = {"inputs": {}, "nodes": {"a": Result(data)}, "run": {}}
        path = compile_expression("nodes.a.data.user.name")
        computed = compile_expression("len(nodes.a.data.rows) > 0 and nodes.a.data.user.name == 'ada'")
        searched = jmespath.compile("nodes.a.data.user.name")
        template = SandboxedEnvironment().compile_expression("nodes.a.data.user.name")
        plain = {"nodes": {"a": {"data": data}}}
        sides = {
            "path": lambda path=path, scope=scope: path.evaluate(scope),
            "computed": lambda computed=computed, scope=scope: computed.evaluate(scope),
            "jmespath": lambda searched=searched, plain=plain: searched.search(plain),
            "jinja2": lambda template=template, plain=plain: template(**plain),
        }
        rows.append([f"{size:,}", *(f"{_microseconds(side):.2f}" for side in sides.values())])
    heads = ["rows of data", "property path", "computed", "jmespath path", "Jinja2 sandbox path"]
    print_rows("one evaluation of a cached expression, µs", heads, rows)


def _microseconds(side: object) -> float:
    timer = timeit.Timer(side)  # type: ignore[arg-type]
    return min(timer.repeat(5, 2_000)) / 2_000 * 1e6


if __name__ == "__main__":
    main()
