"""An imported version of a folder → its :class:`Folder`; a failed import → the problem in words."""

from __future__ import annotations

import ast
import functools
import inspect
import threading
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from flowbook.catalog.folder import Folder, FolderProblem
from flowbook.catalog.icons import icon_problem
from flowbook.catalog.libraries import missing_libraries
from flowbook.catalog.loading import Failure, Snapshot, Version, forget, import_version, modules_of
from flowbook.catalog.places import Found
from flowbook.errors import CatalogError
from flowbook.hosts import checked_host
from flowbook.installing import how_to_install
from flowbook.models import Parameter
from flowbook.parsing import parse_module
from flowbook.tasks.oauth2 import oauth2_of
from flowbook.tasks.reading import first_line, read_credentials, read_task
from flowbook.tasks.spec import TaskSpec

_MISSING: Any = object()


class FolderOrigin:
    """The :class:`~flowbook.tasks.spec.Origin` of a folder's tasks: this version of its files."""

    def __init__(self, found: Found, key: str, snapshot: Snapshot) -> None:
        self.key = key
        self._found = found
        self._snapshot = snapshot

    @property
    def digest(self) -> str:
        """The same for the same files only."""
        return self._snapshot.digest

    def task(self, name: str, /) -> TaskSpec:
        """The task, from a package of the same name as here: so its classes are the same when data is sent."""
        with _importing:
            known = _imported.get(self.key)
            if known is None or known[0] != self.digest:
                if known is not None:  # of another process that sends its calls here, too
                    forget(self.key)
                folder = describe(self._found, import_version(self._found.name, self._snapshot, self.key))
                known = _imported[self.key] = self.digest, folder
        return known[1].tasks[name.partition(".")[2]]


_importing = threading.RLock()
_imported: dict[str, tuple[str, Folder]] = {}


def describe(found: Found, version: Version) -> Folder:
    """Everything that is known of an imported folder, with what is wrong with its tasks."""
    problems: list[FolderProblem] = []
    tasks: dict[str, TaskSpec] = {}
    functions: dict[str, Callable[..., Any]] = {}
    origin = FolderOrigin(found, version.package.__name__, version.snapshot)
    for name, function in _public_functions(found, version, problems):
        try:
            spec = read_task(found.name, name, function)._replace(origin=origin)
            # What is built in asks before it changes anything; a test holds each of them to that.
            tasks[name] = spec._replace(rehearses=True) if found.source == "built in" else spec
            functions[name] = function
        except CatalogError as error:
            private = "" if name.startswith("_") else f" Or, if it is not a task, name it _{name}."
            problems.append(
                FolderProblem(found.name, error.message, f"{error.hint}{private}", kind="warning", task=name)
            )
        except Exception as error:  # noqa: BLE001 - types may fail in any way when their schema is made
            what = f"the types of {name} cannot be read: {type(error).__name__}: {error}".rstrip(".") + "."
            problems.append(FolderProblem(found.name, what, "Mend the annotation of its arguments.", task=name))
    if "test_connection" not in tasks:
        problems.append(_no_test_connection(found, bool(tasks)))
    problems += missing_libraries(found.name, version.snapshot, tasks)
    model = _credentials_model(version, tasks)
    return Folder(
        name=found.name,
        path=found.path,
        source=found.source,
        description=_description(version),
        tasks=MappingProxyType(tasks),
        credentials=_credentials(found, model, functions, problems),
        declares_credentials=model is not None,
        icon=_icon(found, version.snapshot, problems),
        hosts=_hosts(found, version, problems),
        takes=_takes(found, version, problems),
        problems=tuple(problems),
        sign_in=oauth2_of(model),
    )


def _takes(found: Found, version: Version, problems: list[FolderProblem]) -> Mapping[str, tuple[str, ...]]:
    """What its author's ``TAKES``, of the package or of ``tasks.py``, says that tasks take for a success."""
    named: object = next((module.TAKES for module in modules_of(version) if hasattr(module, "TAKES")), {})
    if isinstance(named, Mapping) and all(map(_is_names, named.values())):
        return MappingProxyType({str(task): tuple(map(str, faults)) for task, faults in named.items()})
    remedy = 'Map tasks to names of flowbook.testing.HTTP_FAULTS: TAKES = {"remove": ("no content",)}'
    what = "TAKES is no dict of tasks with the faults that are none for them."
    problems.append(FolderProblem(found.name, what, remedy, kind="warning"))
    return MappingProxyType({})


