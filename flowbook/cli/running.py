"""``flowbook run``, of a workflow; a notebook is for :mod:`flowbook.cli.notebook`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from flowbook.cli.common import (
    FileOfItsOwn,
    extra_file_option,
    print_json,
    read_json_object,
    run_json_option,
    workflow_or_file,
    workspace,
)
from flowbook.cli.output import begin_with, complain, discard, telling_of_what_was_done, warn_of_what_is_missing
from flowbook.cli.progress import Lines, stamped
from flowbook.errors import AlreadyRunning, FlowbookError, InputError, RunError
from flowbook.events import Event
from flowbook.installing import is_installed
from flowbook.results import Cause
from flowbook.validation import Typed
from flowbook.view.wording import reuse_words
from flowbook.workspace import Run, Workspace

Watch = Callable[[Event], None]


@click.command()
@click.argument("workflow", metavar="WORKFLOW|FILE|NOTEBOOK")
@click.option("-i", "--input", "pairs", multiple=True, metavar="KEY=VALUE", help="An input, read as its type says.")
@click.option("--inputs", "file", metavar="FILE|-", help="A JSON object with inputs.")
@run_json_option
@click.option("--to", metavar="NODE", help="Run only up to this node: the node and what is before it.")
@click.option("--only", metavar="NODE", help="Run this node alone, with what those before it gave when they ran last.")
@click.option(
    "--trust", metavar="SHA", help="Run it if it is just what was looked at: 'flowbook trust --print' says its SHA-256."
)
@click.option("--fresh", is_flag=True, help="Run nodes with a cache too, whatever earlier runs gave.")
@click.option("--dry-run", is_flag=True, help="Change nothing: say what would be done, and where.")
@click.option(
    "--record", metavar="FILE", type=FileOfItsOwn(), help="Keep what services answer in a cassette, without secrets."
)
@click.option(
    "--replay",
    metavar="FILE",
    type=FileOfItsOwn(),
    help="Run offline, answered by a cassette; the history does not know of it.",
)
@click.option("--explain", is_flag=True, help="Say for each node why it ran, or was reused.")
@click.option("--max-workers", type=click.IntRange(1, 256), default=8, show_default=True, help="Nodes at a time.")
@click.option(
    "--executor", metavar="WHERE",
    help="Where calls are made: threads (default), processes, processes=N, dask, or dask=ADDRESS of a cluster.",
)  # fmt: skip
@click.option(
    "--if-running",
    type=click.Choice(("skip", "wait", "fail")),
    help="While another run of the workflow goes on: run nothing, wait for its end, or fail.",
)
@click.option("--queue", is_flag=True, help="Hand the run over to a server (flowbook serve), and print its id.")
@click.option("--timestamps", is_flag=True, help="Begin every line with the time, for a log.")
@extra_file_option("-o", "--output", help="Of a notebook: where the executed one is written.")
def run(
    workflow: str, pairs: tuple[str, ...], file: str | None, as_json: bool, to: str | None, only: str | None,
    trust: str | None, fresh: bool, dry_run: bool, explain: bool, max_workers: int, executor: str | None,
    if_running: str | None, timestamps: bool, output: Path | None, record: str | None, replay: str | None,
    queue: bool,
) -> int:  # fmt: skip
    """Run a stored workflow, or the workflow of a FILE, or execute a NOTEBOOK.

    The inputs of a notebook are the variables of its cell with the tag "parameters".

    Exit codes: 0 succeeded, 1 the run failed, 2 bad input or an invalid workflow, 3 credentials are missing or locked,
    or it is not trusted yet, 130 cancelled.
    """
    if queue:
        from flowbook.cli.queue import hand_over

        with answering(as_json, workflow):
            return hand_over(click.get_current_context(), workflow, given_inputs(file, pairs), as_json)
    if workflow.lower().endswith(".ipynb"):
        if trust is not None:
            raise click.UsageError("--trust is for workflows; a notebook is your own code")
        if to is not None or only is not None:
            raise click.UsageError("--to and --only are for workflows; a notebook is executed whole")
        if (
            if_running is not None
            or executor is not None
            or timestamps
            or fresh
            or explain
            or dry_run
            or record
            or replay
        ):
            raise click.UsageError(
                "--if-running, --executor, --timestamps, --fresh, --dry-run, --record, --replay and --explain are for "
                "workflows"
            )
        # Loads what draws runs, which the run of a workflow does not need.
        from flowbook.cli.notebook import run_notebook

        with answering(as_json, workflow), _terminable():
            inputs, typed = read_json_object(file, "inputs") if file else {}, dict(map(parse_pair, pairs))
            return run_notebook(Path(workflow), inputs, typed, output=output, as_json=as_json)
    if output is not None:
        raise click.UsageError("-o is for notebooks; of a workflow's run: flowbook runs report last -o FILE")
    if timestamps and as_json:
        raise click.UsageError("--timestamps is for lines; --json prints one document")
    if timestamps:
        begin_with(stamped)
    with answering(as_json, workflow):
        inputs, source = given_inputs(file, pairs), workflow_or_file(workflow)
        options: dict[str, Any] = {
            "to": to, "only": only, "fresh": fresh, "dry_run": dry_run, "max_workers": max_workers, "sha256": trust,
            "executor": executor, "record": record, "replay": replay,
        }  # fmt: skip

        def act(ws: Workspace, watch: Watch) -> Run:
            with _turn(ws, source, if_running, timestamps):
                return ws.run(source, inputs, watch=watch, **options)

        try:
            return carry_out(act, as_json, timestamps=timestamps, after=_after(explain, dry_run))
        except AlreadyRunning as error:
            if if_running != "skip":
                raise
            return _skipped(workflow, error, as_json, timestamps)


def _turn(ws: Workspace, source: str | Path, if_running: str | None, timestamps: bool) -> AbstractContextManager[None]:
    """What is to be so while the run goes on, as to other runs of the workflow."""
    if if_running is None:
        return nullcontext()
    if if_running != "wait":
        return ws.turn(source)
    return ws.turn(source, waiting=lambda error: click.echo(stamped(f"Waiting: {error.message}", timestamps), err=True))


def _skipped(workflow: str, error: AlreadyRunning, as_json: bool, timestamps: bool) -> int:
    if as_json:
        print_refusal(workflow, error)
        return 0
    with telling_of_what_was_done():
        click.echo(stamped(f"Skipped: {error.message}", timestamps))
    return 0


def given_inputs(file: str | None, pairs: tuple[str, ...]) -> dict[str, Any]:
    """The inputs of a command: those of a JSON file, and over them those given one by one."""
    return {**(read_json_object(file, "inputs") if file else {}), **dict(map(parse_pair, pairs))}


def carry_out(
    act: Callable[[Workspace, Watch], Run],
    as_json: bool,
    *,
    ws: Workspace | None = None,
    timestamps: bool = False,
    after: Callable[[Run], Iterable[str]] = lambda run: (),
) -> int:
    """Show the run that ``act`` makes, from its beginning to its end; the exit code.

    Ctrl-C, SIGTERM and SIGHUP (a closed terminal) cancel it. It runs in ``ws`` (default: the workspace that the command
    line says), which is closed then.
    What went wrong beside the run (its history could not be written, or its result not be printed) is a warning: the
    exit code is the run's.
    """
    ws, failure = ws or workspace(), None
    with _terminable():
        try:
            with _progress(as_json, timestamps) as watch:
                finished = act(ws, watch)
        except RunError as error:
            if error.run is None:  # cancelled before it began
                raise
            finished, failure = error.run, error
        finally:
            unclosed = _close(ws)
    for problem in dict.fromkeys([*finished.problems, *unclosed]):
        complain(f"Warning: {problem}")
    with telling_of_what_was_done():
        if as_json:
            print_json(finished.to_dict())
        else:
            for line in after(finished):
                click.echo(stamped(line, timestamps))
    if failure is None:
        return 0
    for line in _advice(failure, recorded=finished.in_history and not ws.memory):
        complain(line)
    return failure.exit_code


def _after(explain: bool, dry_run: bool) -> Callable[[Run], Iterable[str]]:
    """What is said once the run is over."""
    return lambda run: [*(_explained(run) if explain else ()), *(_not_done(run) if dry_run else ())]


def _not_done(run: Run) -> Iterable[str]:
    from flowbook.view.rehearsal import side_effect_lines

    return side_effect_lines({id: run[id] for id in run})


def _explained(run: Run) -> Iterator[str]:
    """Of each node, why it ran, or did not."""
    for id in run:
        result = run[id]
        reused = result.cause is Cause.REUSED
        why = reuse_words(result.reuse) if reused or result.started_at else result.message or result.status
        did = "reused" if reused else "ran" if result.started_at else result.status
        yield f"{id}: {did}: {why}"


def _close(ws: Workspace) -> list[str]:
    """Close the workspace; what could not be done on the way."""
    try:
        ws.close()
    except FlowbookError as error:
        return [str(error)]
    return []


@contextmanager
def answering(as_json: bool, workflow: str | None) -> Iterator[None]:
    """With ``as_json``, print a document also of what is refused before it runs; the error goes on."""
    try:
        yield
    except FlowbookError as error:
        if as_json:
            print_refusal(workflow, error)
        raise
    except OSError as error:
        if as_json and not isinstance(error, BrokenPipeError):
            print_refusal(workflow, InputError(f"{error.filename or 'the system'}: {error.strerror or error}."))
        raise


def print_refusal(workflow: str | None, error: FlowbookError) -> None:
    """Print the document of a run that was refused, which ``error`` says why."""
    from flowbook.view.document import refusal_document

    with telling_of_what_was_done():  # why it was refused is told by the error, whose exit code it is
        print_json(refusal_document(workflow, error))


def parse_pair(text: str) -> tuple[str, Typed]:
    """``key=value`` as a key and the text that was typed, which the input's type makes a value of."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise InputError(f"the input {text!r} is not of the form key=value.", 'For example: -i repo="a/b" -i limit=5')
    return name, Typed(value)


