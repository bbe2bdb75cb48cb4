"""The task contract: what is returned, how it fails, and the decorator that declares more."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar, overload

from flowbook.errors import FlowbookError, TaskFailed
from flowbook.installing import remedy_for
from flowbook.tasks.capabilities import Capabilities, Reach

Effects = Literal["read", "write", "idempotent"]
EFFECTS: tuple[str, ...] = ("read", "write", "idempotent")

F = TypeVar("F", bound=Callable[..., Any])


def well_formed(text: str) -> str:
    """``text`` with lone surrogates, which no file, terminal or database takes, written as escapes."""
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    except AttributeError:
        return text  # not a text at all: check_result says so
    return text


class Result(dict[str, Any]):
    """What a task returns: a dict with ``success``, ``message`` and ``data``.

    A failure that another try would not mend says so besides: ``"permanent": True``; its node's ``retry`` makes none.

    >>> Result.ok("Message sent", {"ts": "1700000000.1"})
    {'success': True, 'message': 'Message sent', 'data': {'ts': '1700000000.1'}}
    """

    __slots__ = ()

    def __init__(self, success: bool, message: str, data: Any = None, *, permanent: bool = False) -> None:
        self["success"] = success
        self["message"] = well_formed(message)
        self["data"] = data
        if permanent:
            self["permanent"] = True

    @classmethod
    def ok(cls, message: str, data: Any = None) -> Result:
        """A success."""
        return cls(True, message, data)

    @classmethod
    def failed(cls, message: str, data: Any = None, *, permanent: bool = False) -> Result:
        """A failure; ``permanent`` when another try would fail as well."""
        return cls(False, message, data, permanent=permanent)

    @property
    def success(self) -> bool:
        """Whether the task did what it is for."""
        return bool(self["success"])

    @property
    def message(self) -> str:
        """What happened, in a sentence for people."""
        return str(self["message"])

    @property
    def data(self) -> Any:
        """What later nodes may use; None when there is nothing."""
        return self["data"]

    @property
    def permanent(self) -> bool:
        """Whether this is a failure that another try would not mend."""
        return not self.success and self.get("permanent") is True


def check_result(task_name: str, returned: Any) -> Result:
    """What a task returned, as a :class:`Result`; TaskFailed says how it breaks the contract.

    ``success`` must be true or false and ``message`` text; ``data`` may be missing, and so may ``permanent``.
    """
    if type(returned) is Result and _is_plain(returned):
        return returned
    remedy = 'Return {"success": True or False, "message": "...", "data": ...}.'
    if not isinstance(returned, Mapping):
        raise TaskFailed(f"{task_name} returned {_kind(returned)} instead of a dict.", hint=remedy, permanent=True)
    missing = [key for key in ("success", "message") if key not in returned]
    if missing:
        names = " and ".join(repr(key) for key in missing)
        raise TaskFailed(f"{task_name} returned a dict without {names}.", hint=remedy, permanent=True)
    if not isinstance(returned["success"], bool):
        raise TaskFailed(
            f"{task_name} returned {_kind(returned['success'])} as 'success'.", hint=remedy, permanent=True
        )
    message = returned["message"]
    if not isinstance(message, str):
        raise TaskFailed(f"{task_name} returned {_kind(message)} as 'message'.", hint=remedy, permanent=True)
    permanent = returned.get("permanent", False)
    if not isinstance(permanent, bool):
        raise TaskFailed(
            f"{task_name} returned {_kind(permanent)} as 'permanent'.", hint="Return True or False.", permanent=True
        )
    if type(returned) is Result:
        return returned
    return Result(returned["success"], message, returned.get("data"), permanent=permanent)


def _is_plain(result: Result) -> bool:
    """Whether a result is as it was made, with nothing put in or taken out since."""
    return len(result) == 3 and type(result.get("success")) is bool and type(result.get("message")) is str


class Ended(SystemExit):
    """What ``os._exit`` raises in a call that is made in the run's own process."""


def failure_of(error: BaseException) -> Result:
    """The failed result that an exception raised by a task becomes."""
    if isinstance(error, TaskFailed):
        return Result.failed(str(error), error.data, permanent=error.permanent)
    if isinstance(error, FlowbookError):
        return Result.failed(str(error), permanent=error.permanent)
    if isinstance(error, SystemExit):
        by = "os._exit" if isinstance(error, Ended) else "sys.exit"
        return Result.failed(f"Error: the task called {by}({error.code!r})")
    text = text_of(error)
    name = type(error).__name__
    remedy = remedy_for(error)
    said = f"Error: {text} ({name})" if text else f"Error: {name}"
    return Result.failed(f"{said}. {remedy}" if remedy else said, permanent=bool(remedy))


