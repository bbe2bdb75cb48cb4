"""JSON that nests without end, wherever it is read: refused in words, whatever depth this Python's own reader bears."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from flowbook.errors import TaskFailed
from flowbook.stored import decode, encode
from integrations.files.documents import _parsed
from integrations.http.models import Headers
from integrations.slack.models import Blocks

DEEP = "[" * 100_000 + "]" * 100_000
READERS: dict[str, Callable[[str], Any]] = {
    "a file": lambda text: _parsed(text, "a.json", 1),
    "an object": lambda text: decode(text.encode(), "json", "utf-8", "rows", "a.json"),
    "headers": TypeAdapter(Headers).validate_python,
    "blocks": TypeAdapter(Blocks).validate_python,
}


@pytest.mark.parametrize("reader", READERS)
def test_it_is_said_to_be_nested_too_deeply(reader: str) -> None:
    with pytest.raises((TaskFailed, ValidationError), match="nested too deeply"):
        READERS[reader](DEEP)


def test_text_for_an_object_that_is_no_json_is_stored_as_text() -> None:
    stored, _ = encode(DEEP, "json", "a.json", "utf-8")
    assert len(stored) > len(DEEP)


def test_an_object_that_nests_too_deeply_to_be_written_is_refused() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(TaskFailed, match="nested too deeply"):
        encode(value, "json", "a.json", "utf-8")


def test_reading_in_the_limits_is_not_touched() -> None:
    level = json.dumps([[[["a"]]]])
    assert decode(level.encode(), "json", "utf-8", "rows", "a.json") == [[[["a"]]]]
