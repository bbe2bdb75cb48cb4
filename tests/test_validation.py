"""Validation: all problems at once, each with its place and its remedy."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook import Workspace
from flowbook.catalog import Catalog, FolderProblem
from flowbook.errors import CatalogError, InvalidInputs, InvalidWorkflow, NotFound
from flowbook.formats.flowfile import read_document
from flowbook.models import Parameter, Workflow
from flowbook.tasks import TaskSpec
from flowbook.tasks.signature import Signature
from flowbook.validation import Problem, Report, Typed, bind_inputs, validate, validate_document
from flowbook.validation.values import misfit


@dataclasses.dataclass
class Folder:
    credentials: tuple[Parameter, ...] = ()
    problems: tuple[FolderProblem, ...] = ()


class FakeCatalog:
    """A catalog of three folders: chat (needs credentials), core (needs none) and broken."""

    def __init__(self) -> None:
        self.asked = 0
        text = Parameter(name="text", type="text", required=True)
        kinds = {
            "count": "integer", "ratio": "number", "loud": "boolean", "link": "url", "to": "email", "extra": "json",
            "token": "password",
        }  # fmt: skip
        rest = [Parameter(name=name, type=kind) for name, kind in kinds.items()]
        color = Parameter(name="color", type="select", choices=("good", "danger"))
        rows = Parameter(name="rows", type="json", json_schema={"type": "array"})
        specs = [
            TaskSpec("chat.send", print, Signature(2), parameters=(text, color, rows, *rest), open_params=False),
            TaskSpec("core.noop", print, Signature(2)),
            TaskSpec("core.python", print, Signature(2)),
            TaskSpec("core.run_workflow", print, Signature(2)),
        ]
        self.specs = {spec.name: spec for spec in specs}
        self.folders = {
            "chat": Folder((Parameter(name="token", type="password", required=True),)),
            "core": Folder(),
        }

    def folder(self, name: str) -> Folder:
        if name not in self.folders:
            raise NotFound("integration folder", name, self.folders)
        return self.folders[name]

    def task(self, name: str) -> TaskSpec:
        self.asked += 1
        if name.startswith("broken."):
            raise CatalogError("broken cannot be imported: SyntaxError.", "Mend it.")
        self.folder(name.partition(".")[0])
        if name not in self.specs:
            raise NotFound("task", name, self.specs)
        return self.specs[name]


def integrations() -> dict[str, str]:
    return {"My Chat": "chat", "My Other": "other"}


def document(nodes: dict[str, Any], edges: str = "", **fields: Any) -> dict[str, Any]:
    """A document; ``edges`` such as "a-b b-c:failure", nodes may be just their fields beside ``task: core.noop``."""
    arrows = []
    for arrow in edges.split():
        ends, _, on = arrow.partition(":")
        source, _, target = ends.partition("-")
        arrows.append({"from": source, "to": target, **({"on": on} if on else {})})
    full = {id: {"task": "core.noop", **node} for id, node in nodes.items()}
    return {"flowbook": 1, "name": "x", "nodes": full, "edges": arrows, **fields}


def report_on(given: Any, **options: Any) -> Report:
    options.setdefault("integrations", integrations)
    return validate_document(given, FakeCatalog(), **options)[1]


def found(given: Any, **options: Any) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.node, problem.field) for problem in report_on(given, **options)]


def refer(id: str) -> dict[str, Any]:
    return {"params": {"x": f"${{{{ nodes.{id}.data }}}}"}}


SEND = {"task": "chat.send", "integration": "My Chat"}


def test_a_good_workflow_has_no_problems_and_is_built() -> None:
    good = document({"a": {}, "b": {**SEND, "params": {"text": "${{ nodes.a.data }}"}}}, "a-b")
    workflow, report = validate_document(good, FakeCatalog(), integrations=integrations)
    assert report.problems == ()
    assert report.ok
    assert workflow == Workflow.from_document(good)


def test_who_has_no_integration_of_the_type_is_not_told_to_choose_one() -> None:
    given = document({"a": {"task": "chat.send", "params": {"text": ""}}})

    def remedy(**known: str) -> str:
        problems = report_on(given, integrations=lambda: known).problems
        return next(one.remedy for one in problems if one.code == "missing-integration")

    assert remedy(mine="chat") == "Choose an integration of type 'chat'."
    assert remedy(other="mail") == "Create an integration of type 'chat'."


def test_a_problem_reads_as_file_node_field_what_is_wrong_and_how_to_mend_it() -> None:
    problem = Problem("error", "notify", "params.text", "is required.", "Add it.", "missing-param")
    assert problem.text("daily.flow.yaml") == "daily.flow.yaml:notify:params.text: is required. Add it."


def test_all_problems_are_found_in_one_pass_with_their_lines() -> None:
    text = """\
