"""A node that failed as a cell: its real inputs, its code or call; what the cell gives, the run goes on with."""

from __future__ import annotations

import ast
import copy
import json
import os
import pickle
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from flowbook import Workflow, Workspace
from flowbook.cli.main import cli
from flowbook.errors import ExpressionError, InputError, NotFound, RunFailed, TaskFailed
from flowbook.results import Cause, Source
from flowbook.vault import forget_environment
from flowbook.workspace.cell import giving

SERVICE = '''
"""A service that may be down."""

from flowbook import current, task


def test_connection(credentials):
    """Try."""
    return {"success": True, "message": ""}


@task(effects="write")
def send(credentials, params):
    """Send something."""
    if params.get("to") != "right":
        return {"success": False, "message": f"there is no {params.get('to')}"}
    print("sending")
    return {"success": True, "message": "sent", "data": {"to": params["to"], "key": current().idempotency_key}}
'''


@pytest.fixture
def ws(tmp_path: Path):
    folder = tmp_path / "integrations" / "post"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(SERVICE)
    with Workspace(tmp_path) as ws:
        yield ws


def failed(ws: Workspace, flow: Workflow, **inputs: object) -> str:
    with pytest.raises(RunFailed) as failure:
        ws.run(flow, inputs)
    return str(failure.value.run.id)


def code_flow(code: str = "rows = nodes.fetch.data.rows\nrows[0].amount / inputs.parts  # each\n") -> Workflow:
    flow = Workflow(name="bills")
    flow.set_input("parts", type="integer", default=0)
    flow.add("fetch", "core.set", params={"values": {"rows": [{"amount": 6}]}})
    flow.add("share", "core.python", params={"code": code})
    flow.add("use", "core.set", params={"values": {"half": "${{ nodes.share.data }}"}})
    flow.connect("fetch", "share")
    flow.connect("share", "use")
    return flow


def run_cell(code: str) -> dict:
    scope: dict = {}
    exec(compile(code, "cell", "exec"), scope)
    return scope


def test_the_cell_has_the_code_and_its_real_inputs_and_what_it_gives_goes_on(ws):
    run = failed(ws, code_flow())
    cell = ws.as_cell(run, "share")
    assert "ZeroDivisionError" in cell.code
    assert "rescue.give(rows[0].amount / inputs.parts)  # each" in cell.code
    with pytest.raises(ZeroDivisionError):
        run_cell(cell.code)
    rescue = run_cell(cell.code.replace("/ inputs.parts", "/ 2"))["rescue"]
    again = rescue.go_on()
    assert (again.status, again.id, again["use"].data) == ("succeeded", run, {"half": 3.0})
    assert again["fetch"].source is Source.EARLIER


def test_in_a_cell_too_names_win_and_a_mapping_stays_one(ws):
    flow = code_flow("inputs.keys + inputs.items + 1 / 0")
    for name in ("keys", "items", "get"):
        flow.set_input(name, "integer", default=1)
    inputs = ws.rescue(failed(ws, flow), "share").inputs
    given = {name: inputs[name] for name in inputs}
    assert (inputs.keys, inputs.items, inputs.get) == (1, 1, 1)
    for copied in (dict(inputs), {**inputs}, copy.copy(inputs), copy.deepcopy(inputs), inputs | {}):
        assert (copied, type(copied)) == (given, dict)
    # What is called at once is a method, and whoever takes it for a dict has one.
    pairs, keys = dict(inputs.items()), list(inputs.keys())  # in no assert: pytest would take the call apart
    assert (pairs, keys) == (given, [*given])
    assert pickle.loads(pickle.dumps(inputs)) == given
    assert pd.Series(inputs).to_dict() == given
    for options in ({}, {"indent": 1}, {"sort_keys": True}):
        assert json.loads(json.dumps(inputs, **options)) == given
    assert yaml.safe_load(yaml.safe_dump(inputs)) == yaml.safe_load(yaml.dump(inputs)) == given
    data = ws.rescue(failed(ws, flow), "share").nodes.fetch.data
    assert yaml.safe_load(yaml.safe_dump(data)) == {"rows": [{"amount": 6}]}


