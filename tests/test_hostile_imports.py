"""Files that are broken or hostile, for every form that is read: a refusal with the place, and nothing by half.

The texts are those of ready examples, changed by chance but each time in the same way; ``python -m interop hostile``
reads more of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from flowbook import Workspace
from flowbook.errors import FlowbookError
from flowbook.formats.python import dumps, loads
from interop.generating import workflow
from interop.hostile import SEEDS, fault, read

OPERATIONS = ",".join(f'"/p{n}": {{"get": {{}}}}' for n in range(20_001))


@pytest.mark.parametrize("kind", SEEDS)
def test_what_was_changed_by_chance_is_read_or_refused(kind: str, tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        seeds = SEEDS[kind]()
        assert [said for number in range(60) if (said := fault(kind, number, seeds, ws, tmp_path / str(number)))] == []
        assert not ws.workflows()


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("curl", "curl http://a.org/\ud800", "half a character"),
        ("curl", "curl http://a.org -d $'\\ud800'", "half a character"),
        ("curl", 'curl "http://a.org/' + "${A}" * 1001 + '"', "more than 1,000 variables"),
        ("openapi", '{"openapi": "3.0.0", "x": ' + "9" * 5000 + ', "paths": {}}', "a number in it has more than 4300"),
        ("json", '{"nodes": [], "x": ' + "9" * 5000 + "}", "a number in it has more than 4300 digits"),
        ("py", "flow = " + "9" * 5000, "this number has more than 4300 digits"),
        ("openapi", '{"openapi": "3.0.0", "paths": {' + OPERATIONS + "}}", "at most 20,000"),
    ],
)  # fmt: skip
def test_what_is_too_much_is_refused(kind: str, text: str, says: str, tmp_path: Path) -> None:
    """In words of ours: Python's name a setting of the interpreter as the remedy."""
    with Workspace(tmp_path) as ws, pytest.raises(FlowbookError, match=says) as error:
        read(kind, text, ws, tmp_path / "made")
    assert "sys." not in str(error.value)


def test_an_order_in_a_script_that_names_no_nodes_is_passed_over() -> None:
    flow = workflow(3)
    text = dumps(flow)
    for order in ("edges=[({}, []), ('a', {}, 'x')]", "order=[{}, ['a'], 5]"):
        made = loads(text.replace("\nif __name__", f"\nflow.arrange({order})\n\nif __name__", 1))
        assert set(made.nodes) == set(flow.nodes)
