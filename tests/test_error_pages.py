"""Every error names the page that explains it, wherever a person meets it, and that page can be read at once."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from flowbook import documentation, errors
from flowbook.cli import run
from flowbook.errors import FlowbookError, NotFound, RunFailed, VaultLocked
from flowbook.ui.parts.explaining import explanation
from tests.terminal import in_terminal

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FlowbookError)]
HINT = "Put the key file back."


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_every_error_can_be_shown(kind: type[FlowbookError]) -> None:
    page = documentation.page(kind.page)
    assert page.markdown.startswith(f"# {page.title}\n")


def test_the_command_line_names_it_on_the_last_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f.flow.yaml").write_text("flowbook: 1\nname: f\nnodes:\n  a: {task: core.noop}\n")
    assert run(["run", "f.flow.yaml", "-i", "x=1"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Explained in: flowbook docs how-to/inputs"
    Path("f.flow.yaml").write_text("nodes: [")
    assert run(["run", "f.flow.yaml"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == "Explained in: flowbook docs reference/file-format"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (VaultLocked("no key.", HINT), f"VaultLocked: no key. {HINT} (Explained in: flowbook docs security)"),
        (RunFailed("a failed: no\nlong"), "RunFailed: a failed: no … (Explained in: flowbook docs run-semantics)"),
    ],
)
def test_a_notebook_shows_one_line_that_names_it(
    error: FlowbookError, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns["error"] = error
    shell.run_cell("raise error")
    assert capsys.readouterr().out.strip().splitlines()[-1] == line


class TestDocs:
    """``flowbook docs``"""

    def test_it_lists_the_pages(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["docs", "--json"]) == 0
        listed = {one["page"]: one["title"] for one in json.loads(capsys.readouterr().out)}
        assert listed["security"] == "Security"
        assert {"how-to/unattended", "reference/settings", "errors"} <= set(listed)
        assert run(["docs"]) == 0
        assert "how-to/unattended" in capsys.readouterr().out

    @pytest.mark.parametrize("name", ["how-to/credentials", "credentials", "how-to/credentials.md"])
    def test_it_shows_a_page_by_its_name_or_the_end_of_it(self, name: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["docs", name]) == 0
        assert capsys.readouterr().out == documentation.page("how-to/credentials").in_words()

    def test_in_a_terminal_where_links_lead_nowhere_it_says_what_shows_the_page(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["docs", "how-to/credentials"]) == 0
        text = capsys.readouterr().out
        assert "Security (`flowbook docs security`)" in text
        assert ".md)" not in text
        assert run(["docs", "index"]) == 0
        assert "Command line (`flowbook --help`" in capsys.readouterr().out

    def test_code_that_looks_like_a_link_stays_code(self) -> None:
        code = "a `[b](c)` d\n\n```python\nx = tasks[0](params)\n```\n"
        linked = code + "[e](f.md#g), [h](#i), [j](https://k.example/l)\n"
        assert documentation.standing_alone(linked, "docs/how-to/m.md", "<{}>".format) == (
            code + "e (<docs/how-to/f.md>), h, [j](https://k.example/l)\n"
        )

    def test_it_lays_a_page_out_in_a_terminal(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PAGER", "cat")
        shown, code = in_terminal(["docs", "security"], cwd=tmp_path)
        assert code == 0
        assert "Security" in shown
        assert "| `VaultLocked` |" not in shown

    def test_an_unknown_page_is_said_with_the_nearest(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["docs", "securty"]) == 2
        assert "Did you mean 'security'?" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("name", "command"),
        [
            ("reference/command-line", "flowbook --help"),
            ("reference/python", "help(flowbook.Workspace)"),
            ("reference/integrations/slack", "flowbook catalog NAME"),
        ],
    )
    def test_of_a_page_that_only_the_site_has_it_says_what_shows_the_same(
        self, name: str, command: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["docs", name]) == 2
        assert command in capsys.readouterr().err
        assert command in explanation(name)["html"]

    def test_every_page_that_another_links_to_is_there_or_said_to_be_elsewhere(self) -> None:
        linked = set()
        for page in documentation.pages():
            for link in re.findall(r"\]\(([\w./-]+\.md)[)#]", page.markdown):
                target = posixpath.normpath(posixpath.join(posixpath.dirname(page.name), link))
                linked |= set() if target.startswith("..") else {target}
        assert "reference/expression-functions.md" in linked
        told = {name: explanation(name) for name in linked}
        missing = [name for name, one in told.items() if one["title"] == "Not here"]
        assert [name for name in missing if "make docs" not in told[name]["html"]] == []

    def test_without_the_documentation_it_says_so(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        monkeypatch.setattr(documentation, "__file__", str(tmp_path / "flowbook" / "documentation.py"))
        assert run(["docs"]) == 0
        assert capsys.readouterr().out == "It is not installed.\n"
        with pytest.raises(NotFound, match="security"):
            documentation.page("security")
