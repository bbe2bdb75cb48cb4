"""Notes and frames: their colour and size are the last line of the text, which older readers take as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.formats.flowfile import dumps, loads
from flowbook.models import Note, Workflow
from flowbook.models.notes import COLOURS, LEAST, MOST, note_text

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SIZES = st.none() | st.tuples(st.integers(LEAST, MOST), st.integers(LEAST, MOST))


@given(WORDS, st.sampled_from(["", *COLOURS]), SIZES)
def test_words_colour_and_size_are_read_back_as_they_were_given(
    words: str, color: str, size: tuple[int, int] | None
) -> None:
    note = Note(text=note_text(words, color, size))
    assert (note.words, note.color, note.size) == (words, color, size)


def test_a_text_without_that_line_is_a_plain_note_and_stays_as_it_is() -> None:
    for text in ("", "plain", "[//]: # (other)", "[//]: # (note blue)\nnot the last line", "a [//]: # (note blue)"):
        note = Note(text=text)
        assert (note.words, note.color, note.size) == (text, "", None)


def test_a_colour_that_is_not_known_and_a_size_that_cannot_be_do_no_harm() -> None:
    note = Note(text="x\n[//]: # (frame 1x99999 mauve)")
    assert (note.words, note.color, note.size) == ("x", "", (LEAST, MOST))


def test_a_note_gets_other_words_another_colour_or_size_and_keeps_the_rest() -> None:
    note = Note(text=note_text("Group", "blue", (400, 200)), at=(1, 2))
    assert note.but("Other") == Note(text="Other\n[//]: # (frame 400x200 blue)", at=(1, 2))
    assert note.but(color="red").text == "Group\n[//]: # (frame 400x200 red)"
    assert note.but(size=(300.4, 10)).size == (300, LEAST)
    assert Note(text="plain").but("new").text == "new"


@pytest.mark.parametrize("text", ["# Title\n[//]: # (frame 640x320 green)", "[//]: # (note purple)"])
def test_a_frame_is_a_note_in_the_file(text: str) -> None:
    flow = Workflow(name="x", notes={"group": Note(text=text, at=(10, 20))})
    assert loads(dumps(flow)) == flow
    assert set(flow.to_document()["notes"]["group"]) == {"text", "at"}