@contextmanager
def _progress(as_json: bool, timestamps: bool) -> Iterator[Watch]:
    """What shows the run while it goes on: nothing for JSON, a live table in a terminal, plain lines in a pipe.

    Plain lines as well where rich is not installed, which the core is without.
    """
    if as_json:
        yield lambda event: None
    elif sys.stdout.isatty() and not timestamps and is_installed("rich"):
        from flowbook.cli.table import LiveTable

        with LiveTable() as table:
            yield table.notice
    else:
        lines = Lines(sys.stdout, timestamps=timestamps)
        try:
            yield lines.notice
        finally:
            if lines.unwritten is not None:
                warn_of_what_is_missing(lines.unwritten)


@contextmanager
def _terminable() -> Iterator[None]:
    """Have SIGTERM, and SIGHUP unless it is ignored (nohup), cancel the run as Ctrl-C does."""

    terminals = [stream for stream in (0, 1, 2) if os.isatty(stream)]

    def interrupt(number: int, frame: types.FrameType | None) -> None:
        for stream in terminals:
            if not os.isatty(stream):  # it is closed: what goes there would fail
                discard(stream)
        on_interrupt = signal.getsignal(signal.SIGINT)
        if not callable(on_interrupt):
            raise KeyboardInterrupt
        on_interrupt(number, frame)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may receive signals
        return
    numbers = [signal.SIGTERM]
    hangup = getattr(signal, "SIGHUP", None)  # a closed terminal; Windows has none
    if hangup is not None and signal.getsignal(hangup) is not signal.SIG_IGN:
        numbers.append(hangup)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _advice(error: RunError, *, recorded: bool) -> Iterator[str]:
    yield f"Error: {error.message}"
    if recorded and error.exit_code == 1 and error.run is not None:
        yield f"See what its nodes printed: flowbook runs show {error.run.id} --output"
        yield f"Go on where it failed: flowbook runs resume {error.run.id}"
        yield error.explained