def _is_names(value: object) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(name, str) for name in value)


def _hosts(found: Found, version: Version, problems: list[FolderProblem]) -> tuple[str, ...]:
    """The service's own servers: ``HOSTS`` of the package or of ``tasks.py``."""
    named = next((module.HOSTS for module in modules_of(version) if hasattr(module, "HOSTS")), ())
    try:
        given = (named,) if isinstance(named, str) else tuple(named)
        return tuple(checked_host(str(host)) for host in given)
    except (TypeError, ValueError) as error:
        remedy = 'Name the servers of the service: HOSTS = ("api.example.com",)'
        problems.append(FolderProblem(found.name, f"HOSTS cannot be used: {error}.", remedy, kind="warning"))
        return ()


def _no_test_connection(found: Found, has_tasks: bool) -> FolderProblem:
    if not has_tasks:
        remedy = "Add to tasks.py: def test_connection(credentials): …, and a function for each task."
        return FolderProblem(found.name, "the folder has no tasks.", remedy, kind="warning")
    remedy = "Add to tasks.py, and to __all__ if there is one: def test_connection(credentials): …, which tries them."
    return FolderProblem(found.name, "there is no test_connection.", remedy, kind="warning")


def _public_functions(
    found: Found, version: Version, problems: list[FolderProblem]
) -> Iterator[tuple[str, Callable[..., Any]]]:
    listed = getattr(version.package, "__all__", None)
    if listed is None:
        yield from _defined_functions(version)
        return
    for name in dict.fromkeys(str(name) for name in listed):
        value = getattr(version.package, name, _MISSING)
        if value is _MISSING:
            what = f"__all__ names {name!r}, which is not there."
            remedy = f"Import it in __init__.py (from .tasks import {name}), or take it out of __all__."
            problems.append(FolderProblem(found.name, what, remedy, task=name))
        elif is_function(value):
            yield name, value


def _defined_functions(version: Version) -> Iterator[tuple[str, Callable[..., Any]]]:
    module = version.tasks or version.package
    own = _defined_names(version.snapshot, module)
    for name, value in vars(module).items():
        if name.startswith("_") or not is_function(value):
            continue
        if name in own or getattr(value, "__module__", None) == module.__name__:
            yield name, value


def _defined_names(snapshot: Snapshot, module: types.ModuleType) -> set[str]:
    """The names that ``def`` binds at the top of the module: decorators of others hide where a function came from."""
    relative = "tasks.py" if "tasks.py" in snapshot.files and module.__name__.endswith(".tasks") else "__init__.py"
    tree = parse_module(snapshot.files.get(relative, b""))
    return {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def is_function(value: Any) -> bool:
    """Whether a value counts as a function: also a partial, and what a decorator made of one, but never a class."""
    if isinstance(value, type):
        return False
    if isinstance(value, (types.FunctionType, functools.partial)):
        return True
    try:
        return hasattr(value, "__wrapped__") and callable(value) and inspect.isfunction(inspect.unwrap(value))
    except ValueError:  # it wraps itself
        return False


def _description(version: Version) -> str:
    return next((line for module in modules_of(version) if (line := first_line(module.__doc__))), "")


def _credentials_model(version: Version, tasks: dict[str, TaskSpec]) -> type | None:
    """test_connection's credentials model, one called ``Credentials``, or any task's; None for plain code."""
    kinds = [tasks[name].signature.credentials_type for name in _in_order(tasks)]
    named = [getattr(module, "Credentials", None) for module in modules_of(version)]
    return next((k for k in (*kinds[:1], *named, *kinds) if isinstance(k, type) and _describes_fields(k)), None)


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: name != "test_connection")


