"""What came of a call of a task: its data when it succeeded, and the failed result, which holds no secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def succeeded(result: dict[str, Any]) -> Any:
    """The data of a call that succeeded."""
    assert result["success"] is True, result["message"]
    return result["data"]


def failing_without(*secrets: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What takes the result of a call that failed, after checking that none of these secrets is in it."""

    def failed(result: dict[str, Any]) -> dict[str, Any]:
        assert result["success"] is False
        for secret in secrets:
            assert secret not in json.dumps(result)
        return result

    return failed
