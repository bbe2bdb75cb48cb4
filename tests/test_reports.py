"""Reports of recorded runs: as a page, a notebook, JSON, Markdown and JUnit XML."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from flowbook.cli import run as run_command
from flowbook.errors import InputError, NotFound, RunFailed
from flowbook.events import NodeOutput
from flowbook.models import Parameter, Workflow
from flowbook.reports import FORMATS, RunReport, format_of, gather, render, write
from flowbook.reports.contents import visible
from flowbook.reports.markdown import fenced, inline
from flowbook.workspace import Workspace

SECRET = "right-token"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def eventful() -> Workflow:
    """A run of everything: a table, retries, a handled and an unhandled failure, a skipped node, a sub-list."""
    flow = Workflow(name="eventful", description="A *bold* <b>tale</b> | told")
    flow.add(
        "rows", "core.set", params={"values": [{"id": 1, "name": "a|b <i>"}, {"id": 2, "name": "c"}]}, label="Row | s"
    )
    flow.add("greet", "demo.greet", params={"name": "Ada <x>"}, notes="Be *nice*")
    flow.add("each", "demo.echo", params={"it": "${{ item }}"}, for_each="[1, 2]")
    flow.add("boom", "demo.boom", retry={"attempts": 2, "wait": 0})
    flow.add("rescue", "core.noop")
    flow.add("worse", "core.fail", params={"message": "Nope: ]]> <bad> & \x1b[31mred\x1b[0m \x00"})
    flow.add("after", "core.noop")
    flow.connect("boom", "rescue", on="failure")
    flow.connect("worse", "after")
    return flow


@pytest.fixture
def ran(ws: Workspace) -> RunReport:
    """The report of the eventful run."""
    with pytest.raises(RunFailed):
        ws.run(eventful())
    return gather(ws, "last")


def with_pieces(report: RunReport, node: str, *pieces: tuple[str, str, dict[str, Any] | None]) -> RunReport:
    """The report with other output of one node."""
    made = tuple(NodeOutput(report.summary.id, node, 1.0, stream, text, data) for stream, text, data in pieces)
    nodes = tuple(dataclasses.replace(one, pieces=made) if one.id == node else one for one in report.nodes)
    return dataclasses.replace(report, nodes=nodes)


class _Page(HTMLParser):
    """The words, tags and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


class TestGathering:
    def test_every_node_is_there_in_the_order_of_the_plan(self, ran: RunReport) -> None:
        assert {node.id: node.record.status for node in ran.nodes} == {
            "rows": "succeeded", "greet": "succeeded", "each": "succeeded", "boom": "failed", "rescue": "succeeded",
            "worse": "failed", "after": "skipped",
        }  # fmt: skip
        ids = [node.id for node in ran.nodes]
        assert ids.index("boom") < ids.index("rescue")
        assert ids.index("worse") < ids.index("after")

    def test_an_attempt_that_failed_belongs_to_its_node(self, ran: RunReport) -> None:
        retries = {node.id: [retry.attempt for retry in node.retries] for node in ran.nodes if node.retries}
        assert retries == {"boom": [1]}

    def test_the_times_of_nodes_lie_within_the_run(self, ran: RunReport) -> None:
        for node in ran.nodes:
            part = ran.part(node)
            assert (part is None) == (node.record.status == "skipped")
            assert part is None or (0 <= part[0] < 1 and 0 < part[1] <= 1)

    def test_a_run_that_is_not_there_is_named(self, ws: Workspace) -> None:
        with pytest.raises(NotFound, match="no run 'nope'"):
            gather(ws, "nope")


