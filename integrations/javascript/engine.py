"""QuickJS: one context a call, with bounds on its time, memory and stack; it knows no files, no network, no modules."""

from __future__ import annotations

import json
import time
from typing import Any

from flowbook import TaskFailed, current, how_to_install
from flowbook.json_text import TooDeep, parse_json

_STACK = 1 << 20
_PRINTED = 1_000_000
_OUTCOME = "__outcome"
_MEMORY = "the code takes more memory than it may"

CONSOLE = """
globalThis.__lines = []; globalThis.__printed = 0;
const __shown = value => { try { return typeof value === 'string' ? value : JSON.stringify(value) ?? String(value) }
                           catch { return String(value) } };
const __log = (...values) => { const line = values.map(__shown).join(' '); __printed += line.length + 1;
                               if (__printed < LIMIT) __lines.push(line) };
globalThis.console = {log: __log, info: __log, warn: __log, error: __log, debug: __log};
""".replace("LIMIT", str(_PRINTED))


class Machine:
    """A JavaScript context for one call."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        try:
            import quickjs
        except ImportError:
            hint = how_to_install("quickjs")
            raise TaskFailed("JavaScript needs QuickJS, which is not installed.", hint=hint, permanent=True) from None
        self._errors = (quickjs.JSException, quickjs.StackOverflow)
        self._context = quickjs.Context()
        self._context.set_memory_limit(megabytes << 20)
        self._context.set_max_stack_size(_STACK)
        self._seconds = seconds
        self._end = time.thread_time() + seconds

    def run(self, prelude: str, data: Any, body: str) -> Any:
        """The value of an expression that gives a promise, as plain data. Prints what the code printed.

        ``prelude`` runs first and finds ``data`` as ``__data``. Raises TaskFailed.
        """
        try:
            self._context.set("__text", json.dumps(data, ensure_ascii=True, default=str))
            self._eval("globalThis.__data = JSON.parse(__text); delete globalThis.__text;")
            self._eval(CONSOLE + prelude)
            self._eval(
                f"var {_OUTCOME}; ({body}).then(value => {{ {_OUTCOME} = {{value: JSON.stringify(value)}} }}).catch("
                f"error => {{ {_OUTCOME} = {{error: String(error && error.message || error), "
                f"stack: String(error && error.stack || '')}} }});"
            )
            self._settle()
            return self._outcome()
        except MemoryError:
            raise TaskFailed(_MEMORY) from None
        except self._errors as error:
            broken = str(error).startswith("SyntaxError")  # QuickJS has one exception, and begins with the error's name
            raise TaskFailed(self._said(error), permanent=broken) from None
        finally:
            self._print()

    def _eval(self, source: str) -> Any:
        left = self._end - time.thread_time()
        if left <= 0:
            raise TaskFailed(f"the code takes more than {self._seconds:g} seconds")
        self._context.set_time_limit(left)
        return self._context.eval(source)

    def _settle(self) -> None:
        """Go on with what awaits, until nothing does."""
        while True:
            if current().cancelled:
                raise TaskFailed("Told to stop")
            left = self._end - time.thread_time()
            if left <= 0:
                raise TaskFailed(f"the code takes more than {self._seconds:g} seconds")
            self._context.set_time_limit(left)
            if not self._context.execute_pending_job():
                return

    def _outcome(self) -> Any:
        text = self._eval(f"{_OUTCOME} === undefined ? '' : JSON.stringify({_OUTCOME})")
        if not text:
            raise TaskFailed("the code waits for something that never comes: nothing outside of it can answer")
        outcome = parse_json(text)
        if outcome.get("error") == "out of memory":
            raise TaskFailed(_MEMORY)
        if "error" in outcome:
            raise TaskFailed(f"{outcome['error'] or 'the code failed'}{_place(outcome['stack'])}")
        try:
            return parse_json(outcome["value"]) if "value" in outcome else None
        except TooDeep as error:
            raise TaskFailed(f"what the code gives cannot be taken: {error}") from None

    def _said(self, error: Exception) -> str:
        lines = str(error).splitlines() or [""]
        if "interrupted" in lines[0]:
            return f"the code takes more than {self._seconds:g} seconds"
        if "out of memory" in lines[0]:
            return _MEMORY
        return f"{lines[0]}{_place(str(error))}"

    def _print(self) -> None:
        try:
            self._context.set_time_limit(1)
            printed = parse_json(self._context.eval("JSON.stringify(globalThis.__lines || [])"))
        except Exception:  # noqa: BLE001 - a context without memory or with a console of its own: nothing to print
            return
        for line in printed:
            print(line)


def _place(stack: str) -> str:
    """``(line 3)`` of the code, where a stack says it: the code begins in a line of its own."""
    for line in stack.splitlines():
        place = line.rpartition("<input>:")[2]
        number = place.partition(":")[0].rstrip(")")
        if place is not line and number.isdecimal() and int(number) > 1:
            return f" (line {int(number) - 1})"
    return ""
