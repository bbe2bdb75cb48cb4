"""A run shown in a notebook's output while it goes on, without widgets: it reads the same wherever it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.events import Event, NodeOutput
from flowbook.workspace.run import Run, in_notebook

UPDATE_SECONDS = 0.5


def run_to_its_end(run: Run, ended: Callable[[], None]) -> Run:
    """Run it in this thread, shown meanwhile where a notebook can; itself when it succeeded (see :meth:`Run.check`)."""
    finish = show_while_running(run) if in_notebook() else None
    try:
        run.execute(ended)
    finally:
        if finish is not None:
            finish()
    return run.check()


def show_while_running(run: Run) -> Callable[[], None]:
    """Display ``run`` in the current cell and keep it up to date; call what is returned when the run is over."""
    from IPython.display import display

    handle: Any = display(run.representations(), raw=True, display_id=True)  # type: ignore[no-untyped-call]
    due = False

    def update() -> None:
        nonlocal due
        due = False
        handle.update(run.representations(), raw=True)

    def notice(event: Event) -> None:
        nonlocal due
        if not due and not isinstance(event, NodeOutput):
            due = True
            run.call_later(UPDATE_SECONDS, update)

    stop = run.watch(notice)

    def finish() -> None:
        stop()
        handle.update(run.representations(), raw=True)
        run.shown = True

    return finish
