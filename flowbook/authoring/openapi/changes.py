"""What a renewal would change in a folder that was made of a description, read from its files before and after."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from flowbook.parsing import parse_module, parse_statements, parse_value

MODELS, TASKS = "api/models.py", "api/tasks.py"


@dataclass(frozen=True)
class Changes:
    """What is new, what goes, and what becomes something else, each with the lines that say how.

    ``tasks`` and ``credentials`` have the names of those that changed with these lines. ``missed`` says what people's
    own files take from the generated ones that is there no more. ``rewritten`` is true when any generated file changes.
    """

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    tasks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    credentials: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    rewritten: bool = False

    def lines(self) -> Iterator[str]:
        """For a terminal: a line a change."""
        yield from (f"New: {name}" for name in self.new)
        yield from (f"Gone: {name}" for name in self.gone)
        yield from (f"Changed: {name}: {'; '.join(how)}" for name, how in self.tasks)
        yield from (f"Changed: {one}" for one in self.credentials)
        yield from (f"To mend: {one}" for one in self.missed)


def changes(before: Mapping[str, str], after: Mapping[str, str], own: Mapping[str, str]) -> Changes:
    """What changes from the generated files ``before`` to those ``after``, and what that means to the ``own`` ones.

    All are texts by their paths in the folder. What is not there, or is not Python, has nothing in it.
    """
    if dict(before) == dict(after):
        return Changes()  # reading them would tell the same, slowly where they are long
    old, new = _Read.of(before), _Read.of(after)
    both = [name for name in new.tasks if name in old.tasks]
    told = {name: tuple(_of_task(old, new, name)) for name in both}
    return Changes(
        tuple(name for name in new.tasks if name not in old.tasks),
        tuple(name for name in old.tasks if name not in new.tasks),
        tuple((name, lines) for name, lines in told.items() if lines),
        tuple(_of_fields(old.classes.get("Credentials", {}), new.classes.get("Credentials", {}), "credential")),
        tuple(_missed(before, after, own)),
        dict(before) != dict(after),
    )


@dataclass(frozen=True)
class _Field:
    type: str
    required: bool
    rest: str
    """How it is limited and what it is told to be when nothing is given; not its description."""


@dataclass(frozen=True)
class _Task:
    params: str
    effects: str
    call: str


@dataclass(frozen=True)
class _Read:
    tasks: dict[str, _Task]
    classes: dict[str, dict[str, _Field]]

    @classmethod
    def of(cls, texts: Mapping[str, str]) -> _Read:
        functions = (one for one in _generated_body(texts.get(TASKS, "")) if isinstance(one, ast.FunctionDef))
        classes = (one for one in _generated_body(texts.get(MODELS, "")) if isinstance(one, ast.ClassDef))
        return cls({one.name: _task(one) for one in functions}, {one.name: dict(_fields(one)) for one in classes})

    def params(self, name: str) -> dict[str, _Field]:
        return self.classes.get(self.tasks[name].params, {})


def _body(text: str) -> list[ast.stmt]:
    try:
        return parse_module(text).body
    except _UNREADABLE:
        return []


def _generated_body(text: str) -> Iterator[ast.stmt]:
    """The statements of a generated file, which may be long; where another's hand made it no Python, those before."""
    with suppress(*_UNREADABLE):
        yield from parse_statements(text)


_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


def _task(function: ast.FunctionDef) -> _Task:
    params = function.args.args[1].annotation if len(function.args.args) > 1 else None
    effects = next(
        (ast.unparse(word.value) for one in function.decorator_list if isinstance(one, ast.Call)
         for word in one.keywords if word.arg == "effects"), "",
    )  # fmt: skip
    call = next((one.value for one in function.body if isinstance(one, ast.Return)), None)
    return _Task(params.attr if isinstance(params, ast.Attribute) else "", effects, ast.unparse(call) if call else "")


def _fields(model: ast.ClassDef) -> Iterator[tuple[str, _Field]]:
    for line in model.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and isinstance(line.value, ast.Call):
            words = {str(one.arg): ast.unparse(one.value) for one in line.value.keywords}
            words.pop("description", None)
            alias = words.pop("alias", None)
            default = [ast.unparse(one) for one in line.value.args]
            name = str(parse_value(alias)) if alias else line.target.id
            rest = ", ".join([*default, *(f"{word}={value}" for word, value in words.items())])
            yield name, _Field(ast.unparse(line.annotation).removesuffix(" | None"), not default, rest)


def _of_task(old: _Read, new: _Read, name: str) -> Iterator[str]:
    was, becomes = old.tasks[name], new.tasks[name]
    fields = list(_of_fields(old.params(name), new.params(name), "param"))
    yield from fields
    if was.effects != becomes.effects:
        yield f"its effects: {parse_value(was.effects or '0')}, from now on {parse_value(becomes.effects)}"
    if not fields and was.call != becomes.call:
        yield "its request is made in another way"


def _of_fields(old: Mapping[str, _Field], new: Mapping[str, _Field], noun: str) -> Iterator[str]:
    for name, field in new.items():
        was = old.get(name)
        if was is None:
            yield f"new {noun} {name}{', required' if field.required else ''}"
        elif was.type != field.type:
            yield f"{noun} {name}: {was.type}, from now on {field.type}"
        elif was.required != field.required:
            yield f"{noun} {name} is required {'from now on' if field.required else 'no more'}"
        elif was.rest != field.rest:
            yield f"{noun} {name} has other limits or another default"
    yield from (f"{noun} {name} goes" for name in old if name not in new)


def _missed(before: Mapping[str, str], after: Mapping[str, str], own: Mapping[str, str]) -> Iterator[str]:
    """What the own files import from the generated ones, and is in these no more."""
    was = {path: _names(text) for path, text in before.items()}
    stays = {path: _names(text) for path, text in after.items()}
    for path, text in own.items():
        for line, name in _imported(text):
            source = _generated(line, path)
            if name in was.get(source, ()) and name not in stays.get(source, ()):
                yield f"{path}, line {line.lineno}: {name} is in {source} no more"


def _imported(text: str) -> Iterator[tuple[ast.ImportFrom, str]]:
    """The names that a module imports out of others, each with the statement that does."""
    for line in (one for top in _body(text) for one in ast.walk(top)):
        if isinstance(line, ast.ImportFrom):
            yield from ((line, one.name) for one in line.names)


def _generated(line: ast.ImportFrom, path: str) -> str:
    """The generated file that an import of a file of the folder names; "" for others."""
    up = line.level - 1
    folders = list(Path(path).parent.parts)
    if up < 0 or up > len(folders):
        return ""
    parts = [one for one in (*folders[: len(folders) - up], *(line.module or "").split(".")) if one]
    return "api/__init__.py" if parts == ["api"] else f"{'/'.join(parts)}.py"


def _names(text: str) -> set[str]:
    """What a module has at its top."""
    found: set[str] = set()
    for one in _generated_body(text):
        if isinstance(one, ast.FunctionDef | ast.ClassDef):
            found.add(one.name)
        elif isinstance(one, ast.Assign):
            found |= {target.id for target in one.targets if isinstance(target, ast.Name)}
        elif isinstance(one, ast.ImportFrom):
            found |= {each.name for each in one.names}
    return found


def own_texts(folder: Path) -> dict[str, str]:
    """The Python files of a folder that people write: all but those in api/, as far as they can be read."""
    found: dict[str, str] = {}
    for path in sorted([*folder.glob("*.py"), *folder.glob("tests/*.py")]):
        try:
            found[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return found