class TestFormats:
    @pytest.mark.parametrize("name", ["r.html", "r.HTM", "r.ipynb", "r.json", "r.md", "r.markdown", "r.xml"])
    def test_the_ending_chooses_the_format(self, name: str) -> None:
        assert format_of(Path(name)) in FORMATS

    @pytest.mark.parametrize(("name", "hint"), [("r.htl", "html"), ("r.pdf", "ipynb"), ("report", "--format")])
    def test_another_ending_is_refused_with_those_there_are(self, name: str, hint: str) -> None:
        with pytest.raises(InputError) as raised:
            format_of(Path(name))
        assert hint in str(raised.value)

    def test_a_place_that_cannot_be_written_is_told_in_a_line(self, ran: RunReport, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"no-such/r\.md' cannot be written"):
            write(ran, tmp_path / "no-such" / "r.md")

    @pytest.mark.parametrize("format", FORMATS)
    def test_half_a_surrogate_pair_does_not_keep_a_report_from_being_written(
        self, ran: RunReport, tmp_path: Path, format: Any
    ) -> None:
        report = with_pieces(ran, "greet", ("stdout", "odd \ud800 text", None))
        write(report, tmp_path / "report", format)
        assert "odd" in (tmp_path / "report").read_text(encoding="utf-8")

    @pytest.mark.parametrize("format", ["json", "ipynb"])
    def test_numbers_that_json_does_not_know_become_null(self, ran: RunReport, format: Any) -> None:
        report = with_pieces(ran, "greet", ("display", "", {"application/json": {"a": [float("nan"), 1.5]}}))

        def refuse(word: str) -> None:
            raise AssertionError(word)

        text = json.dumps(json.loads(render(report, format), parse_constant=refuse))
        assert '{"a": [null, 1.5]}' in text

    @pytest.mark.parametrize("format", FORMATS)
    def test_no_secret_is_in_a_report(self, ws: Workspace, format: Any) -> None:
        ws.create_type("demo", [Parameter(name="token", type="password", required=True)])
        ws.create_integration("My Demo", "demo", {"token": SECRET})
        flow = Workflow(name="leaky")
        flow.add("a", "demo.leak", integration="My Demo", params={"raise": True})
        with pytest.raises(RunFailed):
            ws.run(flow)
        text = render(gather(ws, "last"), format)
        assert SECRET not in text
        assert "failed with" in text

    @pytest.mark.parametrize("format", FORMATS)
    def test_a_run_that_was_interrupted_has_a_report(self, ran: RunReport, format: Any) -> None:
        text = render(_interrupted(ran), format)
        assert "interrupted" in text


def _interrupted(report: RunReport) -> RunReport:
    """The run as it stands in the journal when its process was killed right after it began."""
    summary = report.summary._replace(status="interrupted", message="its process ended", seconds=None)
    gone = report.nodes[0].record.but(status="pending", started_at=None, data=None)
    nodes = tuple(dataclasses.replace(node, record=gone, pieces=(), retries=()) for node in report.nodes)
    return dataclasses.replace(report, summary=summary, nodes=nodes)


class TestPage:
    def test_it_shows_each_node_with_its_status_message_and_output(self, ran: RunReport) -> None:
        page = _Page(render(ran, "html"))
        assert [part["id"] for part in page.all("section")] == [f"node-{node.id}" for node in ran.nodes]
        for words in ("eventful", "Row | s", "greeting Ada <x>", "no luck", "Be *nice*", "2 attempts", "handled"):
            assert words in page.words

    def test_it_needs_nothing_from_elsewhere_and_runs_no_script(self, ran: RunReport) -> None:
        page = _Page(render(ran, "html", drawing="<svg></svg>"))
        assert not page.all("script")
        assert not page.all("link")
        policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
        assert policy is not None
        assert policy.startswith("default-src 'none'")
        assert "http" not in policy

    def test_html_of_a_task_is_shown_in_a_frame_without_rights(self, ran: RunReport) -> None:
        wicked = "<script>alert(1)</script><h1>hi</h1>"
        report = with_pieces(ran, "greet", ("display", "text", {"text/html": wicked}))
        frames = _Page(render(report, "html")).all("iframe")
        (frame,) = frames
        assert (frame["sandbox"], frame["srcdoc"].endswith(wicked)) == ("", True)
        assert frame["srcdoc"].startswith('<meta http-equiv="Content-Security-Policy" content="default-src ')

    def test_images_are_inside_the_page(self, ran: RunReport) -> None:
        report = with_pieces(ran, "greet", ("display", "<Figure>", {"image/png": PNG}))
        assert [one["src"] for one in _Page(render(report, "html")).all("img")] == [f"data:image/png;base64,{PNG}"]

    def test_what_the_calls_of_a_for_each_node_printed_is_told_item_by_item(self, ran: RunReport) -> None:
        made = tuple(
            NodeOutput(ran.summary.id, "each", 1.0, "stdout", text, None, item)
            for text, item in (("the second\n", 1), ("the first\n", 0), ("and more of the second\n", 1))
        )
        nodes = tuple(dataclasses.replace(one, pieces=made) if one.id == "each" else one for one in ran.nodes)
        words = _Page(render(dataclasses.replace(ran, nodes=nodes), "html")).words
        assert "item 0the firstitem 1the second\nand more of the second" in words

    def test_the_words_of_a_run_are_never_markup(self, ran: RunReport) -> None:
        tags = {tag for tag, _ in _Page(render(ran, "html")).tags}
        assert "section" in tags
        assert not tags & {"b", "x", "bad"}