def test_data_in_a_cell_has_its_keys_as_the_code_of_the_node_has_them(ws):
    data = {"items": [{"get": 1, "count": 2}], "keys": {"values": 3}, "n": 4}
    flow = Workflow(name="bills")
    flow.add("fetch", "core.set", params={"values": data})
    flow.add("share", "core.python", params={"code": "1 / 0"})
    flow.connect("fetch", "share")
    nodes = ws.rescue(failed(ws, flow), "share").nodes
    got = nodes.fetch.data
    assert (got.items, got.keys.values, got.n, [one.get for one in got.items]) == (data["items"], 3, 4, [1])
    pairs, keys, absent = list(got.items()), list(got.keys()), got.get("absent", 5)
    assert (pairs, keys, absent) == (list(data.items()), list(data), 5)
    assert json.loads(json.dumps(got, indent=1)) == got == data
    assert pd.DataFrame([got]).to_dict("records") == [data]
    with pytest.raises(AttributeError, match="there is no key or attribute 'absent'"):
        _ = got.absent


def test_the_history_says_that_it_was_rescued(ws):
    run = failed(ws, code_flow())
    rescue = ws.rescue("last", "share")
    rescue.give(4)
    rescue.go_on()
    record = ws.run_record(run).nodes["share"]
    assert (record.cause, record.source, record.data) == (Cause.RESCUED, Source.GIVEN, 4)
    assert record.message == "rescued: a cell gave its result"


def test_a_run_gives_its_cells_as_it_ends_and_from_the_history(ws):
    with pytest.raises(RunFailed) as failure:
        ws.run(code_flow())
    there = failure.value.run.as_cell("share").code
    assert there == ws.last("bills").as_cell("share").code == str(ws.as_cell("last", "share"))


def task_flow() -> Workflow:
    flow = Workflow(name="post")
    flow.add("who", "core.set", params={"values": {"to": "wrong", "rows": list(range(3000))}})
    flow.add("send", "post.send", params={
        "to": "${{ nodes.who.data.to }}", "rows": "${{ nodes.who.data.rows }}", "text": 'two\n"lines"',
    })  # fmt: skip
    flow.connect("who", "send")
    return flow


def test_a_task_s_cell_has_its_params_and_makes_the_call(ws, capsys):
    run = failed(ws, task_flow())
    code = ws.as_cell(run, "send").code
    assert "'to': \"wrong\"," in code
    assert "rescue.param('rows'),  # 3,000 items" in code
    with pytest.raises(TaskFailed, match="there is no wrong"):
        run_cell(code)
    scope = run_cell(code.replace('"wrong"', '"right"'))
    assert scope["params"]["rows"] == list(range(3000))
    assert "sending" in capsys.readouterr().out
    assert scope["rescue"].go_on()["send"].data == {"to": "right", "key": f"{run}.send"}


def test_what_is_written_like_an_expression_in_data_is_no_expression_in_the_call(ws):
    run = failed(ws, task_flow())
    rescue = ws.rescue(run, "send")
    with pytest.raises(TaskFailed, match=r"there is no \$\{\{ 1 \+ 1 \}\}"):
        rescue.call({"to": "${{ 1 + 1 }}"})


def test_a_for_each_node_s_cell_makes_the_calls_that_failed_and_no_other(ws):
    flow = Workflow(name="many")
    flow.add("send", "post.send", params={"to": "${{ item }}"}, for_each=["right", "wrong", "right"])
    run = failed(ws, flow)
    code = ws.as_cell(run, "send").code
    scope = run_cell(code.replace("rescue.params(index)", "{'to': 'right'}"))
    assert scope["index"] == 1
    data = scope["rescue"].go_on()["send"].data
    assert [one["key"] for one in data] == [f"{run}.send.{index}" for index in range(3)]


def test_a_for_each_code_node_s_cell_has_its_code(ws):
    flow = Workflow(name="many")
    flow.add("turn", "core.python", params={"code": "12 / item", "item": "${{ item }}"}, for_each=[1, 0, 4])
    code = ws.as_cell(failed(ws, flow), "turn").code
    scope = run_cell(code.replace("12 / item", "12 / (item or 2)"))
    assert scope["rescue"].go_on()["turn"].data == [12, 6, 3]