def text_of(error: BaseException) -> str:
    """What an exception says; "" when it fails at that, too."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception's own __str__ may fail; its name is still worth showing
        return ""


@overload
def task(function: F) -> F: ...
@overload
def task(
    *,
    effects: Effects = "write",
    network: Reach | None = None,
    reads_files: Reach | None = None,
    writes_files: Reach | None = None,
    runs_code: bool | None = None,
    isolate: bool = False,
    reusable: bool = False,
    rehearses: bool = False,
    example: Any = None,
) -> Callable[[F], F]: ...


def task(
    function: Any = None,
    *,
    effects: Effects = "write",
    network: Reach | None = None,
    reads_files: Reach | None = None,
    writes_files: Reach | None = None,
    runs_code: bool | None = None,
    isolate: bool = False,
    reusable: bool = False,
    rehearses: bool = False,
    example: Any = None,
) -> Any:
    """Declare a task: ``@task(effects="read" | "write" | "idempotent")``.

    ``effects`` says what repeating the call would do: "read" changes nothing, "idempotent" may be repeated (it
    uses ``current().idempotency_key``, or repeats harmlessly), "write" (the default) must not be repeated without
    asking. ``isolate`` has it called in a process of its own, which a timeout or a cancelled run ends for certain: for
    what may hold Python's lock for long, or crash. ``reusable`` lets the node of a "write" have a ``cache``, as all
    others may: for what may as well not be called again. ``rehearses`` has a "write" called in dry runs: nothing that
    it does outside happens without ``current().about_to(…)``, which ``http.Session`` asks by itself. ``example`` is
    such data as the task gives: in a dry run, in which it is not done, what follows goes on with that.

    What it is able to do decides whether a workflow from a file may use it without being asked about (what is left out
    it is taken to be able to do): ``network`` whether it talks to servers, ``reads_files`` and ``writes_files`` whether
    it touches files that its params name, ``runs_code`` whether it executes code out of its params. In place of True
    the first three may name the params that hold the address or the paths: ``writes_files="path"``.

    Raises ValueError for effects that there are not, and an example that JSON does not hold.

    The function may be called directly, as in a test, with plain dicts, whatever its type hints; ``params`` may be left
    out; an exception becomes a failed result.
    """
    if effects not in EFFECTS:
        raise ValueError(f"effects must be one of {', '.join(EFFECTS)}, not {effects!r}")
    _check_example(example)
    able = Capabilities.declared(network, reads_files, writes_files, runs_code)

    def declare(inner: Callable[..., Any]) -> Callable[..., Any]:
        wrapper = _async_caller(inner) if inspect.iscoroutinefunction(inner) else _caller(inner)
        declared = {
            "function": inner, "effects": effects, "runs_code": runs_code is True, "isolate": isolate,
            "reusable": reusable, "rehearses": rehearses, "example": example, "capabilities": able, "wrapper": wrapper,
        }  # fmt: skip
        wrapper.__flowbook_task__ = declared  # type: ignore[attr-defined]
        return wrapper

    return declare if function is None else declare(function)


def _check_example(example: Any) -> None:
    if example is None:
        return
    import json

    try:
        json.dumps(example, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"example must be data that JSON holds: {error}") from None


def _caller(inner: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(inner)
    def call(credentials: Any = None, params: Any = None) -> Result:
        try:
            arguments = _arguments(inner, credentials, params)
            return check_result(inner.__name__, inner(*arguments))
        except Exception as error:  # noqa: BLE001 - the contract: every error becomes a failed result
            return failure_of(error)

    return call


def _async_caller(inner: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(inner)
    async def call(credentials: Any = None, params: Any = None) -> Result:
        try:
            arguments = _arguments(inner, credentials, params)
            return check_result(inner.__name__, await inner(*arguments))
        except Exception as error:  # noqa: BLE001 - the contract: every error becomes a failed result
            return failure_of(error)

    return call


def _arguments(inner: Callable[..., Any], credentials: Any, params: Any) -> tuple[Any, ...]:
    from flowbook.tasks.signature import signature_of

    return signature_of(inner).arguments(credentials or {}, params or {})


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "None" if value is None else f"an {name}" if name[0] in "aeiouAEIO" else f"a {name}"