flowbook: 1
name: Bad Name
descripton: x
inputs:
  n: {type: integer, default: x}
nodes:
  a:
    task: chat.sned
    integration: My Chta
    prams: {}
    timeout: soon
    retry: {attempts: 0, wiat: 1}
  b:
    task: chat.send
    params:
      count: many
      text: "${{ nodes.cc.data }}"
    when: nodes.a.data >
edges:
- {from: a, to: b}
- {from: b, to: a}
- {from: a, to: zz, onn: failure}
"""
    given, positions = read_document(text)
    workflow, report = validate_document(given, FakeCatalog(), integrations=integrations, positions=positions)
    assert workflow is None
    assert {(problem.line, problem.node, problem.code) for problem in report} == {
        (2, "", "bad-name"),
        (3, "", "unknown-field"),
        (5, "", "wrong-type"),
        (8, "a", "unknown-task"),
        (9, "a", "unknown-integration"),
        (10, "a", "unknown-field"),
        (11, "a", "wrong-type"),
        (12, "a", "unknown-field"),
        (12, "a", "wrong-type"),
        (13, "b", "missing-integration"),
        (16, "b", "wrong-type"),
        (17, "b", "unknown-node"),
        (18, "b", "bad-expression"),
        (21, "", "cycle"),
        (22, "a→zz", "unknown-field"),
        (22, "a→zz", "unknown-node"),
    }
    assert all(problem.message and problem.remedy for problem in report)


def test_problems_come_in_the_workflow_s_order() -> None:
    report = report_on(document({"b": {"tusk": 1}, "a": {"when": "("}}, "a-q", descripton=""))
    assert [problem.node for problem in report] == ["", "b", "a", "a→q"]


@pytest.mark.parametrize(
    ("given", "code", "node", "field"),
    [
        ("text", "not-a-mapping", "", ""),
        ({**document({}), "flowbook": 2}, "unknown-format", "", "flowbook"),
        ({**document({}), "name": None}, "bad-name", "", "name"),
        ({**document({}), "description": 5}, "wrong-type", "", "description"),
        ({**document({}), "nodes": []}, "wrong-type", "", "nodes"),
        ({**document({}), "edges": {}}, "wrong-type", "", "edges"),
        ({**document({}), "edges": [5]}, "wrong-type", "", "edges[0]"),
        ({**document({}), "nodes": {"a": 5}}, "wrong-type", "a", ""),
        ({**document({}), "nodes": {"a": {}}}, "bad-task", "a", "task"),
        ({**document({}), "nodes": {"a": {"task": "noop"}}}, "bad-task", "a", "task"),
        ({**document({}), "nodes": {"A b": {"task": "core.noop"}}}, "bad-name", "A b", "id"),
        (document({"a": {"on_error": "ignore"}}), "wrong-type", "a", "on_error"),
        (document({"a": {"params": []}}), "wrong-type", "a", "params"),
        (document({"a": {"retry": 3}}), "wrong-type", "a", "retry"),
        (document({"a": {"retry": {"atempts": 3}}}), "unknown-field", "a", "retry.atempts"),
        (document({"a": {}, "b": {}}, "a-b:sucess"), "wrong-type", "a→b", "on"),
        (document({}, inputs={"n": {"type": "interger"}}), "wrong-type", "", "inputs.n.type"),
        (document({}, inputs={"n": {"typ": "string"}}), "unknown-field", "", "inputs.n.typ"),
        (document({}, inputs={"n": "string"}), "wrong-type", "", "inputs.n"),
        (document({}, inputs={"N": {}}), "bad-name", "", "inputs.N"),
        (document({}, inputs={"n": {"type": "integer", "default": "x"}}), "wrong-type", "", "inputs.n.default"),
        (document({"a": {}}, layout={"a": [1]}), "wrong-type", "", "layout.a"),
        (document({"a": {}}, layout={"b": [1, 2]}), "unknown-node", "", "layout.b"),
        (document({}, notes={"n": {"txt": ""}}), "unknown-field", "", "notes.n.txt"),
        (document({"a": {}}, "a-zz"), "unknown-node", "a→zz", "to"),
        (document({"a": {}}, "zz-a"), "unknown-node", "zz→a", "from"),
        (document({"a": {}}, "a-a"), "self-edge", "a→a", "to"),
        (document({"a": {}, "b": {}}, "a-b a-b"), "duplicate-edge", "a→b", "edges"),
        (document({"a": {"task": "chta.send"}}), "unknown-task", "a", "task"),
        (document({"a": {"task": "chat.sned", "integration": "My Chat"}}), "unknown-task", "a", "task"),
        (document({"a": {"task": "broken.go"}}), "broken-folder", "a", "task"),
        (document({"a": {"task": "chat.send", "params": {"text": ""}}}), "missing-integration", "a", "integration"),
        (document({"a": {**SEND, "integration": "My Cat", "params": {"text": ""}}}), "unknown-integration", "a",
         "integration"),
        (document({"a": {**SEND, "integration": "My Other", "params": {"text": ""}}}), "wrong-integration", "a",
         "integration"),
        (document({"a": SEND}), "missing-param", "a", "params.text"),
        (document({"a": {**SEND, "params": {"text": "", "txt": 1}}}), "unknown-param", "a", "params.txt"),
        (document({"a": {"params": {"x": "${{ 1 + }}"}}}), "bad-expression", "a", "params.x"),
        (document({"a": {"params": {"x": [{"y": "${{ lenn(1) }}"}]}}}), "bad-expression", "a", "params.x[0].y"),
        (document({"a": {"when": "1 +"}}), "bad-expression", "a", "when"),
        (document({"a": {"for_each": "1 +"}}), "bad-expression", "a", "for_each"),
        (document({"a": {"retry": {"until": "1 +"}}}), "bad-expression", "a", "retry.until"),
        (document({"a": {"when": "inputs.n"}}), "unknown-input", "a", "when"),
        (document({"a": {"params": {"x": "${{ item }}"}}}), "out-of-scope", "a", "params.x"),
        (document({"a": {"for_each": [1], "when": "index"}}), "out-of-scope", "a", "when"),
        (document({"a": {"when": "result.data"}}), "out-of-scope", "a", "when"),
        (document({"a": refer("a")}), "self-reference", "a", "params.x"),
        (document({"abc": {}, "b": refer("abd")}, "abc-b"), "unknown-node", "b", "params.x"),
        (document({"a": {"task": "core.python", "params": {"code": "nodes.zz.data"}}}), "unknown-node", "a",
         "params.code"),
        (document({"a": {"task": "core.python", "params": {"code": "inputs['n']"}}}), "unknown-input", "a",
         "params.code"),
        (document({"a": {}, "b": refer("a")}), "not-upstream", "b", "params.x"),
        (document({"a": {}, "b": refer("c"), "c": {}}, "a-b b-c"), "not-upstream", "b", "params.x"),
        (document({"a": {"max_parallel": 2}}), "no-effect", "a", "max_parallel"),
        (document({"a": {"when": False}}), "never-runs", "a", "when"),
        (document({"a": {"on_error": "continue"}, "b": {}}, "a-b:failure"), "on-error-and-failure-edge", "a→b", "on"),
    ],
)  # fmt: skip
def test_each_mistake_is_found_once_where_it_is(given: Any, code: str, node: str, field: str) -> None:
    assert found(given) == [(code, node, field)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("text", 5), ("count", "many"), ("count", 1.5), ("count", True), ("ratio", "1"), ("loud", "yes"),
     ("link", "no url"), ("to", "nobody"), ("color", "blue"), ("color", 3), ("rows", {}), ("token", 5)],
)  # fmt: skip
def test_constants_are_checked_against_the_param_s_type(name: str, value: object) -> None:
    params = {"text": "x", name: value}
    assert ("wrong-type", "a", f"params.{name}") in found(document({"a": {**SEND, "params": params}}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("count", 3), ("count", 3.0), ("ratio", 2), ("loud", False), ("link", "https://example.com"),
     ("to", "a@example.com"), ("color", "good"), ("rows", [1]), ("extra", {"any": [None]}), ("count", None),
     ("count", "${{ 1 }}"),
     ("color", "${{ 'go' + 'od' }}")],
)  # fmt: skip
def test_values_that_fit_and_values_to_be_computed_are_no_problem(name: str, value: object) -> None:
    assert found(document({"a": {**SEND, "params": {"text": "x", name: value}}})) == []


def test_a_secret_among_the_params_is_a_warning_that_does_not_repeat_it() -> None:
    (problem,) = report_on(document({"a": {**SEND, "params": {"text": "x", "token": "hunter2-hunter2"}}}))
    assert (problem.code, problem.severity) == ("secret-in-clear", "warning")
    assert "hunter2" not in problem.text("f")


def test_names_that_are_nearly_right_get_a_suggestion() -> None:
    report = report_on(
        document({"fetch": {"task": "chat.sned", "integration": "My Chta"}, "b": refer("fetsh")}, "fetch-b", nods={})
    )
    remedies = {problem.code: problem.remedy for problem in report}
    assert remedies.pop("unknown-integration").startswith("Did you mean 'My Chat'?")
    assert remedies == {
        "unknown-field": "Did you mean 'nodes'?",
        "unknown-task": "Did you mean 'chat.send'?",
        "unknown-node": "Did you mean 'fetch'?",
    }


@pytest.mark.parametrize(
    "source",
    [
        "nodes.a.data.at < now()", "now('Europe/Berlin') >= nodes.a.data.at",
        "nodes.a.data.at == date(inputs.d, hours=1)",
        "[x for x in nodes.a.data if x.at > '2026-01-01T00:00']", "date(inputs.d, 0, 1) != inputs.d",
        "date(inputs.d, zone='Europe/Berlin') < now('Europe/Berlin')", "1 < 2 if now() > inputs.d else 3",
        "date('2026-01-01T12:00:00+01:00') == nodes.a.data.at", "date(now(), days=1) != nodes.a.data.at",
        "date('2026-01-01T12:00:00+01:00') == date('2026-01-01T11:00:00Z')",
        "max(now(), date(inputs.d))", "min(inputs.d, '2026-01-01T12:00:00+01:00')", "sorted([inputs.d, now()])",
    ],
)  # fmt: skip
def test_moments_that_are_compared_as_text_are_a_warning(source: str) -> None:
    one = {"a": {}, "b": {"params": {"x": f"${{{{ {source} }}}}"}}}
    report = report_on(document(one, "a-b", inputs={"d": {}}))
    assert [(one.code, one.severity, one.field) for one in report] == [("moments-as-text", "warning", "params.x")]


@pytest.mark.parametrize(
    "source",
    [
        "timestamp(inputs.d) < timestamp(now())", "inputs.d < today()", "date(inputs.d, days=1) == today()",
        "inputs.d >= '2026-01-01'", "now('UTC') > date(inputs.d, zone='UTC')", "now()",
        "max(now('UTC'), '2026-01-01T12:00:00Z')", "sorted([now()])", "max(1, 2, len(now()))",
        "format_date(now(), '%Y') < '2027'", "inputs.d + 'T00:00'", "[now()] == []", "now() in ['a']",
        "date('2026-01-01T12:00:00Z') == now('UTC')", "date('2026-01-01', days=1) == inputs.d",
    ],
)  # fmt: skip
def test_days_and_what_is_compared_as_numbers_are_not(source: str) -> None:
    assert found(document({"a": {"params": {"x": f"${{{{ {source} }}}}"}}}, inputs={"d": {}})) == []


@pytest.mark.parametrize("text", ["${{ [1] }}\n", "\n${{ [1] }}", "  ${{ [1] }}\n\n"])
def test_a_line_break_around_an_expression_that_makes_text_of_its_value_is_a_warning(text: str) -> None:
    [problem] = report_on(document({"a": {"params": {"x": {"y": [text]}}}}))
    assert (problem.code, problem.severity, problem.field) == ("text-of-value", "warning", "params.x.y[0]")
    assert "|" in problem.message


@pytest.mark.parametrize(
    "text", ["${{ [1] }}", "a ${{ [1] }}\n", "${{ 1 }}\n${{ 2 }}\n", " ${{ 1 }} ", "$${{ 1 }}\n", "\n"]
)
def test_text_that_is_meant_as_text_is_none(text: str) -> None:
    assert found(document({"a": {"params": {"x": text}}})) == []


def test_every_cycle_is_named_node_by_node() -> None:
    report = report_on(document({id: {} for id in "abcdef"}, "a-b b-c c-a d-e e-d e-f"))
    texts = [problem.message for problem in report]
    assert sorted(texts) == [
        "these nodes form a cycle: a → b → c → a.",
        "these nodes form a cycle: d → e → d.",
    ]


def test_a_cycle_of_ten_thousand_nodes_is_found() -> None:
    nodes = {f"n{i}": {} for i in range(10_000)}
    edges = " ".join(f"n{i}-n{(i + 1) % 10_000}" for i in range(10_000))
    assert [code for code, _, _ in found(document(nodes, edges))] == ["cycle"]


def test_integrations_and_workflows_are_only_checked_when_they_are_known() -> None:
    given = document(
        {"a": {**SEND, "integration": "Nobody's", "params": {"text": ""}},
         "b": {"task": "core.run_workflow", "params": {"workflow": "other"}}}
    )  # fmt: skip
    assert found(given, integrations=None) == []
    assert found(given, integrations=None, workflows=lambda: ["others"]) == [
        ("unknown-workflow", "b", "params.workflow")
    ]
    assert found(given, integrations=lambda: {"Nobody's": ""}, workflows=lambda: ["other"]) == []


def test_a_workflow_that_runs_itself_is_a_warning() -> None:
    given = document({"b": {"task": "core.run_workflow", "params": {"workflow": "x"}}})
    assert found(given, workflows=lambda: ["x"]) == [("runs-itself", "b", "params.workflow")]


@pytest.mark.parametrize("state", [{"disabled": True}, {"pinned": [1]}])
def test_a_node_that_calls_nothing_now_may_be_unfinished(state: dict[str, Any]) -> None:
    report = report_on(document({"a": {"task": "chat.send", **state}}))
    assert report.ok
    assert {problem.code for problem in report.warnings} == {"missing-param", "missing-integration"}


@pytest.mark.parametrize("state", [{"disabled": True}, {"pinned": [1]}])
def test_what_a_node_that_calls_nothing_now_refers_to_may_be_gone(state: dict[str, Any]) -> None:
    text = "${{ nodes.later.data }} ${{ nodes.gone.data }} ${{ inputs.nope }} ${{ item }}"
    nodes = {"a": {"params": {"text": text}, **state}, "later": {}}
    report = report_on(document(nodes, "a-later"))
    assert report.ok
    assert {problem.code for problem in report.warnings} >= {
        "not-upstream", "unknown-node", "unknown-input", "out-of-scope"
    }  # fmt: skip
    used = {"a": {"when": "nodes.gone.data", **state}, "later": {}}  # a run asks it of a node with pinned data too
    assert report_on(document(used)).ok == ("disabled" in state)


def test_the_catalog_is_asked_once_for_each_task() -> None:
    catalog = FakeCatalog()
    validate_document(document({f"n{i}": {} for i in range(50)}), catalog)
    assert catalog.asked == 1


def test_a_real_integration_folder_is_checked_against(tmp_path: Path) -> None:
    folder = tmp_path / "integrations" / "mailbox"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from .tasks import send, test_connection\n")
    (folder / "tasks.py").write_text(
        "from typing import TypedDict\n"
        "class Send(TypedDict):\n    text: str\n    count: int\n"
        "def test_connection(credentials):\n    return {'success': True, 'message': ''}\n"
        "def send(credentials, params: Send):\n    return {'success': True, 'message': ''}\n"
    )
    given = document({"a": {"task": "mailbox.send", "params": {"txt": "", "count": "x"}}, "b": {"task": "mailbox.snd"}})
    _, report = validate_document(given, Catalog(tmp_path, environ={}))
    assert [(problem.code, problem.field) for problem in report] == [
        ("missing-param", "params.text"),
        ("unknown-param", "params.txt"),
        ("wrong-type", "params.count"),
        ("unknown-task", "task"),
    ]


# -- data that may be missing ----------------------------------------------------------------------------------

AT_RISK = [
    ({"a": {"when": "1 < 2"}, "b": {}, "c": refer("a")}, "a-c b-c", "beside a node with 'when'"),
    ({"a": {}, "b": refer("a")}, "a-b:failure", "after its failure"),
    ({"a": {}, "b": refer("a")}, "a-b:always", "whatever happened to it"),
    ({"a": {"on_error": "continue"}, "b": refer("a")}, "a-b", "after a failure that was let pass"),
    ({"a": {}, "b": {}, "c": {}, "d": refer("b")}, "a-b a-c:failure b-d c-d", "where branches meet again"),
    ({"a": {}, "b": {}, "c": {**refer("a"), "join": "any"}}, "a-c b-c", "at a join of any"),
    ({"a": {}, "b": {}, "c": {}, "d": refer("a")}, "a-b:always b-c c-d", "further down"),
]


@pytest.mark.parametrize(("nodes", "edges"), [pytest.param(*case[:2], id=case[2]) for case in AT_RISK])
def test_using_data_that_may_be_missing_is_a_warning(nodes: dict[str, Any], edges: str) -> None:
    (problem,) = report_on(document(nodes, edges))
    assert (problem.code, problem.severity) == ("maybe-missing", "warning")


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        ({"a": {}, "b": refer("a")}, "a-b"),
        ({"a": {"when": "1 < 2"}, "b": refer("a")}, "a-b"),
        ({"a": {"when": "1 < 2"}, "b": {}, "c": {**refer("a"), "join": "all"}}, "a-c b-c"),
        ({"a": {}, "b": {}, "c": {}, "d": refer("b")}, "a-b a-c b-d c-d:always"),
        ({"r": {}, "a": {}, "b": {}, "c": {}, "d": refer("r")}, "r-a a-b a-c:failure b-d c-d"),
        ({"a": {"pinned": 1, "on_error": "continue"}, "b": refer("a")}, "a-b"),
        ({"w": {"when": "1 < 2"}, "a": {}, "b": {}, "c": refer("a")}, "w-c a-c b-c"),
    ],
)
def test_using_data_that_is_sure_to_be_there_is_not(nodes: dict[str, Any], edges: str) -> None:
    assert found(document(nodes, edges)) == []


@pytest.mark.parametrize(
    "text",
    ["${{ default(nodes.a.data, 0) }}", "${{ nodes.a.message }}", "${{ nodes['a']['success'] }}",
     "${{ nodes.a.success and default(nodes.a.data.x, 1) }}"],
)  # fmt: skip
def test_what_is_always_there_and_what_is_guarded_by_default_is_no_problem(text: str) -> None:
    assert found(document({"a": {}, "b": {"params": {"x": text}}}, "a-b:failure")) == []


def test_a_guarded_use_does_not_hide_an_unguarded_one() -> None:
    text = "${{ default(nodes.a.data, 0) + nodes['a']['data'] }}"
    assert [code for code, _, _ in found(document({"a": {}, "b": {"params": {"x": text}}}, "a-b:failure"))] == [
        "maybe-missing"
    ]


def test_the_condition_of_an_edge_may_use_its_source_and_what_is_before_it() -> None:
    given = document({"a": {}, "b": {}, "c": {}, "d": {}}, "a-b b-c b-d:failure")
    for edge in given["edges"][1:]:
        edge["when"] = "nodes.b.message and nodes.a.data"
    assert found(given) == []
    given["edges"][1]["when"] = "nodes.c.data"
    given["edges"][2]["when"] = "nodes.q.data"
    assert found(given) == [("not-upstream", "b→c", "when"), ("unknown-node", "b→d", "when")]


def test_item_and_index_are_known_in_params_and_until_of_a_for_each_node_and_result_in_until() -> None:
    node = {"for_each": "[1, 2]", "params": {"x": "${{ item + index }}"}, "retry": {"until": "result.success and item"}}
    assert found(document({"a": node})) == []


def test_what_only_leads_on_from_a_node_that_never_runs_is_a_warning() -> None:
    given = document({"a": {"when": False}, "b": {}, "c": {}, "d": {}}, "a-b b-c d-c")
    assert found(given) == [("never-runs", "a", "when"), ("never-runs", "b", "edges")]


# -- the report ------------------------------------------------------------------------------------------------


def test_a_workflow_with_unfinished_nodes_is_still_built_for_the_editor_to_open() -> None:
    workflow, report = validate_document(document({"a": {"task": "chat.nope", "when": "("}}), FakeCatalog())
    assert not report.ok
    assert workflow is not None
    assert list(workflow.nodes) == ["a"]


def test_a_workflow_is_checked_as_its_document_is() -> None:
    given = document({"a": SEND, "b": {**refer("a"), "when": "("}}, "a-b:failure")
    workflow, report = validate_document(given, FakeCatalog(), integrations=integrations)
    assert workflow is not None
    assert validate(workflow, FakeCatalog(), integrations=integrations).problems == report.problems


def test_raising_lists_the_errors_and_carries_the_report() -> None:
    report = report_on(document({f"n{i}": {"when": "("} for i in range(25)}))
    with pytest.raises(InvalidWorkflow, match="x has 25 problems") as caught:
        report.raise_if_invalid()
    assert "… and 5 more" in caught.value.message
    assert caught.value.report is report


def test_warnings_alone_do_not_raise() -> None:
    report = report_on(document({"a": {"when": False}}))
    assert report.warnings
    report.raise_if_invalid()


MESSY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["a", "b", "core.noop", "${{ nodes.a.data }}", "("]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "b", "task", "params", "from", "to", "on", "when", "retry", "type", "at", "text"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["name", "inputs", "nodes", "edges", "layout", "notes", "x"]), MESSY))
def test_no_document_makes_validation_fail_and_one_without_errors_is_a_workflow(fields: dict[str, Any]) -> None:
    workflow, report = validate_document({"flowbook": 1, "name": "x", **fields}, FakeCatalog())
    assert workflow is not None or not report.ok


# -- inputs ----------------------------------------------------------------------------------------------------


def flow_with_inputs() -> Workflow:
    flow = Workflow(name="x")
    flow.set_input("repo", required=True)
    flow.set_input("count", "integer", default=5)
    flow.set_input("ratio", "number")
    flow.set_input("loud", "boolean")
    flow.set_input("rows", "json", default=[1])
    flow.set_input("color", "select", choices=["good", "danger"])
    flow.set_input("token", "password")
    return flow


def test_inputs_are_those_given_else_the_defaults_else_none() -> None:
    flow = flow_with_inputs()
    bound = bind_inputs(flow, {"repo": "a/b"})
    assert bound == {"repo": "a/b", "count": 5, "ratio": None, "loud": None, "rows": [1], "color": None, "token": None}
    bound["rows"].append(2)
    assert bind_inputs(flow, {"repo": "a/b"})["rows"] == [1]


def test_text_becomes_what_its_input_asks_for_when_that_is_beyond_doubt() -> None:
    given = {"repo": "5", "count": "7", "ratio": "1.5", "loud": "TRUE", "rows": '{"a": [1]}'}
    bound = bind_inputs(flow_with_inputs(), given)
    assert {name: bound[name] for name in given} == {
        "repo": "5", "count": 7, "ratio": 1.5, "loud": True, "rows": {"a": [1]},
    }  # fmt: skip
    assert repr(bind_inputs(flow_with_inputs(), {"repo": 5, "ratio": "3", "rows": "no json"})["rows"]) == "'no json'"


@pytest.mark.parametrize("text", ["often", "5.5x", "", "yes"])
def test_who_typed_what_does_not_fit_is_told_of_no_quotes(text: str) -> None:
    """A shell takes them away, and a form shows none; in a file they make the difference."""
    for kind, says in (("integer", "such as 12."), ("number", "such as 1.5."), ("boolean", "Write true or false.")):
        flow = Workflow(name="one", inputs={"x": {"type": kind}})
        with pytest.raises(InvalidInputs) as typed:
            bind_inputs(flow, {"x": Typed(text)})
        assert says in str(typed.value)
        assert "quotes" not in str(typed.value)
        with pytest.raises(InvalidInputs, match=r"not this text\. .* without quotes"):
            bind_inputs(flow, {"x": text})


def test_typed_text_that_begins_like_json_and_is_none_does_not_fit_and_text_that_is_data_does() -> None:
    with pytest.raises(InvalidInputs, match=r"rows: begins like JSON and is none: Expecting .*column 5") as caught:
        bind_inputs(flow_with_inputs(), {"repo": "a", "rows": Typed("[1, hunter2")})
    assert "hunter2" not in str(caught.value)
    for text in ("[WIP] A title", "{x}", '"'):
        assert bind_inputs(flow_with_inputs(), {"repo": Typed(text), "rows": text})["rows"] == text
    bound = bind_inputs(flow_with_inputs(), {"repo": Typed("[1"), "rows": Typed('"[1"'), "token": Typed("{")})
    assert (bound["repo"], bound["rows"], bound["token"]) == ("[1", "[1", "{")
    assert {type(value) for value in (bound["repo"], bound["rows"], bound["token"])} == {str}


def test_all_that_is_wrong_with_the_inputs_is_said_at_once_without_their_values() -> None:
    given = {"coutn": 1, "count": "1.5", "ratio": "nan", "loud": "yes", "color": "hunter2", "token": ["hunter2"]}
    with pytest.raises(InvalidInputs) as caught:
        bind_inputs(flow_with_inputs(), given)
    text = str(caught.value)
    for expected in ("coutn: there is no such input. Did you mean 'count'?", "repo: is required.",
                     "count: must be a whole", "ratio: must be a number", "loud: must be true or false",
                     "color: is not among the choices",
                     "token: must be text"):  # fmt: skip
        assert expected in text
    assert "hunter2" not in text


@pytest.mark.parametrize("recipients", ["a@example.com", ["a@example.com", "b@example.com"]])
def test_a_param_of_alternatives_takes_each_of_them(recipients: Any) -> None:
    flow = Workflow(name="mail")
    flow.add("send", "smtp.send_email", params={"to": recipients, "subject": "Hi", "body": "Hello"})
    fields = {problem.field for problem in validate(flow, Catalog())}
    assert "params.to" not in fields


def test_what_no_alternative_of_a_param_allows_is_refused() -> None:
    flow = Workflow(name="mail")
    flow.add("send", "smtp.send_email", params={"to": {"a": 1}, "subject": "Hi", "body": "Hello"})
    assert "params.to" in {problem.field for problem in validate(flow, Catalog()).errors}


def test_a_node_may_be_called_by_a_word_that_python_keeps_for_itself() -> None:
    flow = Workflow(name="words")
    flow.add("pass", "core.noop", when="inputs.who == 'x'")
    flow.add("after", "core.set", params={"values": "${{ default(nodes.pass.data.by, 'nobody') }}"})
    flow.set_input("who")
    flow.connect("pass", "after")
    assert validate(flow, Catalog()).ok
    flow.change("after", params={"values": "${{ nodes.pass.data.by }}"})
    flow.add("apart", "core.noop")
    flow.connect("apart", "after")
    assert [problem.code for problem in validate(flow, Catalog())] == ["maybe-missing"]


def test_what_a_task_reads_itself_out_of_text_is_no_wrong_type(tmp_path: Path) -> None:
    """A list that may be a text with commas, as its description says."""
    flow = Workflow(name="labels")
    flow.add("open", "github.create_issue", params={"repo": "a/b", "title": "x", "labels": "bug, urgent"})
    flow.add("split", "lists.split_out", params={"items": [{"a": [1]}], "fields": "a"})
    flow.add("wrong", "lists.split_out", params={"items": [{"a": [1]}], "fields": {"a": 1}})
    found = {
        problem.node: problem.code
        for problem in Workspace(tmp_path, memory=True).check(flow)
        if problem.field.startswith("params")
    }
    assert found == {"wrong": "wrong-type"}


@pytest.mark.parametrize(("task", "param"), [
    ("slack.invite_to_channel", "users"), ("slack.upload_file", "channels"), ("sendgrid.add_suppressions", "emails"),
])  # fmt: skip
def test_a_list_that_a_form_asks_for_as_text_may_be_given_as_a_list(task: str, param: str) -> None:
    """As the READMEs show it, and as an expression gives it."""
    asked = Catalog(environ={}).task(task).parameter(param)
    assert asked is not None
    assert misfit(asked, ["ada@example.com"]) is None
    assert misfit(asked, "ada@example.com, bob@example.com") is None
    assert misfit(asked, 5) is not None


@pytest.mark.parametrize("kind", ["string", "text", "file"])
def test_choices_hold_for_every_kind_of_text(kind: Any) -> None:
    flow = Workflow(name="w")
    flow.set_input("version", kind, choices=("3.9", "3.10"))
    assert bind_inputs(flow, {"version": Typed("3.10")}) == {"version": "3.10"}
    assert bind_inputs(flow, {}) == {"version": None}
    for other in ("3.1", "", Typed("3.11")):
        with pytest.raises(InvalidInputs, match="version: is not among the choices"):
            bind_inputs(flow, {"version": other})


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1\\@127.0.0.1:2", "it has a backslash in it"),
        ("https:\\\\example.com", "it has a backslash in it"),
        ("HTTPS://example.com\\.evil.example/x", "it has a backslash in it"),
        ("https:///example.com/x", "it names no host"),
        ("https://example.com:0/", "its port is none"),
        ("https://example.com:99999", "its port is none"),
        ("https://exam\u200bple.com", "its host can be read in several ways"),
    ],
)
def test_an_address_that_no_request_is_sent_to_is_no_url(address: str, why: str) -> None:
    said, remedy = misfit(Parameter(name="base_url", type="url"), address) or ("", "")
    assert why in said, said
    assert remedy == "Write it with its scheme, as in https://example.com/path."
    assert address not in said


@pytest.mark.parametrize(
    "address",
    ["https://api.example.com", "http://127.0.0.1:8080/v1/", "https://ann:pw@example.com/x?y=z#1", "https://bücher.example",
     "http://[::1]:80/", "s3://bucket/key", "postgresql://u:p@h/d", "https://my_host/x", " https://example.com ", ""],
)  # fmt: skip
def test_a_plain_address_is_a_url(address: str) -> None:
    assert misfit(Parameter(name="base_url", type="url"), address) is None
