"""Workflows as Python: written so that they read back the same, and read without being run."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook import Workflow
from flowbook.errors import FileFormatError, InvalidWorkflow
from flowbook.formats.flowfile import read_flow_file
from flowbook.formats.python import dumps, loads, read_script
from interop.generating import workflow as made_up

ROOT = Path(__file__).parent.parent
FILES = [
    *sorted((ROOT / "flowbook" / "gallery").glob("*.flow.yaml")),
    *sorted((ROOT / "notebooks").glob("*.flow.yaml")),
]

SCRIPT = '''"""Sales of each city."""
from flowbook import Workflow, integration

flow = Workflow("sales", inputs={"minimum": {"type": "number", "default": 0}})
files = integration("files")
my_slack = integration("slack", "My Slack")


@flow.task(retry=3)
def load(minimum):
    return files.read_csv(path=f"sales-{minimum}.csv")


@flow.task(timeout=30)
def sums(load, currency: str = "EUR"):
    """Of each city."""
    found = {}
    for row in load:
        found[row.city] = found.get(row.city, 0) + row.sold  # in all
    return found


@flow.task(after=[sums, load.failure.when("inputs.minimum > 0")], label="Tell all")
def tell(sums):
    return my_slack.send_message(channel="#sales", text=f"{len(sums)} cities", blocks=[sums.Rome])


if __name__ == "__main__":
    flow.main()
'''


S = "flow = Workflow('x')\ns = integration('s')\n"


def one(body: str, before: str = "", decorator: str = "@flow.task") -> Workflow:
    """The workflow of a script with one function whose body is given."""
    lines = "\n".join(f"    {line}" if line else "" for line in body.split("\n"))
    return loads(f'{before}\nflow = Workflow("x")\ncore = integration("core")\n{decorator}\ndef f():\n{lines}\n')


def code(body: str, before: str = "") -> str:
    node = one(body, before).nodes["f"]
    assert node.task == "core.python"
    return str(node.params["code"])


# -- reading -----------------------------------------------------------------------------------------------


def test_a_function_that_calls_a_task_is_a_node_with_that_task() -> None:
    flow = loads(SCRIPT)
    node = flow.nodes["tell"]
    assert (node.task, node.integration, node.label) == ("slack.send_message", "My Slack", "Tell all")
    assert node.params == {
        "channel": "#sales",
        "text": "${{ len(nodes.sums.data) }} cities",
        "blocks": ["${{ nodes.sums.data.Rome }}"],
    }
    assert flow.nodes["load"].params == {"path": "sales-${{ inputs.minimum }}.csv"}


def test_any_other_function_is_a_code_node_with_its_arguments_its_docstring_and_its_comments() -> None:
    node = loads(SCRIPT).nodes["sums"]
    assert (node.task, node.notes, node.timeout) == ("core.python", "Of each city.", 30)
    assert node.params["code"] == (
        "load = nodes.load.data\ncurrency = inputs.currency\nfound = {}\nfor row in load:\n"
        "    found[row.city] = found.get(row.city, 0) + row.sold  # in all\nfound\n"
    )


def test_arguments_that_are_nodes_make_edges_and_the_others_are_inputs_with_their_type_and_default() -> None:
    flow = loads(SCRIPT)
    assert [(edge.source, edge.target, edge.on, edge.when) for edge in flow.edges] == [
        ("load", "sums", "success", None),
        ("sums", "tell", "success", None),
        ("load", "tell", "failure", "inputs.minimum > 0"),
    ]
    assert {name: one.to_document() for name, one in flow.inputs.items()} == {
        "minimum": {"type": "number", "default": 0},
        "currency": {"type": "string", "default": "EUR"},
    }


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("x: int = 5", {"type": "integer", "default": 5}),
        ("x=5", {"type": "number", "default": 5}),
        ("x: float", {"type": "number", "required": True}),
        ("x: bool = True", {"type": "boolean", "default": True}),
        ("x: 'str | None' = None", {"type": "string"}),
        ("x: Literal['a', 'b'] = 'a'", {"type": "select", "default": "a", "choices": ["a", "b"]}),
        ("x: list[str]", {"type": "json", "required": True}),
        ("x={'a': [1]}", {"type": "json", "default": {"a": [1]}}),
        ("x", {"type": "json", "required": True}),
    ],
)
def test_the_annotation_else_the_default_gives_the_type_of_an_input(argument: str, expected: object) -> None:
    flow = loads(f'flow = Workflow("x")\n@flow.task\ndef f(*, {argument}):\n    return x\n')
    assert flow.inputs["x"].to_document() == expected


def test_a_function_that_returns_in_several_places_is_kept_whole_and_called() -> None:
    flow = loads('flow = Workflow("x")\n@flow.task\ndef f(a, *, b=2):\n    if a:\n        return b\n    return 0\n')
    assert flow.nodes["f"].params["code"] == (
        "def f(a, *, b=2):\n    if a:\n        return b\n    return 0\n\nf(inputs.a, b=inputs.b)\n"
    )


def test_code_takes_along_the_imports_it_uses_and_no_others() -> None:
    imports = "import os\nimport numpy as np\nfrom math import floor, pi\nfrom flowbook.language import nodes"
    assert code("return np.sum(pi)", imports) == "import numpy as np\nfrom math import pi\n\nnp.sum(pi)\n"
    assert code("return [os for os in nodes.x.data]", imports) == "[os for os in nodes.x.data]"


def test_texts_of_several_lines_keep_their_indentation() -> None:
    assert code('x = """a\n  b\n"""\nreturn x') == 'x = """a\n      b\n    """\nx\n'


def test_a_function_without_return_gives_nothing_whatever_its_last_line_would_give() -> None:
    assert code("x = []\nx.append(1)\nx.pop()") == "x = []\nx.append(1)\nx.pop()\nNone\n"


def test_what_a_code_node_holds_is_never_filled_in_as_an_expression() -> None:
    assert code("return '${{ inputs.x }}'") == "'$${{ inputs.x }}'"


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("import os\nos.remove('x')\n", "2:1", "an expression"),
        ("flow = Workflow('x')\nclass A: pass\n", "2:1", "a class"),
        ("flow = Workflow('x')\nlimit = 5\n", "2:1", "an assignment"),
        ("flow = Workflow('x')\nflow = Workflow('y')\n", "2:1", "second workflow"),
        ("x = 1 +\n", "1:8", "not Python"),
        ("flow = Workflow('x')\ndef helper(): pass\n", "2:1", "helper is not under @flow.task"),
        ("flow = Workflow('x')\n@other\n@flow.task\ndef f(): pass\n", "4:1", "alone"),
        ("flow = Workflow('x')\n@flow.task(retries=3)\ndef f(): pass\n", "2:20", "no argument 'retries'"),
        ("flow = Workflow('x')\n@flow.task(when=lambda: 1)\ndef f(): pass\n", "2:17", "not a lambda"),
        ("flow = Workflow('x')\n@flow.task(after=g)\ndef f(): pass\n", "2:18", "no function 'g'"),
        ("flow = Workflow('x')\n@flow.task(timeout=SECONDS)\ndef f(): pass\n", "2:20", "timeout is not a plain value"),
        ("flow = Workflow('x')\n@flow.task\ndef f(*args): return 1\n", "3:8", "any number of arguments"),
        ("flow = Workflow('x')\n@flow.task\ndef f(a=open('x')): return 1\n", "3:9", "default of a"),
        ("flow = Workflow('x')\n@flow.task\ndef f():\n    '''doc'''\n", "3:1", "does nothing"),
        (f"{S}@flow.task\ndef f():\n    return s.go(1)\n", "5:17", "by name"),
        (f"{S}@flow.task\ndef f(a):\n    return s.go(b=a.upper())\n", "5:19", "method"),
        (f"{S}@flow.task\ndef f(a):\n    return s.go(b=f'{{a:.2f}}')\n", "5:19", "formats"),
        (f"{S}@flow.task\ndef f():\n    return s.go(b=b'x')\n", "5:19", "bytes"),
        ("flow = Workflow('x')\n@flow.task\ndef f(): pass\n@flow.task\ndef f(): pass\n", "5:1", "two functions"),
        ("print('hi')\n", "1:1", "an expression"),
        ("", "1:1", "no workflow"),
        ("(" * 500 + ")" * 500, "1:", "not Python"),
    ],
)  # fmt: skip
def test_what_is_not_of_the_form_is_refused_with_its_line_and_column(source: str, place: str, words: str) -> None:
    with pytest.raises(FileFormatError) as refused:
        loads(source, "my.py")
    assert refused.value.message.startswith(f"my.py:{place}")
    assert words in refused.value.message
    assert refused.value.hint


def test_a_script_is_never_run(tmp_path: Path) -> None:
    there = tmp_path / "there"
    source = f'flow = Workflow("x")\n@flow.task\ndef f(x=1):\n    open({str(there)!r}, "w")\n    return x\n'
    assert "open(" in loads(source).nodes["f"].params["code"]
    assert not there.exists()


def test_a_script_that_makes_no_workflow_names_the_field() -> None:
    with pytest.raises(InvalidWorkflow, match="retry"):
        loads('flow = Workflow("x")\n@flow.task(retry={"attempts": 0})\ndef f(): return 1\n')


def test_a_script_too_large_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("[" + "1," * 2_000_000 + "]")
    with pytest.raises(FileFormatError, match="larger than 2 MiB"):
        read_script(tmp_path / "a.py")


def test_the_places_of_nodes_and_edges_are_known() -> None:
    _, places = read_script(SCRIPT)
    assert places.line("sums") == SCRIPT[: SCRIPT.index("def sums")].count("\n") + 1
    assert places.line("", "edges[1]") == places.line("tell")
    assert places.line() == 4


# -- there and back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".flow.yaml"))
def test_the_workflows_of_gallery_and_notebooks_come_back_equal(path: Path) -> None:
    flow = read_flow_file(path)
    assert loads(dumps(flow)) == flow


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_any_workflow_comes_back_equal(number: int) -> None:
    flow = made_up(number)
    assert loads(dumps(flow)) == flow


def test_a_script_that_was_exported_reads_as_a_person_would_write_it() -> None:
    written = dumps(loads(SCRIPT))
    body = written[written.index("@flow.task") :]
    assert body == SCRIPT[SCRIPT.index("@flow.task") :].replace(', currency: str = "EUR"', ", currency")


def test_a_script_that_a_person_edited_loads_back() -> None:
    edited = dumps(loads(SCRIPT)).replace("    return found\n", "    top = max(found, key=found.get)\n    return top\n")
    flow = loads(edited)
    assert flow.nodes["sums"].params["code"].endswith("top = max(found, key=found.get)\ntop\n")
    assert loads(dumps(flow)) == flow


def test_code_of_a_canvas_becomes_the_body_of_a_function_with_its_arguments() -> None:
    flow = Workflow("x")
    flow.set_input("least", "integer", default=1)
    flow.add("rows", "core.set", params={"values": [1, 2]})
    flow.add(
        "many",
        "core.python",
        params={"code": "import math\n\nrows = nodes.rows.data\nleast = inputs.least\nmath.prod(rows) > least"},
    )
    flow.connect("rows", "many")
    written = dumps(flow)
    assert "import math\n\nfrom flowbook import" in written
    assert "@flow.task\ndef many(rows, least):\n    return math.prod(rows) > least\n" in written
    assert loads(written) == flow


def test_names_that_python_keeps_for_itself_are_written_with_their_id() -> None:
    flow = Workflow("x")
    flow.add("class", "core.set", params={"values": 1})
    flow.add("import", "core.set", params={"values": "${{ nodes.class.data }}"})
    flow.connect("class", "import", "failure")
    written = dumps(flow)
    assert '@flow.task(id="class")\ndef class_():' in written
    assert "after=class_.failure" in written
    assert loads(written) == flow
