"""What errors say about a name that is not there."""

from __future__ import annotations

import pytest

from flowbook.errors import nearest, suggest


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("tken", ["token", "url"], "token"),
        ("chanel", ["channel"], "channel"),
        ("My Cat", ["My Chat", "Other"], "My Chat"),
        ("my-chat", ["My Chat"], "My Chat"),
        ("maxRows", ["max_rows"], "max_rows"),
        ("tru", ["True", "true"], "true"),
        ("tow", ["one", "two"], "two"),
        ("send_mesage", ["read_message", "send_message"], "send_message"),
    ],
)
def test_a_slip_gets_the_name_that_was_meant(name: str, known: list[str], meant: str) -> None:
    assert nearest(name, known) == meant
    assert suggest(name, known) == f"Did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("strftime", ["split", "strip"]), ("fetch", ["each"]), ("body", ["bool"]), ("title", ["text"]), ("x", ["y"]),
        ("id", ["is"]), ("cat", ["dog", "bar"]), ("webhook_url", ["base_url"]), ("upcase", ["upper"]), ("", ["a"]),
        ("http.get", ["http.request"]), ("print", ["int"]), ("is_empty", ["empty"]), ("yesterday", ["today"]),
        ("report", ["import"]), ("GITHUB", ["GITLAB"]), ("lenght", ["len"]), ("forecast", ["format"]), ("ab", []),
    ],
)  # fmt: skip
def test_what_is_not_near_is_not_suggested(name: str, known: list[str]) -> None:
    """What there is, is listed instead."""
    assert nearest(name, known) == ""
    assert suggest(name, known) == (f"Known names: {', '.join(sorted(known))}." if known else "")


@pytest.mark.parametrize(
    ("what", "many"),
    [
        ("status", "statuses"),
        ("entry", "entries"),
        ("key", "keys"),
        ("field of a node", "fields of a node"),
        ("workflow in the gallery", "workflows in the gallery"),
        ("label of an integration in the workflow", "labels of an integration in the workflow"),
    ],
)
def test_what_is_known_is_told_in_the_plural(what: str, many: str) -> None:
    assert suggest("zzz", ["one"], what) == f"Known {many}: one."
