"""A run shown in a notebook's output while it goes on, without widgets: it reads the same wherever it is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.events import Event, NodeFinished, NodeOutput
from flowbook.workspace.run import Run, in_notebook

UPDATE_SECONDS = 0.5


def run_to_its_end(run: Run, ended: Callable[[], None]) -> Run:
    """Run it in this thread, shown meanwhile where a notebook can; itself when it succeeded (see :meth:`Run.check`)."""
    finish = None
    try:
        finish = show_while_running(run) if in_notebook() else None
    except BaseException:
        ended()  # a run that is resumed counts as going on already
        raise
    try:
        run.execute(ended)
    finally:
        if finish is not None:
            finish()
    return run.check()


def show_while_running(run: Run) -> Callable[[], None]:
    """Display ``run`` in the current cell and keep it up to date; call what is returned when the run is over.

    Each update also says, in what a display carries beside its content and no notebook keeps, which nodes have ended
    since the one before: ``{"flowbook": [{"node", "status", "message", "seconds"}]}``.
    """
    from IPython.display import display

    handle: Any = display(run.representations(), raw=True, display_id=True)  # type: ignore[no-untyped-call]
    ended: list[NodeFinished] = []
    due = False

    def update() -> None:
        nonlocal due
        due = False
        told = ended.copy()
        del ended[: len(told)]
        handle.update(run.representations(), raw=True, transient={"flowbook": [_ended(event) for event in told]})

    def notice(event: Event) -> None:
        nonlocal due
        if isinstance(event, NodeFinished):
            ended.append(event)
        if not due and not isinstance(event, NodeOutput):
            due = True
            run.call_later(UPDATE_SECONDS, update)

    stop = run.watch(notice)

    def finish() -> None:
        stop()
        update()
        run.shown = True

    return finish


def _ended(event: NodeFinished) -> dict[str, Any]:
    result = event.result
    seconds = None if result.started_at is None else result.seconds
    return {"node": event.node_id, "status": result.status, "message": result.message, "seconds": seconds}
