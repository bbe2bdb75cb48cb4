"""Notes on the canvas: free text, its colour, and frames, which are notes that stand around a group of nodes.

Colour and size are the last line of the text, as a comment of Markdown: ``[//]: # (frame 640x320 blue)``. So a frame is
a note for whoever knows of no frames, and no reader of the file format refuses it.
"""

# Annotations are made at once here, not kept as text: pydantic would compile each of them again.
import re
from typing import Annotated, Any

from pydantic import Field

from flowbook.models.base import Finite, Frozen

COLOURS = ("yellow", "blue", "green", "red", "purple", "grey")
LEAST, MOST = 80, 20_000  # pixels that a side of a frame has

_LOOK = re.compile(r"(?:\A|\n)\[//\]: # \((?:note|frame (\d{1,5})x(\d{1,5}))(?: (\w+))?\)\s*\Z")


class Note(Frozen):
    """Free text (Markdown) on the canvas, at a position in pixels: the middle of a note or frame.

    ``words`` are the text without the line that says how it looks, ``color`` is one of :data:`COLOURS` or "",
    ``size`` the width and height of a frame and None for a note.
    """

    text: str = ""
    at: Annotated[tuple[Finite, Finite], Field(strict=False)] = (0, 0)

    @property
    def words(self) -> str:
        """What is to be read."""
        found = _LOOK.search(self.text)
        return self.text[: found.start()] if found else self.text

    @property
    def color(self) -> str:
        """Its colour; "" when it has none of its own."""
        found = _LOOK.search(self.text)
        return str(found[3]) if found and found[3] in COLOURS else ""

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of a frame; None for a note."""
        found = _LOOK.search(self.text)
        if found is None or found[1] is None:
            return None
        return _side(int(found[1])), _side(int(found[2]))

    def but(
        self, words: str | None = None, color: str | None = None, size: tuple[float, float] | None = None
    ) -> "Note":
        """The note with other words, another colour or size, and the rest as it is."""
        return Note(
            text=note_text(
                self.words if words is None else words,
                self.color if color is None else color,
                self.size if size is None else size,
            ),
            at=self.at,
        )

    def to_document(self) -> dict[str, Any]:
        """Text and position."""
        return {"text": self.text, "at": position(self.at)}


def note_text(words: str, color: str = "", size: tuple[float, float] | None = None) -> str:
    """The text of a note with these words; with a ``size`` it is a frame."""
    kind = "note" if size is None else f"frame {_side(size[0])}x{_side(size[1])}"
    if size is None and not color:
        return words
    look = f"[//]: # ({kind}{f' {color}' if color in COLOURS else ''})"
    return f"{words}\n{look}" if words else look


def position(at: tuple[float, float]) -> list[float]:
    """A place on the canvas as it is written: whole numbers without a point."""
    return [number(round(float(part), 2)) for part in at]


def number(value: float) -> float:
    """A number as it is written: a whole one without a point."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _side(length: float) -> int:
    return min(max(round(length), LEAST), MOST)
