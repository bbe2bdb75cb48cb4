"""The documentation is true: its code runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import forks
from tests.doc_pages import blocks, run_page

ROOT = Path(__file__).resolve().parent.parent


def runnable(path: Path) -> bool:
    found = blocks(path.read_text(encoding="utf-8"))
    return any(b.mark != "no-run" and (b.language in ("python", "bash", "sh") or b.file) for b in found)


PAGES = [
    p for p in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))) if p.is_file()
]


COOKBOOK = ROOT / "docs" / "how-to" / "cookbook.md"


@pytest.mark.parametrize(
    "page", [p for p in PAGES if runnable(p) and p != COOKBOOK], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_the_code_of_the_page_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if page.stem == "scripted-notebooks":  # it executes one again and again
        monkeypatch.setenv("JUPYTER_PATH", str(forks.kernels()))
    assert run_page(page, tmp_path) > 0


def recipes() -> dict[str, str]:
    """Each recipe of the cookbook, with the page's beginning and end."""
    begin, *parts, end = re.split("^(?=## )", COOKBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.partition("\n")[0].removeprefix("## "): begin + part + end for part in parts}


@pytest.mark.parametrize("recipe", recipes())
def test_a_recipe_runs_by_itself_in_a_fresh_folder(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks for something reads that, and not what stands before it."""
    (tmp_path / "page.md").write_text(recipes()[recipe], encoding="utf-8")
    (folder := tmp_path / "folder").mkdir()
    monkeypatch.chdir(folder)
    assert run_page(tmp_path / "page.md", folder) > 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_code_that_is_not_run_says_why(page: Path) -> None:
    assert [
        block.line for block in blocks(page.read_text(encoding="utf-8")) if block.mark == "no-run" and not block.said
    ] == []


def page_of(tmp_path: Path, text: str) -> Path:
    (tmp_path / "page.md").write_text(text.replace("'''", "```"))
    return tmp_path / "page.md"


class TestTheRunner:
    """What runs the pages does find what is wrong with them."""

    @pytest.mark.parametrize(
        "text",
        [
            "'''python\n1 / 0\n'''",
            "'''bash\nfalse\n'''",
            "'''bash\nfalse | true\n'''",
            "'''bash\n$ false\nwhat it shows\n'''",
            "<!-- exits: 2 -->\n'''bash\ntrue\n'''",
            "'''bash\necho a\n'''\n\n<!-- output -->\n'''text\nb\n'''",
            "<!-- no-run: -->\n'''python\n'''",
            "'''python\n# ../outside.py\n'''",
        ],
    )
    def test_it_fails_where_the_page_is_wrong(self, tmp_path: Path, text: str, monkeypatch) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(AssertionError, match=r"page\.md:[2346789]"):
            run_page(page_of(tmp_path, text), tmp_path)

    def test_the_home_of_whoever_runs_the_tests_is_left_alone(self, tmp_path: Path, monkeypatch) -> None:
        workspace = tmp_path / "workspace"
        workspace.mkdir()
        monkeypatch.chdir(workspace)
        page = page_of(
            tmp_path,
            "'''bash\ntouch ~/left\n'''\n'''python\nimport os.path\nopen(os.path.expanduser('~/left')).close()\n'''",
        )
        assert run_page(page, workspace) == 2
        assert (tmp_path / "workspace-home" / "left").exists()

    def test_it_runs_writes_and_compares(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        page = page_of(
            tmp_path,
            "'''python\n# a/b.py\nx = 5\n'''\n'''bash\n$ python a/b.py && flowbook --version\nflowbook\n'''\n"
            "<!-- output -->\n'''text\nflowbook, version …\n'''\n<!-- no-run: too slow -->\n'''bash\nfalse\n'''\n"
            "<!-- exits: 3 -->\n'''bash\nexit 3\n'''\n'''console\n$ false\n'''\n"
            "'''python\ny = 1\n'''\n'''python\nassert y == 1\n'''\n"
            "<!-- file: c.txt -->\n'''text\nhi\n'''\n'''yaml\nflowbook: 1\nname: w\nnodes: {}\n'''",
        )
        assert run_page(page, tmp_path) == 7
        assert (tmp_path / "c.txt").read_text() == "hi\n"
        assert (tmp_path / "w.flow.yaml").is_file()
        assert (tmp_path / "a" / "b.py").read_text() == "# a/b.py\nx = 5\n"
