"""@flow.task: functions of notebooks and scripts become nodes; scripts run as ``flowbook run`` does."""

from __future__ import annotations

import json
import linecache
import os
import re
import subprocess
import sys
import textwrap
import warnings
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace, integration
from flowbook.errors import InputError, InvalidWorkflow
from flowbook.formats.flowfile import read_flow_file
from flowbook.formats.python import dumps, loads
from tests import forks

ROOT = Path(__file__).parent.parent
CELLS = count(1)


class Kernel(dict[str, Any]):
    """The names of a notebook, whose cells are run as IPython runs them: each has a source of its own."""

    def __init__(self, **names: Any) -> None:
        super().__init__(__name__="__main__", Workflow=Workflow, integration=integration, **names)

    def run(self, cell: str) -> Any:
        text = textwrap.dedent(cell).lstrip("\n")
        name = f"<cell {next(CELLS)}>"
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
        exec(compile(text, name, "exec", dont_inherit=True), self)
        return self.get("flow")


SALES = """
    flow = Workflow("sales")

    @flow.task
    def load(minimum: float = 0):
        return [sold for sold in [1, 2, 3] if sold >= minimum]

    @flow.task(retry=3, timeout=30)
    def sums(load):
        return sum(load)
"""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_functions_of_a_notebook_become_nodes_that_run(ws: Workspace) -> None:
    flow = Kernel().run(SALES)
    run = ws.run(flow, minimum=2)
    assert (run["load"].data, run["sums"].data) == ([2, 3], 5)
    assert flow.inputs["minimum"].to_document() == {"type": "number", "default": 0}
    assert [(edge.source, edge.target) for edge in flow.edges] == [("load", "sums")]
    assert flow.nodes["sums"].retry.attempts == 3
    assert ws.sweep(flow, minimum=range(4)).to_frame("sums")["sums"].tolist() == [6, 6, 5, 3]


def test_a_flow_is_the_same_read_from_its_file_as_made_by_running_it(ws: Workspace) -> None:
    flow = Kernel().run(SALES)
    assert loads(f"from flowbook import Workflow\n{textwrap.dedent(SALES)}") == flow
    assert Kernel().run(dumps(flow).split("if __name__")[0]) == flow


def test_defining_a_function_again_replaces_its_node_and_keeps_its_place_and_edges() -> None:
    kernel = Kernel()
    flow = kernel.run(SALES)
    flow.move("load", 10, 20)
    flow.add("after", "core.noop")
    flow.connect("load", "after", "failure")
    flow.change_edge("load", "sums", when="true")
    kernel.run("@flow.task\ndef load(most=9):\n    return [most]\n")
    kernel.run("@flow.task\ndef sums(load):\n    return max(load)\n")
    assert flow.nodes["load"].params["code"] == "most = inputs.most\n[most]\n"
    assert list(flow.inputs) == ["most"]
    assert flow.layout["load"] == (10, 20)
    edges = [(edge.source, edge.target, edge.on, edge.when) for edge in flow.edges]
    assert edges == [("load", "sums", "success", "true"), ("load", "after", "failure", None)]


def test_an_argument_that_is_no_node_any_more_takes_its_edge_along() -> None:
    kernel = Kernel()
    flow = kernel.run(SALES)
    kernel.run("@flow.task\ndef sums(rows=()):\n    return 0\n")
    assert list(flow.edges) == []
    assert flow.inputs["rows"].type == "json"


def test_a_node_that_is_defined_after_what_takes_it_as_an_argument_is_wired_all_the_same() -> None:
    kernel = Kernel()
    flow = kernel.run('flow = Workflow("x")\n@flow.task\ndef second(first):\n    return first\n')
    assert list(flow.inputs) == ["first"]
    kernel.run("@flow.task\ndef first():\n    return 1\n")
    assert list(flow.inputs) == []
    assert flow.nodes["second"].params["code"] == "first = nodes.first.data\nfirst\n"
    assert [(edge.source, edge.target) for edge in flow.edges] == [("first", "second")]


def test_what_is_imported_in_other_cells_goes_along() -> None:
    kernel = Kernel()
    kernel.run("import json as j\nfrom collections import Counter\nfrom os import path\n")
    flow = kernel.run('flow = Workflow("x")\n@flow.task\ndef f():\n    return j.dumps(Counter("aa")), path.join("a")\n')
    code = flow.nodes["f"].params["code"]
    assert code.startswith("from collections import Counter\nimport json as j\nimport posixpath as path\n\n")


