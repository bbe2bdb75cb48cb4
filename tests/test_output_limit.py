"""Of output over the limit both ends are kept, without a secret that the cut goes through."""

from __future__ import annotations

import threading
import tracemalloc
from typing import Any

import pytest

from flowbook.calling.output import ENDING_LIMIT, OUTPUT_LIMIT, Output
from flowbook.calling.redact import KeepsAll
from flowbook.redaction import Redactor

SECRET = "tok-5ecret-9876543210"


def printed(*texts: str, redact: Any = None, stream: str = "stdout") -> str:
    """What comes out of a call that prints ``texts``."""
    found: list[str] = []
    output = Output(lambda _stream, text, _data: found.append(text), redact or KeepsAll(), lambda _output: None)
    for text in texts:
        output.write(stream, text)
    output.flush(everything=True)
    return "".join(found)


def test_what_is_printed_while_something_goes_out_comes_after_it() -> None:
    """As a finalizer may, in whichever line of code it is that garbage is collected."""
    found: list[str] = []

    def emit(stream: str, text: str, data: Any) -> None:
        found.append(text)
        if len(found) < 4:
            output.write("stderr", f"again {len(found)}\n")

    output = Output(emit, KeepsAll(), lambda _output: None)

    def use() -> None:
        output.write("stdout", "one\n")
        output.display({"text/plain": "shown"})
        output.traceback("Traceback", {"ename": "E", "evalue": ""})
        output.flush(everything=True)

    thread = threading.Thread(target=use, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive(), "it hangs"
    wanted = ["one\n", "shown", "Traceback", "again 1\n", "again 2\n", "again 3\n"]
    assert [text for text in wanted if "".join(found).count(text) != 1] == []


def test_what_is_printed_while_a_display_goes_out_is_shown_soon() -> None:
    asked: list[Output] = []

    def emit(stream: str, text: str, data: Any) -> None:
        if stream == "display":
            output.write("stdout", "half a line")

    output = Output(emit, KeepsAll(), asked.append)
    output.display({"text/plain": "shown"})
    assert asked == [output]


def test_under_the_limit_all_of_it_comes_out() -> None:
    lines = [f"{number}\n" for number in range(1000)]
    assert printed(*lines) == "".join(lines)
    exactly = "x" * (OUTPUT_LIMIT - ENDING_LIMIT)
    assert printed(exactly) == exactly
    assert printed(exactly, "y" * 100) == exactly + "y" * 100


@pytest.mark.parametrize("size", [1, 100, 10_000_000])
def test_over_the_limit_the_beginning_and_the_end_come_out(size: int) -> None:
    lines = "".join(f"line {number}\n" for number in range(300_000))
    text = f"the beginning\n{lines}the error\n"
    shown = printed(*(text[at : at + max(size, 50)] for at in range(0, len(text), max(size, 50))))
    assert shown.startswith("the beginning\nline 0\n")
    assert shown.endswith("line 299999\nthe error\n")
    assert "\n[output cut: " in shown
    assert len(shown) < OUTPUT_LIMIT + 100
    left_out = int(shown.partition("[output cut: ")[2].partition(" ")[0].replace(",", ""))
    assert left_out + len(shown) - len(f"\n[output cut: {left_out:,} characters left out]\n") == len(text)


@pytest.mark.parametrize("size", [1_000, 20_000])
@pytest.mark.parametrize("lead", range(0, 30, 3))
def test_a_secret_in_a_long_line_is_not_cut_in_two_where_a_piece_of_it_goes_out(lead: int, size: int) -> None:
    text = "." * lead + f"{SECRET}......." * (size // 10)
    shown = printed(*(text[at : at + 999] for at in range(0, len(text), 999)), redact=Redactor([SECRET]))
    assert shown == text.replace(SECRET, "***")


@pytest.mark.parametrize("lead", [0, 5, 10, 20, 30])
def test_a_secret_that_the_cuts_go_through_is_in_no_piece(lead: int) -> None:
    filler = "." * (7 + lead)
    text = "." * lead + f"{SECRET}{filler}" * 60_000
    shown = printed(*(text[at : at + 999] for at in range(0, len(text), 999)), redact=Redactor([SECRET]))
    pieces = {SECRET[:10], SECRET[-10:], SECRET[5:15]}
    assert not [piece for piece in pieces if piece in shown]


def test_what_is_left_out_costs_no_memory() -> None:
    tracemalloc.start()
    try:
        output = Output(lambda _stream, _text, _data: None, KeepsAll(), lambda _output: None)
        for _ in range(300):
            output.write("stdout", "x" * 100_000 + "\n")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * OUTPUT_LIMIT


class _Seen(str):
    """A text that counts how often its length is asked for."""

    asked = 0

    def __len__(self) -> int:
        _Seen.asked += 1
        return super().__len__()


def test_what_comes_in_many_small_pieces_is_not_counted_again_for_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work grows with the pieces: a loop may print a million of them."""
    monkeypatch.setattr(_Seen, "asked", 0)
    pieces = [_Seen("x") for _ in range(1000)]
    assert printed(*pieces) == "x" * 1000
    assert _Seen.asked <= 10 * len(pieces)
