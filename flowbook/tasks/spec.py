"""What is known of a task without calling it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flowbook.methods import SAFE, meant
from flowbook.models import Parameter
from flowbook.records import NamedTuple
from flowbook.tasks.capabilities import ALL, Capabilities
from flowbook.tasks.contract import Effects
from flowbook.tasks.signature import Signature


class Origin(Protocol):
    """Where a task's code comes from: plain data, by which another process finds the same code. ``key`` names it."""

    @property
    def key(self) -> str:
        """The same for the same code only, in one process."""

    @property
    def digest(self) -> str:
        """The same for the same code only, in every process."""

    def task(self, name: str, /) -> TaskSpec:
        """The task "folder.function" of it."""


class TaskSpec(NamedTuple):
    """A task of an integration folder.

    ``name`` is "folder.function"; ``function`` is the author's own, undecorated; ``parameters`` describe its params, in
    order; with ``open_params`` other params may be given too (a plain dict), else they are a mistake.
    ``params_schema`` is the JSON Schema of typed params (with ``$defs``), else None. ``isolate`` says that it is called
    in a process of its own, which finds it by its ``origin``. ``reusable`` says that its node may have a ``cache``,
    ``rehearses`` that it is called in dry runs too, ``example`` is what such a run hands on in place of its data.
    ``capabilities`` are what it is able to do, as declared; ``runs_code`` only what was declared in so many words.
    """

    name: str
    function: Callable[..., Any]
    signature: Signature
    description: str = ""
    doc: str = ""
    parameters: tuple[Parameter, ...] = ()
    open_params: bool = True
    params_schema: dict[str, Any] | None = None
    effects: Effects = "write"
    runs_code: bool = False
    is_async: bool = False
    isolate: bool = False
    reusable: bool = True
    rehearses: bool = False
    example: Any = None
    origin: Origin | None = None
    capabilities: Capabilities = ALL

    @property
    def folder(self) -> str:
        """The integration folder."""
        return self.name.partition(".")[0]

    @property
    def function_name(self) -> str:
        """The function's name inside its folder."""
        return self.name.partition(".")[2]

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)

    @property
    def sends_any_method(self) -> bool:
        """Whether its param ``method`` says how a request is sent."""
        param = self.parameter("method")
        return param is not None and not SAFE.isdisjoint(param.choices)

    def asks_only(self, params: Mapping[str, Any]) -> bool:
        """Whether a task that sends a request by any method sends one here that changes nothing, in so many words."""
        param = self.parameter("method")
        if param is None or not self.sends_any_method:
            return False
        headers = params.get("headers") or {}
        if not isinstance(headers, Mapping) or any("${{" in f"{name}{value}" for name, value in headers.items()):
            return False
        method = params.get("method") or param.default
        return isinstance(method, str) and meant(method, headers.items()) in SAFE