def test_an_expression_that_failed_is_a_place_to_fill_in(ws):
    flow = Workflow(name="gap")
    flow.add("who", "core.set", params={"values": {"x": 1}})
    flow.add("send", "post.send", params={"to": "${{ nodes.who.data.nobody }}"})
    flow.connect("who", "send")
    run = failed(ws, flow)
    code = ws.as_cell(run, "send").code
    assert "'to': None,  # ${{ nodes.who.data.nobody }}:" in code
    run_cell(code.replace("'to': None", "'to': 'right'"))["rescue"].go_on()
    with pytest.raises(ExpressionError):
        ws.rescue(failed(ws, flow), "send").params()


def test_a_secret_input_is_asked_for_and_not_in_the_cell(ws):
    flow = code_flow("inputs.token[0] / 2")
    flow.set_input("token", type="password", required=True)
    run = failed(ws, flow, token="s3cret-of-mine")
    code = ws.as_cell(run, "share").code
    assert "s3cret" not in code
    assert "token=getpass('token')" in code
    with pytest.raises(AttributeError, match="does not hold the input 'token'"):
        _ = ws.rescue(run, "share").inputs.token
    rescue = ws.rescue(run, "share", token="s3cret-of-mine")
    rescue.give(rescue.inputs.token[:1] == "s")
    assert rescue.go_on()["use"].data == {"half": True}


def test_what_cannot_be_rescued_says_so(ws):
    run = failed(ws, code_flow())
    with pytest.raises(InputError, match="'fetch' succeeded"):
        ws.as_cell(run, "fetch")
    with pytest.raises(NotFound):
        ws.as_cell(run, "shore")
    with pytest.raises(InputError, match="nothing was given"):
        ws.rescue(run, "share").go_on()
    with pytest.raises(AttributeError, match="Did you mean 'fetch'"):
        _ = ws.rescue(run, "share").nodes.fetsh
    with pytest.raises(KeyError, match="Did you mean 'fetch'"):
        _ = ws.rescue(run, "share").nodes["fetsh"]
    assert ws.rescue(run, "share").nodes.get("fetsh", 1) == 1, "as a code node's names do"


def test_what_a_cell_gives_is_shown_with_how_to_go_on(ws):
    given = ws.rescue(failed(ws, code_flow()), "share").give([1, 2])
    assert repr(given) == "<share gives a list of 2; go on with the run: rescue.go_on()>"


def test_a_run_shown_as_html_says_how_to_mend_it(ws):
    run = failed(ws, code_flow())
    html = ws.last("bills")._repr_mimebundle_()["text/html"]
    assert f"ws.as_cell(&quot;{run}&quot;, &quot;share&quot;)" in html
    ws.run(code_flow("1"))
    assert "as_cell" not in ws.last("bills")._repr_mimebundle_()["text/html"]


def test_the_command_prints_the_cell(ws, tmp_path):
    run = failed(ws, code_flow())
    code = ws.as_cell(run, "share").code
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        printed = CliRunner().invoke(cli, ["runs", "cell", "last", "share"]).stdout
    finally:
        os.chdir(before)
    assert printed == code + "\n"
    assert json.dumps(str(ws.root))[1:-1] in printed


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x", "rescue.give(x)"),
        ("a = 1; (a,\n 2)  # pair", "a = 1; rescue.give((a,\n 2))  # pair"),
        ('"ä"; "größer" + "é" # ende', '"ä"; rescue.give("größer" + "é") # ende'),
        ("    a = 1\n    a\n", "a = 1\nrescue.give(a)"),
        ("a = 1", "a = 1\nrescue.give(None)  # the code ends without a value"),
        ("a = (", "a = (\nrescue.give(None)  # what the code gives"),
    ],
)
def test_the_last_value_of_code_is_what_it_gives(code, expected):
    assert giving(code) == expected


def test_what_a_workflow_calls_its_integration_stays_in_its_line_of_the_cell(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another's text; a line break in it would make code of what follows."""
    monkeypatch.setenv(
        "FLOWBOOK_CREDENTIALS__A_IMPORT_OS", '{"integration_type": "http", "base_url": "http://127.0.0.1:9"}'
    )
    flow = Workflow("another")
    flow.add("ask", "http.request", integration="A\nimport os", params={"url": "/"})
    forget_environment()
    with pytest.raises(RunFailed) as failure:
        ws.run(flow)
    code = failure.value.run.as_cell("ask").code
    assert "with A import os" in code
    assert not [one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Import)]
