"""A secret that a person is shown once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from flowbook.ui.parts.theme import ShownOnce


def test_a_secret_reaches_the_page_that_asks_for_it_and_is_in_no_state_that_can_be_saved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[Any] = []
    box = ShownOnce("hush-hush", "Shown this once")
    monkeypatch.setattr(box, "send", sent.append)
    assert "hush-hush" not in json.dumps(box.get_state(), default=str) + repr(box)
    box._handle_custom_msg({"kind": "show"}, [])
    assert sent == [{"text": "hush-hush"}]