def test_a_call_of_a_task_is_a_node_with_that_task_and_its_edges_say_when() -> None:
    flow = Kernel().run("""
        flow = Workflow("x")
        slack = integration("slack", "My Slack")

        @flow.task
        def find():
            return [1]

        @flow.task(after=[find.when("len(nodes.find.data) > 0")], for_each="nodes.find.data")
        def send(item, channel="#a"):
            '''Tell each.'''
            return slack.send_message(channel=channel, text=f"got {item}")

        @flow.task(after=send.failure, id="tell_all")
        def tell():
            return slack.send_message(channel="#b", text="failed")
    """)
    node = flow.nodes["send"]
    assert (node.task, node.integration, node.notes) == ("slack.send_message", "My Slack", "Tell each.")
    assert node.params == {"channel": "${{ inputs.channel }}", "text": "got ${{ item }}"}
    edges = [(edge.source, edge.target, edge.on, edge.when) for edge in flow.edges]
    assert edges == [
        ("find", "send", "success", "len(nodes.find.data) > 0"), ("send", "tell_all", "failure", None)
    ]  # fmt: skip


def test_the_function_can_still_be_called() -> None:
    kernel = Kernel()
    kernel.run(SALES)
    assert kernel["load"](2) == [2, 3]
    assert kernel["load"].__name__ == "load"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("flow.task(lambda x: x)", "a lambda has no name"),
        ("flow.task(5)", "not a int"),
        ("def g():\n    r = 2\n    @flow.task\n    def f():\n        return r\ng()", "'r' of the function around"),
        ("@flow.task\nasync def f():\n    return 1", "async function"),
        ("@flow.task(retries=3)\ndef f():\n    return 1", "no argument 'retries'"),
        ("@flow.task(when=lambda: True)\ndef f():\n    return 1", "not a lambda"),
        ("@flow.task(after=5)\ndef f():\n    return 1", "after is given a int"),
        ("@flow.task(after='nowhere')\ndef f():\n    return 1", "no node 'nowhere'"),
        ("@flow.task(retry=0)\ndef f():\n    return 1", "retry"),
        ("@flow.task(id='Bad Id')\ndef f():\n    return 1", "cannot be a node's id"),
        ("@flow.task\ndef f(*args):\n    return 1", "f, line 2: f takes any number"),
        ("@flow.task\ndef load(sums):\n    return 1", "would close a cycle"),
        ("s = integration('s')\n@flow.task\ndef f(a):\n    return s.go(b=a.upper())", "f, line 4:"),
        ("s = integration('s')\ns.go(b=1)", "called when the workflow runs"),
    ],
)  # fmt: skip
def test_what_no_node_can_be_made_of_is_refused_clearly_and_changes_nothing(cell: str, words: str) -> None:
    kernel = Kernel()
    before = kernel.run(SALES).clone()
    with pytest.raises((InputError, InvalidWorkflow)) as refused:
        kernel.run(cell)
    assert words in str(refused.value)
    assert kernel["flow"] == before


def test_what_only_this_kernel_has_is_named(ws: Workspace) -> None:
    kernel = Kernel()
    flow = kernel.run(SALES)
    cell = """
        rates, s = {}, integration("s")
        def helper(): return 1
        @flow.task
        def f():
            return rates, helper(), load(), [s.go()]
    """
    with pytest.warns(UserWarning, match="the node 'f' uses") as told:
        kernel.run(cell)
    assert [str(one.message).split("; ")[0] for one in told] == [
        f"sales: the node 'f' uses {name!r}, which only this kernel has" for name in ("helper", "load", "rates", "s")
    ]
    assert "take it as an argument" in str(told[1].message)
    assert "a node of its own" in str(told[3].message)
    ws.save(flow)
    assert {problem.code for problem in ws.check("sales")} == {"unknown-name"}


def test_a_function_without_a_source_is_refused() -> None:
    flow = Workflow("x")
    names: dict[str, Any] = {}
    exec("def f(): return 1", names)
    with pytest.raises(InputError, match="source of f is not at hand"):
        flow.task(names["f"])


def test_a_flow_is_drawn_without_a_script() -> None:
    bundle = Kernel().run(SALES)._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert ">sums<" in bundle["image/svg+xml"]
    assert bundle["text/plain"] == "<Workflow sales: 2 nodes, 1 edge>"
    assert "image/svg+xml" not in Workflow("empty")._repr_mimebundle_()


def test_names_of_the_language_are_there_for_editors_and_have_no_value_of_their_own() -> None:
    from flowbook.language import inputs, join, nodes

    for use in (lambda: join([1]), lambda: nodes.a, lambda: inputs["x"]):
        with pytest.raises(InputError, match="when a workflow runs"):
            use()
    with pytest.raises(ImportError):
        from flowbook.language import nothing  # noqa: F401


# -- scripts -----------------------------------------------------------------------------------------------------------