class TestNotebook:
    def test_it_is_a_valid_notebook(self, ran: RunReport) -> None:
        notebook = nbformat.reads(render(ran, "ipynb", drawing="<svg></svg>"), as_version=4)
        nbformat.validate(notebook)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)

    def test_outputs_are_real_ones(self, ran: RunReport) -> None:
        bundle = {"image/png": PNG, "application/json": {"a": 1}, "application/vnd.x+json": [1], "text/weird": 5}
        report = with_pieces(
            ran, "boom", ("stdout", "one\n", None), ("stdout", "two\n", None), ("stderr", "err\n", None),
            ("display", "<Figure>", bundle),
            ("traceback", "Traceback\n  x\n", {"ename": "RuntimeError", "evalue": "no luck"}),
        )  # fmt: skip
        notebook = nbformat.reads(render(report, "ipynb"), as_version=4)
        nbformat.validate(notebook)
        cell = next(one for one in notebook.cells if one.id == "boom-data")
        assert [one.output_type for one in cell.outputs] == ["stream", "stream", "display_data", "error"]
        assert cell.outputs[0].text == "one\ntwo\n"
        assert cell.outputs[2].data["application/json"] == {"a": 1}
        assert (cell.outputs[3].ename, cell.outputs[3].evalue) == ("RuntimeError", "no luck")

    def test_an_error_is_what_was_raised_whatever_its_traceback_ends_with(self, ws: Workspace, folder: Path) -> None:
        tasks = folder / "integrations" / "odd" / "tasks.py"
        tasks.parent.mkdir(parents=True)
        tasks.write_text('def burst(credentials, params):\n    raise OSError("no luck\\nat: all")\n')
        flow = Workflow(name="bursting")
        flow.add("a", "odd.burst", retry={"attempts": 2, "wait": 0})
        with pytest.raises(RunFailed):
            ws.run(flow)
        notebook = nbformat.reads(render(gather(ws, "last"), "ipynb"), as_version=4)
        (error,) = next(one for one in notebook.cells if one.id == "a-data").outputs
        assert (error.ename, error.evalue) == ("OSError", "no luck\nat: all")
        assert error.traceback[-1] == "at: all"

    def test_a_failure_without_a_traceback_is_an_error_output_too(self, ran: RunReport) -> None:
        notebook = nbformat.reads(render(ran, "ipynb"), as_version=4)
        cell = next(one for one in notebook.cells if one.id == "worse-data")
        assert [one.output_type for one in cell.outputs] == ["error"]
        assert "Nope" in cell.outputs[0].evalue

    def test_data_is_the_result_of_a_cell_that_reads_it_back(
        self, ran: RunReport, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notebook = nbformat.reads(render(ran, "ipynb"), as_version=4)
        cells = {cell.id: cell for cell in notebook.cells}
        result = cells["rows-data"].outputs[-1]
        assert result.output_type == "execute_result"
        assert "a|b <i>" in result.data["text/plain"]
        monkeypatch.chdir(folder)
        scope: dict[str, Any] = {}
        exec(cells["open"].source, scope)
        assert eval(cells["rows-data"].source, scope) == [{"id": 1, "name": "a|b <i>"}, {"id": 2, "name": "c"}]

    def test_nodes_whose_long_ids_begin_alike_have_cells_of_their_own(self, ws: Workspace) -> None:
        flow = Workflow(name="long")
        for end in "ab":
            flow.add("n" * 60 + end, "core.noop")
        ws.run(flow)
        nbformat.validate(nbformat.reads(render(gather(ws, "last"), "ipynb"), as_version=4))


class TestDocument:
    def test_it_holds_the_whole_run(self, ran: RunReport) -> None:
        document = json.loads(render(ran, "json"))
        assert document["status"] == "failed"
        assert Workflow.from_document(document["definition"]) == eventful()
        assert set(document["nodes"]) == set(document["definition"]["nodes"])
        assert document["nodes"]["rows"]["data"][1] == {"id": 2, "name": "c"}
        assert document["nodes"]["greet"]["output"][0]["text"] == "greeting Ada <x>\n"
        assert document["nodes"]["boom"]["retries"][0]["attempt"] == 1
        assert document["nodes"]["boom"]["handled"] is True
        assert document["nodes"]["each"]["params"] == [{"it": 1}, {"it": 2}]

    def test_data_that_was_not_kept_says_why(self, ws: Workspace) -> None:
        flow = Workflow(name="big")
        flow.add("a", "core.python", params={"code": "{1: 2}"})
        ws.run(flow)
        report = gather(ws, "last")
        assert "not kept" in json.loads(render(report, "json"))["nodes"]["a"]["omitted"]["why"]
        assert "not kept" in render(report, "md")
        assert "not kept" in render(report, "html")


class TestMarkdown:
    def test_it_renders_with_the_words_as_they_were(self, ran: RunReport) -> None:
        page = _Page(MarkdownIt("commonmark").enable("table").render(render(ran, "md")))
        assert "A *bold* <b>tale</b> | told" in page.words
        assert "a|b <i>" in page.words
        assert not page.all("b") + page.all("i") + page.all("bad")
        assert len(page.all("h3")) == len(ran.nodes)
        assert len(page.all("table")) == 3

    def test_it_draws_the_graph(self, ran: RunReport) -> None:
        diagram = render(ran, "md").partition("```mermaid\n")[2].partition("\n```")[0]
        assert diagram.startswith("flowchart LR")
        assert diagram.count(":::") == len(ran.nodes)
        assert len(re.findall(r"n\d+ -\.->\|failure\| n\d+", diagram)) == 1

    @given(st.text())
    def test_no_text_ends_its_code_block(self, text: str) -> None:
        tokens = MarkdownIt("commonmark").parse(fenced(text))
        assert [token.type for token in tokens] == ["fence"]

    @given(st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
    def test_a_line_of_text_is_shown_as_it_is(self, text: str) -> None:
        page = _Page(MarkdownIt("commonmark").render(inline(text)))
        assert page.words.split() == text.split()
        assert {tag for tag, _ in page.tags} <= {"p"}

    @pytest.mark.parametrize("text", ["- no list", "12. nor this", "3) nor that", "+ x", "=== x", "# x", "> x", "---"])
    def test_a_line_never_begins_a_block(self, text: str) -> None:
        page = _Page(MarkdownIt("commonmark").render(inline(text)))
        assert [(tag, page.words.strip()) for tag, _ in page.tags] == [("p", text)]


class TestJUnit:
    def test_a_node_is_a_test_case(self, ran: RunReport) -> None:
        suite = ET.fromstring(render(ran, "xml")).find("testsuite")
        assert suite is not None
        assert suite.get("name") == "eventful"
        assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
            "tests": "7", "failures": "1", "errors": "0", "skipped": "1",
        }  # fmt: skip
        assert [case.get("name") for case in suite.iter("testcase")] == [node.id for node in ran.nodes]
        assert all(float(case.get("time") or "nan") >= 0 for case in suite.iter("testcase"))

    def test_the_whole_has_the_attributes_that_jenkins_describes(self, ran: RunReport) -> None:
        suites = ET.fromstring(render(ran, "xml"))
        assert set(suites.keys()) == {"name", "tests", "failures", "errors", "time"}

    def test_of_very_long_output_the_end_is_kept(self, ran: RunReport) -> None:
        long = with_pieces(ran, "greet", ("stdout", "x" * 3_000_000 + "the end", None))
        text = _case(long, "greet").findtext("system-out") or ""
        assert text.startswith("…\nx")
        assert text.endswith("the end")
        assert len(text) < 200_000

    def test_a_failure_tells_its_message_in_characters_that_xml_holds(self, ran: RunReport) -> None:
        case = _case(ran, "worse")
        failure = case.find("failure")
        assert failure is not None
        assert failure.get("message") == "Nope: ]]> <bad> & red \ufffd"

    def test_a_handled_failure_keeps_the_suite_green_and_is_told(self, ran: RunReport) -> None:
        case = _case(ran, "boom")
        assert case.find("failure") is None
        assert "RuntimeError: no luck" in (case.findtext("system-err") or "")

    def test_a_skipped_node_says_why_and_output_is_kept_apart(self, ran: RunReport) -> None:
        skipped = _case(ran, "after").find("skipped")
        assert skipped is not None
        assert "worse" in (skipped.get("message") or "")
        assert _case(ran, "greet").findtext("system-out") == "greeting Ada <x>\n"

    def test_a_run_that_ended_badly_without_a_failed_node_is_an_error(self, ran: RunReport) -> None:
        suite = ET.fromstring(render(_interrupted(ran), "xml")).find("testsuite")
        assert suite is not None
        assert suite.get("errors") == "1"
        assert int(suite.get("tests") or 0) == len(ran.nodes) + 1

    @given(st.text())
    def test_any_text_can_be_in_it(self, text: str) -> None:
        element = ET.Element("a")
        element.text = visible(text)
        ET.fromstring(ET.tostring(element, encoding="unicode"))


def _case(report: RunReport, node: str) -> ET.Element:
    return next(one for one in ET.fromstring(render(report, "xml")).iter("testcase") if one.get("name") == node)


class TestCommand:
    @pytest.fixture
    def command(
        self, ran: RunReport, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Callable[..., tuple[int, str, str]]:
        monkeypatch.chdir(folder)

        def call(*arguments: str) -> tuple[int, str, str]:
            code = run_command(["runs", "report", *arguments])
            return (code, *capsys.readouterr())

        return call

    @pytest.mark.parametrize("format", FORMATS)
    def test_it_writes_each_format_by_the_ending(self, command: Any, folder: Path, format: str) -> None:
        code, out, err = command("last", "-o", f"report.{format}")
        assert (code, err) == (0, "")
        assert f"to report.{format}" in out
        text = (folder / f"report.{format}").read_text(encoding="utf-8")
        assert "eventful" in text
        assert ("<svg" in text) == (format in ("html", "ipynb"))

    def test_without_a_file_it_prints_markdown_and_with_format_another(self, command: Any) -> None:
        assert command("last")[1] == command("last", "-o", "-")[1]
        assert command("last")[1].startswith("# eventful")
        assert json.loads(command("last", "--format", "json")[1])["workflow"] == "eventful"

    def test_bad_names_and_places_are_told_in_a_line_each(self, command: Any) -> None:
        for arguments, words in (
            (("nope",), "no run 'nope'"),
            (("last", "-o", "no/r.md"), "cannot be written"),
            (("last", "-o", "r.pdf"), "no report format"),
        ):
            code, out, err = command(*arguments)
            assert (code, out) == (2, "")
            assert words in err.splitlines()[0]
            assert len(err.splitlines()) <= 3
