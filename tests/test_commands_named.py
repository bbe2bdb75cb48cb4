"""The commands that README, CONTRIBUTING and the documentation name are there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import click
import pytest

from flowbook.cli import cli

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_CODE = re.compile(r"^( *)```[^\n]*\n(.*?)^\1```|`([^`\n]+)`", re.M | re.S)
_FLOWBOOK = re.compile(r"(?:^|\$ |&& |; |\| |/)flowbook((?: +(?:-C +\S+|[a-z][a-z-]*(?=[\s;&|)]|$)))+)", re.M)
_MAKE = re.compile(r"(?:^|\$ )make ([a-z]+)\b", re.M)


def code(page: Path) -> str:
    """All that a page shows as code, a piece a line."""
    return "\n".join(found[2] or found[3] for found in _CODE.finditer(page.read_text(encoding="utf-8")))


def names(commands: str) -> list[str]:
    """The words of a command line of ``flowbook`` up to its first option or argument."""
    return re.sub(r"-C +\S+", "", commands).split()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_flowbook_command_named_exists(page: Path) -> None:
    for found in _FLOWBOOK.finditer(code(page)):
        group: click.Command = cli
        for word in names(found[1]):
            if not isinstance(group, click.Group):
                break  # the rest are its arguments
            command = group.get_command(click.Context(group), word)
            assert command is not None, f"{page.name} names {found[0].strip()!r}"
            group = command


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert set(_MAKE.findall(code(page))) <= targets


def test_make_knows_what_to_do_for_every_target() -> None:
    targets = re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {"setup", "demo", "test", "check", "bench", "lab"} <= set(targets)
    done = subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for said in ("notebooks/demo.py", "-m pytest", "flowbook lab", "-m benchmarks", "mkdocs build"):
        assert said in done.stdout


class TestTheseChecks:
    """They find what is wrong."""

    def test_names_are_read_from_fences_and_from_spans(self, tmp_path: Path) -> None:
        page = tmp_path / "page.md"
        text = "Use `flowbook rnus` or\n```bash\nflowbook -C x runs lst --json\n$ make tset\n```\nflowbook no\n"
        page.write_text(text)
        found = [names(one[1]) for one in _FLOWBOOK.finditer(code(page))]
        assert found == [["rnus"], ["runs", "lst"]]
        assert _MAKE.findall(code(page)) == ["tset"]
