"""The doors from a workflow up to what is made of workflows: its decorator, its picture, a script's command line.

A workflow knows nothing of them. They are imported at the moment that they are asked for, here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flowbook.models.workflow import Workflow


def task(flow: Workflow, function: Any, options: dict[str, Any]) -> Any:
    """Make a node of a function."""
    from flowbook.formats.python import decorating  # against the arrows: .importlinter lets these imports pass

    return decorating.task(flow, function, **options)


def arrange(flow: Workflow, **what: Any) -> None:
    """Take in what a script says beside its functions."""
    from flowbook.formats.python import decorating

    decorating.arrange(flow, **what)


def picture(flow: Workflow) -> dict[str, str]:
    """The graph, as what a notebook displays."""
    from flowbook.view.graph.picturing import picture_of

    return picture_of(flow)


def main(flow: Workflow, arguments: Sequence[str] | None) -> int:
    """Run a script's workflow as its command line says; the exit code."""
    from flowbook.lasting import keep_what_is_loaded, lasting
    from flowbook.models.alone import never_plugins

    never_plugins()
    with lasting():
        from flowbook.cli.scripted import main
    keep_what_is_loaded()

    return main(flow, arguments)
