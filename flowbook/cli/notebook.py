"""``flowbook run NOTEBOOK.ipynb``: a notebook executed with inputs, ending with the exit code of what stopped it."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowbook import environment, errors
from flowbook.cli.common import STDOUT, print_json
from flowbook.cli.output import complain, print_document, printable, raw_terminal, telling_of_what_was_done
from flowbook.errors import FileFormatError, FlowbookError, InputError, InvalidInputs, NotFound
from flowbook.installing import how_to_install, is_installed
from flowbook.parsing import parse_module
from flowbook.slips import suggest
from flowbook.validation import Typed
from flowbook.validation.values import broken_json, json_or_text
from flowbook.view.wording import duration, first_line

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from flowbook.cli.executing import Execution, Say

CANCELLED = 130
# The tags that papermill and JupyterLab know: https://papermill.readthedocs.io/en/latest/usage-parameterize.html
GIVEN, DEFAULTS = "injected-parameters", "parameters"


def run_notebook(
    path: Path, inputs: Mapping[str, Any], typed: Mapping[str, str], *, output: Path | None, as_json: bool
) -> int:
    """Execute the notebook with ``inputs`` and what was ``typed`` in place of its parameters, in its folder.

    Returns the exit code. What was typed is read as the parameter's default says (:func:`read_typed`).
    ``output`` is written at once and after each cell, so that it holds what there was when something stopped it;
    standard output, for STDOUT, when the notebook has ended.
    Raises InputError, also for an ``output`` that cannot be written, before anything is executed.
    """
    if output == STDOUT and as_json:
        raise InputError("--json and -o - print a document each, and there is one standard output.", "Name a file.")
    _require()
    from flowbook.cli.executing import Execution

    notebook = _read(path)
    give(notebook, {**inputs, **read_typed(notebook, typed)}, path.name)
    file = output if output != STDOUT else None
    if file is not None:
        _write(notebook, file)
    began = time.monotonic()
    with _progress(as_json) as say:
        execution = Execution(notebook, say, lambda: _write(notebook, file) if file else None)
        error = _execute(execution, path)
        code = 0 if execution.finished else CANCELLED if execution.cancelled else exit_code(error)
        status = {0: "succeeded", CANCELLED: "cancelled"}.get(code, "failed")
        say(f"{path.name}: {status} in {duration(time.monotonic() - began)}")
    with telling_of_what_was_done():
        if as_json:
            print_json(_document(path, status, time.monotonic() - began, execution, error, output))
        elif output == STDOUT:
            print_document(_text(notebook))
    if code:
        complain(f"Error: {path.name}{_told(execution, error)}")
    return code


def give(notebook: NotebookNode, inputs: Mapping[str, Any], name: str) -> None:
    """Put ``inputs`` into a cell after the one that is tagged ``parameters``, as papermill does.

    Raises InvalidInputs for one that the tagged cell gives no default for.
    """
    import nbformat

    notebook.cells = [cell for cell in notebook.cells if GIVEN not in cell.metadata.get("tags", [])]
    if not inputs:
        return
    places = [place for place, cell in enumerate(notebook.cells) if DEFAULTS in cell.metadata.get("tags", [])]
    if not places:
        hint = "Tag the cell that holds the default values (JupyterLab: Property Inspector, Cell Tags)."
        raise InvalidInputs(f"{name}: it takes no inputs: no cell has the tag 'parameters'.", hint)
    known = _assigned(notebook.cells[places[0]].source)
    for key, value in inputs.items():
        if key not in known:
            raise InvalidInputs(f"{name}: there is no parameter {key!r}.", suggest(key, known, "parameter"))
        try:
            json.dumps(value, allow_nan=False)
        except ValueError:
            raise InvalidInputs(f"{name}: the parameter {key!r} must be a number that is finite.") from None
    source = "\n".join(["# Parameters", *(f"{key} = {value!r}" for key, value in inputs.items())])
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": [GIVEN]})  # type: ignore[no-untyped-call]
    notebook.cells.insert(places[0] + 1, cell)


def read_typed(notebook: NotebookNode, typed: Mapping[str, str]) -> dict[str, Any]:
    """What was typed for each parameter as a value.

    Text as it is for one whose default, or annotation, is text (``3.10``, ``007``, ``null``); else JSON where it can be
    read, and text where not. Raises InvalidInputs for what begins like JSON and is none.
    """
    tagged = [cell.source for cell in notebook.cells if DEFAULTS in cell.metadata.get("tags", [])]
    texts = _texts(tagged[0]) if tagged else set()
    return {name: text if name in texts else _from_json(name, text) for name, text in typed.items()}


def _texts(source: str) -> set[str]:
    """The names that a cell gives text to, or says to be text."""
    found = set()
    for line in _body(source):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            named = {part.id for part in ast.walk(line.annotation) if isinstance(part, ast.Name)}
            if "str" in named and not named & {"int", "float", "bool", "list", "dict"}:
                found.add(line.target.id)
        elif isinstance(line, ast.Assign) and isinstance(getattr(line.value, "value", None), str):
            found |= {target.id for target in line.targets if isinstance(target, ast.Name)}
    return found


def _from_json(name: str, text: str) -> Any:
    broken = broken_json(Typed(text))
    if broken:
        raise InvalidInputs(f"the parameter {name!r} {broken[0]}", broken[1])
    return json_or_text(text)


def exit_code(error: Mapping[str, Any] | None) -> int:
    """The exit code of the error output that ended a notebook: that of Flowbook's error, else 1."""
    if error is not None and error["ename"] == "KeyboardInterrupt":
        return CANCELLED
    kind = _kind(error)
    return kind.exit_code if kind else 1


