"""What stands for an integration in a script: its tasks are called in the functions that become nodes."""

from __future__ import annotations

from typing import Any, NoReturn

from flowbook.errors import InputError
from flowbook.models import check_integration_name, check_type_name


class Handle:
    """The tasks of an integration folder, called with the credentials of an integration.

    >>> github = integration("github", "My GitHub")
    >>> github
    integration('github', 'My GitHub')
    """

    def __init__(self, folder: str, name: str | None = None) -> None:
        self._folder = check_type_name(folder)
        self._name = None if name is None else check_integration_name(name, new=False)

    def __getattr__(self, task: str) -> Any:
        if task.startswith("_"):
            raise AttributeError(task)

        def refuse(*args: Any, **params: Any) -> NoReturn:
            raise InputError(
                f"{self._folder}.{task} is called when the workflow runs, not when its Python does.",
                "Let a function under @flow.task return this call, then run the flow: ws.run(flow).",
            )

        return refuse

    def __repr__(self) -> str:
        given = (self._folder,) if self._name is None else (self._folder, self._name)
        return f"integration({', '.join(map(repr, given))})"


def integration(folder: str, name: str | None = None) -> Handle:
    """The tasks of the integration folder ``folder``, with the credentials of the integration ``name``, if any.

    A function under ``@flow.task`` that only returns a call of one of them becomes a node with that task.
    """
    return Handle(folder, name)


def parts_of(handle: Handle) -> tuple[str, str | None]:
    """The folder of a handle, and the name of its integration."""
    return handle._folder, handle._name
