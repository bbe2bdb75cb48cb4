"""What errors say about a name that is not there."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from flowbook import errors
from flowbook.errors import FlowbookError
from flowbook.http import BadAnswer, ServiceError
from flowbook.slips import nearest, suggest

ERRORS = [
    errors.InputError("what", "do this"),
    errors.NotFound("workflow", "send", ["sent"]),
    errors.InvalidWorkflow("it has problems"),
    errors.FileFormatError.about("a.flow.yaml", "this is no mapping.", "Mend it.", at="1:2"),
    errors.RunHeld("it waits", {"send": "why"}, "say"),
    errors.AlreadyRunning("send", "run-1"),
    errors.UnfitCredentials("slack", {"token": "is missing"}),
    errors.ExpressionLookupError("no such name", "${{ a }}"),
    errors.TaskFailed("no", {"kind": "x"}, "hint", permanent=True),
    errors.Conflict("newer", 1, 2, "load it"),
    errors.RunFailed("it failed", run=object()),
    ServiceError("it refused", "not_found", status=404),
    BadAnswer("it was cut off", passing=True),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_in_another_process_and_as_a_copy(error: FlowbookError) -> None:
    """Nothing of ours ends a pool of processes by being raised in it; a run and an answer stay where they are."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), again.args, again.hint) == (str(error), error.args, error.hint)
        here, there = dict(error.__dict__), dict(again.__dict__)
        if not isinstance(here.get("run"), str):
            assert there.pop("run", None) is None
            here.pop("run", None)
        assert here == there


def test_an_error_knows_what_it_is_about_apart_from_what_it_says() -> None:
    error = errors.FileFormatError.about("a.flow.yaml", "this is no mapping.", "Mend it.", at="1:2")
    assert str(error) == "a.flow.yaml:1:2: this is no mapping. Mend it."
    assert error.apart_from("a.flow.yaml") == "1:2: this is no mapping."
    assert error.apart_from("a") == error.message
    error = errors.FileFormatError.about("a.flow.yaml", "this is empty.")
    assert (error.message, error.apart_from("a.flow.yaml")) == ("a.flow.yaml: this is empty.", "this is empty.")
    assert errors.InputError("a: b").apart_from("a") == "a: b", "it only looks so"


def _fail() -> None:
    raise errors.NotFound("workflow", "send", ["sent"])


def test_an_error_comes_back_from_a_pool() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert str(pool.submit(_fail).exception(60)) == "there is no workflow 'send'. Did you mean 'sent'?"


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
