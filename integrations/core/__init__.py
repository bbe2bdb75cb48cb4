"""Steps that need no service: values, waiting, failing, Python code, sub-workflows, loops."""

from .repeating import repeat
from .tasks import fail, noop, python, run_workflow, set, test_connection, wait  # noqa: A004 - a task's name is a word of its users

__all__ = ["fail", "noop", "python", "repeat", "run_workflow", "set", "test_connection", "wait"]