def _kind(error: Mapping[str, Any] | None) -> type[FlowbookError] | None:
    """Which of Flowbook's errors it is; None for any other."""
    kind = getattr(errors, error["ename"], None) if error is not None else None
    return kind if isinstance(kind, type) and issubclass(kind, FlowbookError) else None


def _require() -> None:
    if importlib.util.find_spec("nbclient") is None:
        hint = how_to_install("nbclient")
        raise FlowbookError("nbclient, which executes notebooks, is not installed.", hint)


def _read(path: Path) -> NotebookNode:
    import nbformat

    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except FileNotFoundError:
        raise NotFound("notebook", str(path), (str(other) for other in path.parent.glob("*.ipynb"))) from None
    except OSError as error:
        raise InputError(f"the notebook {str(path)!r} cannot be read: {error.strerror or error}.") from None
    except Exception as error:  # noqa: BLE001 - nbformat lets the errors of several parsers through
        raise FileFormatError(
            f"{path} is not a notebook: {first_line(str(error))}", "Save it again in Jupyter."
        ) from None
    if notebook.metadata.get("kernelspec", {}).get("language", "python") != "python":
        raise InputError(f"{path} is a notebook of {notebook.metadata.kernelspec.language}, not of Python.")
    return notebook


def _text(notebook: NotebookNode) -> str:
    import nbformat

    return str(nbformat.writes(notebook))  # type: ignore[no-untyped-call]


def _write(notebook: NotebookNode, output: Path) -> None:
    import nbformat

    try:
        nbformat.write(notebook, output)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise InputError(
            f"the executed notebook {str(output)!r} cannot be written: {error.strerror or error}.",
            "Choose a folder that exists and that you may write to.",
        ) from None


def _assigned(source: str) -> list[str]:
    """The names that a cell gives values to."""
    body = _body(source)
    single = [line.target for line in body if isinstance(line, ast.AnnAssign)]
    targets = [*single, *(target for line in body if isinstance(line, ast.Assign) for target in line.targets)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _body(source: str) -> list[ast.stmt]:
    try:
        return parse_module(source).body
    except SyntaxError:
        return []


def _execute(execution: Execution, path: Path) -> dict[str, Any] | None:
    from jupyter_client.kernelspec import NoSuchKernel
    from nbclient.exceptions import DeadKernelError

    variables = {**os.environ, **environment.take()}
    chosen: Path | None = click.get_current_context().find_root().obj
    if chosen is not None:
        variables["FLOWBOOK_WORKSPACE"] = str(chosen.absolute())
    try:
        return execution.run(str(path.absolute().parent), variables)
    except NoSuchKernel as error:
        hint = "Open it in JupyterLab, choose a kernel that is there, and save it."
        raise InputError(f"{path}: the kernel {error.name!r} is not installed here.", hint) from None
    except DeadKernelError:
        return {"ename": "DeadKernelError", "evalue": "the kernel died; there may have been too little memory"}
    except RuntimeError as error:  # jupyter_client's, while it waits for the kernel
        raise FlowbookError(f"{path}: the kernel did not start: {first_line(str(error))}.") from None
    finally:
        if execution.last_words:
            complain(execution.last_words)


@contextmanager
def _progress(as_json: bool) -> Iterator[Say]:
    """What shows the lines: nothing for JSON; in a terminal there is a clock below them that runs."""
    if as_json:
        yield lambda line: None
    elif sys.stdout.isatty() and is_installed("rich"):
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("executing"), TimeElapsedColumn())
        with Progress(*columns, console=Console(file=raw_terminal(sys.stdout)), transient=True) as progress:
            progress.add_task("", total=None)
            yield lambda line: progress.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    else:
        yield _say


def _say(line: str) -> None:
    """Print a line at once; what nothing takes any more does not stop the notebook half-way."""
    with suppress(OSError):
        click.echo(line)


def _told(execution: Execution, error: Mapping[str, Any] | None) -> str:
    if error is None:
        return ": cancelled."
    own = _kind(error) is not None and bool(error.get("traceback"))  # which then is one line, and names a page, too
    said = error["traceback"][0].removeprefix(f"{error['ename']}: ") if own else f"{error['ename']}: {error['evalue']}"
    return f", cell {execution.stopped_at + 1}: {said.strip().partition(chr(10))[0]}"


def _document(
    path: Path, status: str, seconds: float, execution: Execution, error: Mapping[str, Any] | None, output: Path | None
) -> dict[str, Any]:
    told = error and {"cell": execution.stopped_at + 1, "type": error["ename"], "message": error["evalue"]}
    return {
        "notebook": str(path), "status": status, "seconds": round(seconds, 6), "error": told,
        "output": None if output is None else str(output),
    }  # fmt: skip
