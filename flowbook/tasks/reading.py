"""Function → :class:`TaskSpec`, and the credentials that a folder's functions ask for. Nothing is called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from flowbook.models import Parameter
from flowbook.records import NamedTuple
from flowbook.tasks.capabilities import ALL, Capabilities
from flowbook.tasks.schema import allows_others, parameters_of, schema_of
from flowbook.tasks.signature import doc_of, signature_of
from flowbook.tasks.spec import TaskSpec


class Declared(NamedTuple):
    """What ``@task`` said about a function, or what holds without it."""

    function: Callable[..., Any]
    effects: Any = "write"
    runs_code: bool = False
    isolate: bool = False
    reusable: bool = False
    rehearses: bool = False
    capabilities: Capabilities = ALL
    example: Any = None


def declared(function: Callable[..., Any]) -> Declared:
    """The author's own function behind ``@task``, and what was declared.

    A decorator put on top of ``@task`` copies its mark (``functools.wraps``) but must not be bypassed: then the
    decorated function is the task, with what was declared below it.
    """
    mark = getattr(function, "__flowbook_task__", None)
    if not isinstance(mark, dict):
        return Declared(function)
    inner = mark["function"] if mark.get("wrapper") is function else function
    return Declared(
        inner, mark["effects"], mark["runs_code"], mark["isolate"], mark["reusable"], mark["rehearses"],
        mark["capabilities"], mark["example"],
    )  # fmt: skip


def read_task(folder: str, name: str, function: Callable[..., Any]) -> TaskSpec:
    """What can be known of the task ``folder.name`` without calling it.

    Raises :class:`~flowbook.errors.CatalogError` when the function does not have the signature of a task.
    """
    said = declared(function)
    signature = signature_of(said.function)
    doc = inspect.cleandoc(doc_of(function))
    schema = None
    if signature.params_type is not None:
        schema = schema_of(signature.params_type)
        parameters = parameters_of(schema)
    elif signature.takes == 2:
        from flowbook.tasks.plain import plain_parameters

        parameters = plain_parameters([said.function], 1)
    else:
        parameters = ()
    return TaskSpec(
        name=f"{folder}.{name}",
        function=said.function,
        signature=signature,
        description=first_line(doc),
        doc=doc,
        parameters=parameters,
        open_params=schema is None or allows_others(schema),
        params_schema=schema,
        effects=said.effects,
        runs_code=said.runs_code,
        isolate=said.isolate,
        capabilities=said.capabilities,
        example=said.example,
        rehearses=said.rehearses or said.effects == "read",
        reusable=said.reusable or said.effects != "write",
        is_async=inspect.iscoroutinefunction(said.function),
    )


def read_credentials(kind: type | None, functions: Iterable[Callable[..., Any]]) -> tuple[Parameter, ...]:
    """The credentials of a folder: the fields of ``kind``, else what ``functions`` (test_connection first) ask for.

    Of plain functions, the first one's docstring and the keys that all of them read say it; names with token,
    password, secret, key or webhook in them are passwords. Only what the first one needs is required.
    """
    if kind is not None:
        return parameters_of(schema_of(kind))
    from flowbook.tasks.plain import plain_parameters  # a typed folder does without

    return plain_parameters([declared(function).function for function in functions], 0)


def first_line(doc: str | None) -> str:
    """The first line of a docstring that says something."""
    return next((line.strip() for line in (doc or "").splitlines() if line.strip()), "")
