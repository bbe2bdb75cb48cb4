"""What the import arrows of ``.importlinter`` cannot see: modules that are named in strings, circles inside a room."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "flowbook"
NAME = re.compile(r"flowbook(\.[a-z_]+)+(:\w+)?")


def named_modules(path: Path) -> Iterator[tuple[int, str]]:
    """Of each string in a file that is the name of a module of ours: its line, and the room that it leads to."""
    text = path.read_text()
    if not re.search(r"""["'}]flowbook\.""", text):
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value):
            _, room, *rest = node.value.partition(":")[0].split(".")
            home = PACKAGE.joinpath(room, *rest)
            if home.is_dir() or home.with_suffix(".py").is_file():
                yield node.lineno, room


@pytest.mark.parametrize("room", sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()))
def test_no_string_leads_out_of_its_room(room: str) -> None:
    """What is loaded late by its name stays in its own package; across packages modules are imported, and so seen."""
    found = {
        f"{path.relative_to(PACKAGE)}:{line}": to
        for path in (PACKAGE / room).rglob("*.py")
        for line, to in named_modules(path)
        if to != room
    }
    assert not found


def test_a_string_that_leads_elsewhere_is_found(tmp_path: Path) -> None:
    path = tmp_path / "door.py"
    path.write_text('HOMES = {"a": "flowbook.engine.agenda", "b": "flowbook.no_such", "c": "see flowbook.engine"}\n')
    assert list(named_modules(path)) == [(1, "engine")]


def raising_ways(path: Path) -> Iterator[int]:
    """The lines of a file that ask ``pathlib`` for a home folder, or where links lead: it raises RuntimeErrors."""
    text = path.read_text()
    if not re.search("expanduser|home|resolve", text):
        return
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr in ("expanduser", "home", "resolve"):
            of = ast.unparse(node.func.value)
            if (node.func.attr in ("expanduser", "home") and of != "os.path") or (
                node.func.attr == "resolve" and of != "Path(__file__)"
            ):
                yield node.lineno


def test_nothing_asks_pathlib_for_what_it_raises_runtime_errors_of() -> None:
    """``flowbook.paths`` has ``expanded`` and ``real``, which say in words what is wrong."""
    files = [*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "integrations").rglob("*.py")]
    assert [f"{path.name}:{line}" for path in files for line in raising_ways(path)] == []


def test_such_a_way_is_found(tmp_path: Path) -> None:
    path = tmp_path / "door.py"
    path.write_text("Path(x).expanduser()\nPath.home()\nPath('a').resolve()\nPath(__file__).resolve()\n")
    assert list(raising_ways(path)) == [1, 2, 3]


def imported(path: Path, known: set[str]) -> Iterator[str]:
    """The modules of ours that a module imports, at once or late; not those that it only names as types."""
    waiting: list[ast.AST] = [ast.parse(path.read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            whole = {f"{node.module}.{one.name}" for one in node.names}
            yield from whole & known or {node.module}
        # no expression holds an import
        waiting += [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr)]


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_comes_back_to_itself_by_what_it_imports() -> None:
    """Neither at once nor late, but by the doors that ``.importlinter`` names."""
    linter = configparser.ConfigParser()
    linter.read(PACKAGE.parent / ".importlinter")
    given = linter["importlinter:contract:arrows"]["ignore_imports"].split("\n")
    doors = {tuple(line.split(" -> ")) for line in given if line}
    paths = {module_name(path): path for path in PACKAGE.rglob("*.py")}
    graph = {
        name: {one for one in imported(path, set(paths)) if one != name and (name, one) not in doors}
        for name, path in paths.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))