def _credentials(
    found: Found, model: type | None, functions: dict[str, Callable[..., Any]], problems: list[FolderProblem]
) -> tuple[Parameter, ...]:
    """What the model says, or without one what plain code reads."""
    try:
        read = read_credentials(model, [functions[name] for name in _in_order(functions)])
        signed_in_for = oauth2_of(model)
        if signed_in_for is None:
            return read
        return tuple(one if one.name != signed_in_for.field else _not_entered(one) for one in read)
    except Exception as error:  # noqa: BLE001 - as for the types of params
        what = f"the credentials cannot be read: {type(error).__name__}: {error}".rstrip(".") + "."
        problems.append(FolderProblem(found.name, what, "Mend the fields of the credentials model."))
        return ()


def _not_entered(parameter: Parameter) -> Parameter:
    """The credential that people sign in for: nobody has to type it."""
    said = parameter.description or "Access token: got by signing in"
    return parameter.model_copy(update={"required": False, "type": "password", "default": None, "description": said})


def _describes_fields(kind: type) -> bool:
    return any(hasattr(kind, mark) for mark in ("model_fields", "__total__", "__dataclass_fields__"))


def _icon(found: Found, snapshot: Snapshot, problems: list[FolderProblem]) -> str | None:
    """The folder's icon when it is a small picture that neither runs nor fetches anything; else a problem says why."""
    content = snapshot.files.get("icon.svg", b"")
    if not content.strip():
        return None
    why = icon_problem(content)
    if why:
        remedy = "Save it as a plain SVG of a few kilobytes, or take it away: letters are shown then."
        problems.append(FolderProblem(found.name, f"its icon.svg is not shown: {why}.", remedy, kind="warning"))
        return None
    return content.decode("utf-8").strip()


def problem_of(found: Found, failure: Failure, has_last_good: bool) -> FolderProblem:
    """A failed import in words, with what to do about it."""
    error = failure.error
    kept = " The last good version stays in use." if has_last_good else ""
    if isinstance(error, SystemExit):
        what = f"the folder calls sys.exit({error.code!r}) when it is imported."
        remedy = "Move what it does into a task."
    elif isinstance(error, SyntaxError):
        what = f"{_file(found, error.filename)}, line {error.lineno}: {error.msg}."
        remedy = "Mend that line."
    elif isinstance(error, ImportError):
        what, remedy = _of_import(found, error)
    else:
        text = str(error)
        what = f"importing it failed with {type(error).__name__}{f': {text}' if text else ''}".rstrip(".") + "."
        remedy = "The traceback shows the line."
    return FolderProblem(found.name, what + kept, remedy, failure.trace)


def _of_import(found: Found, error: ImportError) -> tuple[str, str]:
    missing = error.name or ""
    internal = missing.startswith("flowbook_integrations.")
    if isinstance(error, ModuleNotFoundError) and missing and not internal:
        if (found.path / f"{missing.partition('.')[0]}.py").is_file():
            return (
                f"it imports {missing!r} as if that were installed.",
                f"Write 'from .{missing} import …', with the dot.",
            )
        library = missing.partition(".")[0]
        return f"the package {library!r} is not installed.", f"{how_to_install(library)}; it is then tried again."
    if isinstance(error, ModuleNotFoundError):
        module = missing.split(".", 2)[-1]
        return f"it imports its own module {module!r}, which is not there.", f"Add {module}.py, or mend the import."
    name = getattr(error, "name_from", None) or _quoted(str(error))
    if internal and name:
        file = missing.split(".", 2)[2].replace(".", "/") + ".py" if missing.count(".") > 1 else "__init__.py"
        return (
            f"it imports {name!r} from {file}, which does not define it.",
            f"Define {name} in {file}, or take it out of the import and of __all__.",
        )
    return f"an import failed: {error}".rstrip(".") + ".", "The traceback shows the line."


def _quoted(text: str) -> str:
    """The name in "cannot import name 'x' from …" (Python 3.10 and 3.11 do not give it apart)."""
    parts = text.split("'")
    return parts[1] if text.startswith("cannot import name") and len(parts) > 2 else ""


def _file(found: Found, filename: str | None) -> str:
    path = filename or ""
    return path[len(str(found.path)) + 1 :] if path.startswith(f"{found.path}/") else path or found.name
