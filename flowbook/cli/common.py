"""What several commands share: the workspace they work on, JSON and tables on standard output."""

from __future__ import annotations

import itertools
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from flowbook.cli.output import print_document, set_apart
from flowbook.errors import InputError
from flowbook.json_text import TooDeep, parse_json
from flowbook.whole_files import content_at
from flowbook.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])


def workspace(*, make: bool = True) -> Workspace:
    """The workspace that ``-C`` chose, or the nearest; with ``make`` false nothing is created on disk."""
    directory: Path | None = click.get_current_context().find_root().obj
    return Workspace(directory, make=make)


def existing() -> Workspace:
    """As :func:`workspace`, for what changes or shows what is stored there; InputError where there is none."""
    ws = workspace(make=False)
    if nowhere(ws):
        raise InputError(f"there is no workspace in {str(ws.root)!r}.", "Choose its folder: flowbook -C DIR …")
    return ws


def nowhere(ws: Workspace) -> bool:
    """Whether there is no workspace in its folder (nor, then, in one above it)."""
    return ws.folder is not None and ws.address is None and not ws.folder.is_dir()


def nothing(ws: Workspace, empty: str) -> str:
    """What a list says that is ``empty``; where there is no workspace, that, lest it pass for an empty one."""
    if not nowhere(ws):
        return empty
    return f"There is no workspace in {ws.root}. Choose its folder (flowbook -C DIR …), or make one: flowbook init"


def workflow_or_file(name: str) -> str | Path:
    """What a name on the command line stands for: a file that is there, or would be by its ending, else a workflow."""
    return Path(name) if is_file(name) or name.endswith((".yaml", ".yml", ".py")) else name


def is_file(name: str) -> bool:
    """Whether there is a file of that name; one that no file can have, such as a very long one, is none's."""
    try:
        return Path(name).is_file()
    except OSError:
        return False


def _chosen(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    if value and not ctx.resilient_parsing:
        set_apart()
    return value


def json_option_of(help: str) -> Callable[[F], F]:
    """A ``--json`` option; with it nothing but what :func:`print_json` prints gets to standard output."""
    return click.option("--json", "as_json", is_flag=True, callback=_chosen, help=help)


def is_folder(name: str) -> bool:
    """Whether there is a folder of that name, likewise."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


json_option = json_option_of("Print JSON.")
"""The ``--json`` option that every listing has."""
run_json_option = json_option_of("Print the finished run as JSON, and nothing else.")
"""That of the commands that run something."""


STDOUT = Path("-")
"""What the name ``-`` of a file to write stands for."""


def _file_to_write(_context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    return None if file == STDOUT else file


def _apart(context: click.Context, _parameter: click.Parameter, file: Path | None) -> Path | None:
    if file == STDOUT and not context.resilient_parsing:
        set_apart()
    return file


def extra_file_option(*names: str, help: str) -> Callable[[F], F]:
    """An option for a file that is written besides what the command tells.

    Gives :data:`STDOUT` for ``-``: then only :func:`~flowbook.cli.output.print_document` gets to standard output, and
    what is told goes to standard error.
    """
    return click.option(
        *names, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE|-", callback=_apart, help=help
    )


class FileOfItsOwn(click.ParamType[str]):
    """The name of a file that standard output cannot stand for: it is private, or read again, or one of several."""

    name = "file"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Give the name as it is; click's BadParameter for ``-``, which would be a file that is called so."""
        if value == "-":
            self.fail("this one is a file of its own, and not standard output or input: name it.", param, ctx)
        return value


output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="FILE|-", callback=_file_to_write,
    help="The file to write (default: standard output).",
)  # fmt: skip
"""Gives None for standard output, by its name ``-`` too."""


def print_json(value: Any) -> None:
    """Print one JSON document; what standard output has no form for, such as half of a character, is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, default=str)
    print_document(text)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Print rows in aligned columns; ``empty`` when there are none.

    In a terminal what is too wide goes on below, at a space; a pipe gets each row as one line.
    """
    lines = [[_cell(value) for value in row] for row in rows]
    if not lines:
        click.echo(empty)
        return
    widths = [max(len(line[i]) for line in [list(heads), *lines]) for i in range(len(heads))]
    if sys.stdout.isatty():
        columns = [[head, *(line[i] for line in lines)] for i, head in enumerate(heads)]
        least = [max(len(word) for cell in column for word in cell.split() or [""]) for column in columns]
        widths = _fitting(widths, least, shutil.get_terminal_size().columns - 2 * (len(heads) - 1))
    click.echo(click.style(_line(heads, widths), bold=True))
    for line in lines:
        for part in _folded(line, widths):
            click.echo(_line(part, widths))


def _fitting(widths: list[int], least: list[int], room: int) -> list[int]:
    """``widths`` made as narrow as they must be for ``room``, the widest first, none narrower than its ``least``."""
    widths = list(widths)
    while sum(widths) > room:
        widest = max((i for i in range(len(widths)) if widths[i] > least[i]), key=widths.__getitem__, default=None)
        if widest is None:
            break
        widths[widest] -= 1
    return widths


def _folded(line: Sequence[str], widths: Sequence[int]) -> Iterator[list[str]]:
    """The lines that a row takes: each cell broken at spaces only."""
    cells = [
        textwrap.wrap(cell, width, break_long_words=False, break_on_hyphens=False) if len(cell) > width else [cell]
        for cell, width in zip(line, widths, strict=True)
    ]
    for parts in itertools.zip_longest(*cells, fillvalue=""):
        yield list(parts)


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip().partition("\n")[0]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def read_json_object(source: str, what: str) -> dict[str, Any]:
    """The JSON object of a file, or of standard input for "-". Errors never repeat the content."""
    if source == "-":
        text, name = _text(sys.stdin.buffer.read(), what, "standard input"), "standard input"
    else:
        try:
            text, name = _text(content_at(source), what, source), source
        except OSError as error:
            raise InputError(
                f"{what}: {source!r} cannot be read: {error.strerror or error}.", "Check the path."
            ) from None
    try:
        value = parse_json(text)
    except TooDeep:
        raise InputError(f"{what}: {name} is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"{what}: {name} is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    if not isinstance(value, dict):
        raise InputError(f"{what}: {name} must hold a JSON object.", 'For example {"token": "…"}.')
    return value


def _text(content: bytes, what: str, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what}: {name} is not UTF-8 text (at byte {error.start}).", "Save it as UTF-8.") from None