def script(folder: Path, text: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = folder / "script.py"
    path.write_text(text)
    return subprocess.run(
        forks.python(str(path), *arguments), capture_output=True, text=True, cwd=folder, timeout=110,
        env={**os.environ, **environment},
    )  # fmt: skip


MAIN = textwrap.dedent(SALES).replace("sum(load)", "1 // len(load)") + '\nif __name__ == "__main__":\n    flow.main()\n'


def test_a_script_prints_one_document_and_exits_as_flowbook_run_does(tmp_path: Path) -> None:
    text = f"from flowbook import Workflow\n{MAIN}"
    done = script(tmp_path, text, "-i", "minimum=3", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert (document["status"], document["nodes"]["sums"]["data"]) == ("succeeded", 1)
    assert document["inputs"] == {"minimum": 3}
    failed = script(tmp_path, text, "-i", "minimum=9")
    assert failed.returncode == 1
    assert "ZeroDivisionError" in failed.stdout
    assert "runs resume" not in failed.stderr
    assert script(tmp_path, text, "-i", "nothing=1").returncode == 2
    assert script(tmp_path, text, "-i", "minimum=much", "--json").returncode == 2
    assert not (tmp_path / ".flowbook").exists()


def test_a_script_takes_credentials_from_the_environment_and_from_the_workspace_it_is_in(tmp_path: Path) -> None:
    flow = Workflow("x")
    flow.add("ask", "postgres.test_connection", integration="My Database")
    text = dumps(flow)
    missing = script(tmp_path, text)
    assert missing.returncode == 3
    given = {"host": "127.0.0.1", "port": 1, "database": "d", "username": "u", "password": "hunter2secret"}
    reached = script(tmp_path, text, FLOWBOOK_CREDENTIALS__MY_DATABASE=json.dumps(given))
    assert reached.returncode == 1
    assert "hunter2secret" not in reached.stdout + reached.stderr
    ws = Workspace(tmp_path)
    ws.create_type("postgres")
    ws.create_integration("My Database", "postgres", given)
    ws.close()
    assert script(tmp_path, text).returncode == 1
    assert [run.workflow for run in Workspace(tmp_path).runs()] == ["x"]


@pytest.mark.parametrize("name", ["csv-quality-check", "check-all-files", "download-and-tidy"])
def test_a_script_of_the_gallery_ends_as_its_workflow_does(tmp_path: Path, name: str) -> None:
    flow = read_flow_file(ROOT / "flowbook" / "gallery" / f"{name}.flow.yaml")
    ours = loads(dumps(flow))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = Kernel().run(dumps(flow).split("if __name__")[0])
    assert made == ours == flow


PLUGIN = """
print("the plug-in is loaded")


class Plugin:
    def new_schema_validator(self, *args, **kwargs):
        return None, None, None


plugin = Plugin()
"""


def test_a_script_looks_for_garbage_no_more_than_a_command_does(tmp_path: Path) -> None:
    """In what was loaded: it took a sixth of its time, above all at its end."""
    flow = Workflow("kept")
    flow.add("count", "core.python", params={"code": "import gc\n\ngc.get_freeze_count() > 10_000"})
    done = script(tmp_path, dumps(flow), "--json")
    assert json.loads(done.stdout)["nodes"]["count"]["data"] is True


@pytest.mark.parametrize("decorator", ["@flow.task", "@flow.task(timeout=3)", '@flow.task(id="other")'])
def test_a_warning_of_a_function_names_its_file_and_line(tmp_path: Path, decorator: str) -> None:
    """It said ``sys:1``, or a file of Flowbook."""
    text = f"from flowbook import Workflow\n\nflow = Workflow('w')\n\n\n{decorator}\ndef one():\n    return rate\n"
    said = script(tmp_path, text).stderr
    assert re.search(r"script\.py:6: UserWarning: w: the node '\w+' uses 'rate'", said), said


def test_a_script_does_not_look_for_plug_ins_of_pydantic_and_takes_them_from_nobody(tmp_path: Path) -> None:
    """To look for them costs more than a fifth of a cold start."""
    about = tmp_path / "plugged-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pydantic]\nplugged = plugged:plugin\n")
    (tmp_path / "plugged.py").write_text(PLUGIN)
    (tmp_path / "script.py").write_text(
        'from flowbook import Workflow, integration\n\nflow = Workflow("quiet")\ncore = integration("core")\n\n\n'
        '@flow.task\ndef a():\n    return core.set(values={"x": 1})\n\n\nif __name__ == "__main__":\n    flow.main()\n'
    )
    own = (
        'from flowbook import Workflow\nWorkflow("x").add("a", "core.noop")\nprint("made")\n'
        "import pydantic\n\nclass Own(pydantic.BaseModel):\n    a: int\n"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    environ.pop("PYDANTIC_DISABLE_PLUGINS", None)

    def said(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environ, check=True, capture_output=True, text=True
        )
        return done.stdout

    assert "plug-in" not in said("script.py")
    assert said("-c", own).split("\n")[:2] == ["made", "the plug-in is loaded"]
