"""What the author of an integration uses.

A task is a plain function ``task(credentials, params) -> {"success", "message", "data"}``. That is all that is needed;
the rest here is optional:

* :class:`Result` builds the returned dict, :class:`~flowbook.errors.TaskFailed` ends a task with a clear message,
* :func:`task` declares what repeating a call would do and lets a typed task be called with plain dicts,
* :class:`Secret` is the type of a credential that hides itself,
* :class:`OAuth2`, beside it, says how people sign in for that credential,
* :func:`current` tells a running task about its run: progress, cancellation, the idempotency key.
"""

from flowbook.tasks.context import Context, current, running_as
from flowbook.tasks.contract import Result, check_result, failure_of, task
from flowbook.tasks.intent import Intent
from flowbook.tasks.oauth2 import OAuth2
from flowbook.tasks.secret import Secret
from flowbook.tasks.spec import TaskSpec

__all__ = [
    "Context",
    "Intent",
    "OAuth2",
    "Result",
    "Secret",
    "TaskSpec",
    "check_result",
    "current",
    "failure_of",
    "running_as",
    "task",
]
