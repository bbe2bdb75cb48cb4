"""Runs the code of a page of documentation, block by block, in a workspace of its own.

- A ```` ```python ```` block is executed; the page's blocks share their names.
- A ```` ```bash ```` block is executed by bash, with ``flowbook`` and ``python`` on the path. When lines begin with
  ``$ ``, only these are commands, and the others show what they print.
- A block in any language whose first line is ``# some/file.ext``, or that ``<!-- file: some/file.ext -->`` precedes,
  is written to that file; a workflow (``flowbook: 1``) without either to ``<its name>.flow.yaml``.
- Other blocks (console, text, json …) are shown, and not run.

What precedes a block: ``<!-- no-run: reason -->`` leaves it alone, ``<!-- exits: 2 -->`` expects that exit code, and
``<!-- output -->`` says that the block is what the one before it printed, ``…`` standing for anything.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests import forks

_FENCE = re.compile(r"( *)(```+|~~~+) *([\w+-]*)[^`]*$")
_MARK = re.compile(r"<!-- *(no-run|exits|output|file)(?:: *(.*?))? *-->$")
_FILE = re.compile(r"# ([\w./-]+\.[a-z]+)$")
_WORKFLOW = re.compile(r"flowbook: 1\nname: ([a-z0-9-]+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block: ``line`` is its first one's, from 1; ``mark`` and ``said`` come from the comment before it."""

    language: str
    text: str
    line: int
    mark: str = ""
    said: str = ""

    @property
    def file(self) -> str:
        """The path that it is written to, else empty."""
        if self.mark == "file":
            return self.said
        if found := _FILE.match(self.text.partition("\n")[0]):
            return found[1]
        found = _WORKFLOW.match(self.text) if self.language == "yaml" else None
        return f"{found[1]}.flow.yaml" if found else ""


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a Markdown page."""
    fence, inside, start, language = "", [], 0, ""
    mark = said = indent = ""
    for number, line in enumerate(page.splitlines(), 1):
        if fence:
            if line.strip() == fence:
                yield Block(language, "\n".join(inside) + "\n", start, mark, said)
                fence = mark = said = ""
            else:
                inside.append(line.removeprefix(indent))
        elif found := _FENCE.match(line):
            indent, fence, language = found.groups()
            inside, start = [], number + 1
        elif found := _MARK.match(line.strip()):
            mark, said = found[1], found[2] or ""
        elif line.strip():
            mark = said = ""
    if fence:
        raise ValueError(f"the block that begins at line {start} does not end")


def run_page(path: Path, workspace: Path) -> int:
    """Run the blocks of a page in ``workspace``, the current folder; returns how many were run or written.

    What they set in the environment ends with the page, and ``~`` is a folder of their own beside the workspace.
    Raises AssertionError that names the page and the line.
    """
    home = workspace.with_name(f"{workspace.name}-home")
    home.mkdir(exist_ok=True)
    with mock.patch.dict(os.environ, HOME=str(home)):
        return _run_blocks(path, workspace)


def _run_blocks(path: Path, workspace: Path) -> int:
    names: dict[str, Any] = {"__name__": "__main__"}
    count, output = 0, ""
    for block in blocks(path.read_text(encoding="utf-8")):
        where = f"{path.name}:{block.line}"
        if block.mark == "no-run":
            assert block.said, f"{where}: say why it is not run"
        elif block.mark == "output":
            assert _matches(block.text, output), f"{where}: it printed something else:\n{output}"
        elif block.file:
            _write(workspace, block, where)
            count += 1
        elif block.language == "python":
            output = _run_python(block, where, names)
            count += 1
        elif block.language in ("bash", "sh"):
            output = _run_bash(block, where, workspace)
            count += 1
    return count


def _write(workspace: Path, block: Block, where: str) -> None:
    target = (workspace / block.file).resolve()
    assert target.is_relative_to(workspace.resolve()), f"{where}: {block.file} is not in the workspace"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(block.text, encoding="utf-8")


def _run_python(block: Block, where: str, names: dict[str, Any]) -> str:
    printed = io.StringIO()
    # as many empty lines before it as there are in the page, so that tracebacks show the page's lines
    text, name = "\n" * (block.line - 1) + block.text, f"<{where}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)  # as of a notebook's cell
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, name, "exec"), names)
    except Exception as error:
        raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error
    return printed.getvalue()


def _run_bash(block: Block, where: str, workspace: Path) -> str:
    lines = block.text.splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")] or lines
    expected = int(block.said) if block.mark == "exits" else 0
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)], cwd=workspace, capture_output=True, text=True,
        env=_environment(workspace), check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    ended = done.returncode if done.returncode >= 0 else 128 - done.returncode  # as a shell says it of a signal
    assert ended == expected, f"{where}: ended with {ended}:\n{done.stdout}{done.stderr}"
    return done.stdout


def _environment(workspace: Path) -> dict[str, str]:
    """With the interpreter of the tests behind ``python`` and ``flowbook``, whatever else is installed."""
    programs = workspace / ".programs"
    if not programs.is_dir():
        programs.mkdir()
        for name, arguments in {"python": "", "python3": "", "flowbook": "-m flowbook", "pytest": "-m pytest"}.items():
            (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(forks.python())} {arguments} "$@"\n')
            (programs / name).chmod(0o755)
    return {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # a reader has none of those of these tests, which take half a second
    }


def _matches(shown: str, printed: str) -> bool:
    pattern = ".*".join(map(re.escape, shown.strip().split("…")))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
