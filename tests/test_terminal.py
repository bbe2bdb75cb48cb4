"""What is shown, in a terminal, a page, a notebook or a table of cells, does nothing but show."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.catalog.icons import LIMIT, icon_problem
from flowbook.cli.output import printable
from flowbook.errors import InputError
from flowbook.formats import notebook
from flowbook.formats.notebook import only_shows
from flowbook.http.headers import check_headers
from flowbook.models import Workflow
from flowbook.reports import gather, render
from flowbook.view.html import display_html
from flowbook.workspace import Workspace
from integrations import files
from tests.terminal import in_terminal

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[1;1H\x1b[8mhidden\x1b[0m\x9b2J\u202egnp.exe\u2066\rover"
COMMANDS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def harmless(shown: str) -> bool:
    """Whether a terminal only shows that, in colours perhaps."""
    return not COMMANDS.search(re.sub(r"\x1b\[[0-9;]*m", "", shown).replace("\r\n", "\n")) and "\x1b[8m" not in shown


@given(st.text())
def test_whatever_a_text_is_what_is_printed_of_it_only_shows(text):
    once = printable(text)
    assert not COMMANDS.search(re.sub(r"\x1b\[(?:[0-47-9;]|3[0-7]|9[0-7]|2[234]|39)*m", "", once))
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", once)
    assert "\r" not in once


def test_json_says_the_same_after_it(capsys):
    document = {"text": EVIL.replace("\r", "")}
    assert json.loads(printable(json.dumps(document, ensure_ascii=False))) == document


def test_no_command_lets_a_file_s_texts_steer_the_terminal(tmp_path: Path, folder: Path) -> None:
    (folder / "integrations" / "demo" / "__init__.py").write_text(
        '"""' + repr(EVIL)[1:-1] + '"""\nfrom .tasks import *\n'
    )
    evil = json.dumps(EVIL)
    text = f"flowbook: 1\nname: evil\nnodes:\n  a: {{task: demo.greet, label: {evil}, params: {{name: {evil}}}}}\n"
    (folder / "evil.flow.yaml").write_text(text)
    (folder / "wrong.flow.yaml").write_text(text.replace("demo.greet", json.dumps("demo." + EVIL)))
    for arguments in (
        ["check", "evil.flow.yaml"],
        ["check", "wrong.flow.yaml"],
        ["run", "evil.flow.yaml"],
        ["runs", "show", "last", "--output"],
        ["catalog"],
        ["catalog", "demo"],
        ["workflows", "show", EVIL],
        ["run", EVIL],
    ):
        shown, _ = in_terminal(arguments, cwd=folder)
        cursor = re.compile(r"\x1b\[(?:\?25[lh]|[0-9]*[AK]|2K)")  # the table that is drawn while a run goes on
        assert harmless(cursor.sub("", shown)), (arguments, shown)
        assert "owned\x07" not in shown


# -- pages and notebooks -------------------------------------------------------------------------------------------

SCRIPT = "<p>shown</p><script>fetch('https://evil.example')</script><img src=https://evil.example/x onerror=alert(1)>"


def test_html_of_a_display_stands_where_nothing_runs_and_nothing_is_fetched():
    page = display_html({"text/html": SCRIPT}, "")
    assert "<script" not in page
    assert re.search(r'<iframe sandbox="" srcdoc="&lt;meta http-equiv=&quot;Content-Security-Policy&quot;', page)
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_a_run_as_a_notebook_or_a_page_carries_nothing_that_runs(folder: Path) -> None:
    pytest.importorskip("IPython")
    code = (
        "from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display, publish_display_data\n"
        f"display(Markdown({SCRIPT!r}), Markdown('![x](http://evil.example/x.png)'), Markdown('**fine**'))\n"
        "display(Markdown('[x](javascript:alert(1))'), Markdown('$\\\\href{javascript:alert(1)}{x}$'))\n"
        "display(Latex('\\\\href{javascript:alert(1)}{x}'))\n"
        f"display(HTML({SCRIPT!r}))\ndisplay(Javascript('alert(1)'))\n"
        "publish_display_data({'image/svg+xml': '<svg xmlns=\"http://www.w3.org/2000/svg\"><script>1</script></svg>',"
        " 'application/x-evil': 'x', 'text/plain': 'svg'})\n"
    )
    ws = Workspace(folder)
    flow = Workflow(name="shows")
    flow.add("show", "core.python", params={"code": code})
    ws.run(flow)
    made = json.loads(render(gather(ws, "last"), "ipynb"))
    shown = [output for cell in made["cells"] for output in cell.get("outputs", [])]
    page = render(gather(ws, "last"), "html").partition("<h3>Output</h3>")[2]
    assert len(shown) >= 7
    markdown = [output["data"]["text/markdown"] for output in shown if "text/markdown" in output.get("data", {})]
    assert markdown == ["**fine**"]
    assert not [output for output in shown if "text/latex" in output.get("data", {})]
    for output in shown:  # as plain text it is only shown
        output.get("data", {}).pop("text/plain", None)
    for made in (json.dumps(shown), page):
        assert "<script" not in made
        assert '"application/javascript"' not in made
        assert "x-evil" not in made
    ws.close()


RUNNING = (
    SCRIPT,
    "![x](http://evil.example/x.png)",
    "![x][y]\n\n[y]: http://evil.example/x.png",
    "[x](javascript:alert(1))",
    "[x] (javascript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "[x](data:text/html,x)",
    "[x](https://a.example/ 'y' onclick=1)",
    r"$\href{javascript:alert(1)}{x}$",
    "```\n```\n<img src=x>",
)


@pytest.mark.parametrize("text", RUNNING)
def test_a_workflow_as_a_notebook_shows_the_source_of_what_would_run_or_be_fetched(text: str) -> None:
    assert not only_shows(text)
    workflow = Workflow("shown", description=text)
    workflow.add("a", "core.noop")
    title = json.loads(notebook.dumps(workflow))["cells"][0]
    (head, blank, *lines) = "".join(title["source"]).split("\n")
    assert (head, blank) == ("# shown", "")
    assert [line.removeprefix("    ") for line in lines] == text.split("\n")
    assert all(line.startswith("    ") for line in lines)


def test_and_sets_what_only_shows() -> None:
    text = 'Reads *it*: see [the API](https://api.example.com/v1?a=b "docs") or [write](mailto:a@example.com).\n\n- one'
    assert only_shows(text)
    workflow = Workflow("shown", description=text)
    workflow.add("a", "core.noop")
    assert text in "".join(json.loads(notebook.dumps(workflow))["cells"][0]["source"])


USES = "".join(f'<g id="u{n}">{f"""<use href="#u{n - 1}"/>""" * 10}</g>' for n in range(9))
PATTERNS = "<style>.a{fill:url(#p0)}</style>" + "".join(
    f'<pattern id="p{n}">{f"""<rect fill="url(#p{n + 1})"/>""" * 10}</pattern>' for n in range(9)
)
ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z" fill="url(#a)"/></svg>'


def test_an_icon_is_a_small_picture():
    assert icon_problem(ICON.encode()) == ""
    assert icon_problem(b'<?xml version="1.0"?>\n<!-- made -->\n' + ICON.encode()) == ""


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (ICON.replace("<path", "<script>1</script><path"), "script"),
        (ICON.replace("<path", '<path onload="x()"'), "script"),
        (ICON.replace("<path", '<image href="https://evil.example/x.png"/><path'), "fetches"),
        (ICON.replace("url(#a)", "url(https://evil.example)"), "fetches"),
        (ICON.replace("<path", "<style>@import 'x';</style><path"), "fetches"),
        (ICON.replace("<path", "<foreignObject/><path"), "document of its own"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + ICON, "document type"),
        (ICON.replace("url(#a)", "u\\72l(https://evil.example)"), "fetches"),
        (ICON.replace("<path", "<style>@\\69mport 'x';</style><path"), "fetches"),
        (ICON.replace("<path", "<style>rect{fill:u/**/rl(//evil.example)}</style><path"), "fetches"),
        (ICON.replace("<path", "<path style=\"background:image-set('//evil.example/a' 1x)\""), "fetches"),
        (ICON.replace("<path", '<image xml:base="//evil.example/" href="#a"/><path'), "fetches"),
        (ICON.replace("<path", '<image href="&#104;ttps://evil.example/x.png"/><path'), "fetches"),
        ('<?xml-stylesheet href="//evil.example/x.css"?>' + ICON, "fetches"),
        (ICON.replace("<path", "<image href=//evil.example/x.png><path"), "no SVG"),
        (ICON.replace("<path", '<path &#111;nload="x()"'), "no SVG"),
        (ICON.replace("<path", '<path on&#x6c;oad="x()"'), "no SVG"),
        (ICON.replace("<path", '<animate attributeName="href" to="//evil.example"/><path'), "moves"),
        (ICON.replace("<path", '<set attributeName="onclick" to="x()"/><path'), "moves"),
        (
            ICON.replace("<path", '<x:img xmlns:x="http://www.w3.org/1999/xhtml" src="//evil.example"/><path'),
            "document",
        ),
        (ICON.replace("<path", "<meta/><path"), "<meta>"),
        (ICON.replace("<path", '<g id="b"><use href="#b"/></g><path'), "inside of themselves"),
        (ICON.replace("<path", f"{USES}<path"), "10,000"),
        (ICON.replace("<path", f"{PATTERNS}<path"), "10,000"),
        (ICON[:-6], "no SVG"),
        ("<html>" + ICON, "no SVG"),
        (ICON + " " * LIMIT, "bytes"),
    ],
)
def test_what_is_more_than_a_small_picture_is_no_icon(content, why):
    assert why in icon_problem(content.encode())


@pytest.mark.parametrize("path", sorted(Path(files.__file__).parent.parent.glob("*/icon.svg")), ids=str)
def test_the_icons_that_come_along_are_icons(path):
    assert icon_problem(path.read_bytes()) == ""


# -- cells and headers ---------------------------------------------------------------------------------------------


def test_cells_that_a_spreadsheet_would_run_are_shown_when_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        {"=name": '=HYPERLINK("https://evil.example")', "n": "-5", "m": -5, "t": "+41 44", "a": "@SUM(1)", "ok": "x"}
    ]
    for safe in (False, True):
        assert files.write_csv({}, {"path": "out.csv", "rows": rows, "safe": safe})["success"]
        text = (tmp_path / "out.csv").read_text()
        assert ("'=HYPERLINK" in text, "'+41" in text, "'@SUM" in text, "'=name" in text) == (safe,) * 4
        assert "'-5" not in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "evil.example"), ("transfer-encoding", "chunked"), ("Content-Length", "5"), ("Connection", "x"),
        ("X", "a\r\nHost: evil"), ("X", "a\nb"), ("X", "a\x00b"), ("X: y\r\nHost", "evil"), ("", "x"), ("X Y", "x"),
    ],
)  # fmt: skip
def test_no_header_changes_where_a_request_goes_or_ends(name, value):
    with pytest.raises(InputError):
        check_headers({name: value})
    check_headers({"X-Request-Id": "a\tb", "Accept": "text/plain"})
