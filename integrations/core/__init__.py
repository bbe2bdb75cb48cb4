"""Steps that need no service: values, waiting, failing, Python code, sub-workflows."""

from .tasks import fail, noop, python, run_workflow, set, test_connection, wait

__all__ = ["fail", "noop", "python", "run_workflow", "set", "test_connection", "wait"]
