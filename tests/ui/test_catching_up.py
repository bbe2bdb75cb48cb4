"""What changed while a page began is told to it once more, and to a page that was there nothing is."""

from __future__ import annotations

import time
from typing import Any

import ipywidgets
import pytest

from flowbook.ui.parts.theme import Message, column, framed
from flowbook.ui.parts.wire import Wire


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The states that are sent to pages, each with the id of its widget."""
    sent: list[dict[str, Any]] = []

    def send(self: Any, message: Any, buffers: Any = None) -> None:
        if message["method"] == "update" and self.comm is not None:
            sent.append({"id": self.model_id, **message["state"]})

    monkeypatch.setattr(ipywidgets.Widget, "_send", send)
    return sent


def begun(box: Any, page: str, seconds: float) -> None:
    frame = box.children[0]
    frame._handle_custom_msg({"kind": "begun", "page": page, "seconds": seconds}, [])


def test_a_page_that_began_later_is_told_what_changed_since(told: list[dict[str, Any]]) -> None:
    message, still = Message(text="at first"), Message(text="still")
    inner = column()
    box = framed(message, still, inner)
    told.clear()
    begun(box, "one that was there", 60.0)
    assert told == []
    message.say("and then", "error")
    inner.children = (message,)
    told.clear()
    begun(box, "a later one", 0.0)
    assert {one["id"]: one for one in told} == {
        message.model_id: {"id": message.model_id, "text": "and then", "tone": "error"},
        inner.model_id: {"id": inner.model_id, "children": [f"IPY_MODEL_{message.model_id}"]},
    }


def test_what_changed_long_before_the_page_was_loaded_is_not_told(
    told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = Message()
    box = framed(message)
    message.say("long ago")
    told.clear()
    later = time.monotonic() + 200
    monkeypatch.setattr(time, "monotonic", lambda: later)
    begun(box, "a later one", 90.0)
    assert told == []
    begun(box, "one that took its time", 150.0)
    assert [one["text"] for one in told] == ["long ago"]


def test_a_page_that_shows_it_once_more_is_told_too(told: list[dict[str, Any]]) -> None:
    message = Message()
    box = framed(message)
    begun(box, "a page", 60.0)
    message.say("while its tab was closed")
    told.clear()
    begun(box, "a page", 65.0)
    assert [one["text"] for one in told] == ["while its tab was closed"]


def test_what_sees_to_it_by_itself_and_what_is_closed_is_left(told: list[dict[str, Any]]) -> None:
    wire = Wire(lambda: {"a": 1}, lambda kind, content: None)
    gone = Message()
    box = framed(wire, gone)
    wire.replace()
    gone.say("for a moment")
    box.children = box.children[:2]
    gone.close()
    told.clear()
    begun(box, "a later one", 0.0)
    assert [one["id"] for one in told] == [box.model_id]


@pytest.mark.parametrize("content", [None, "begun", {"kind": "begun"}, {"kind": "begun", "page": 1, "seconds": "x"}])
def test_a_message_of_another_form_does_nothing(told: list[dict[str, Any]], content: Any) -> None:
    message = Message()
    box = framed(message)
    message.say("said")
    told.clear()
    box.children[0]._handle_custom_msg(content, [])
    assert told == []
