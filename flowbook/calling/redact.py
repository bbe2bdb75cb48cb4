"""What keeps secrets out of everything that a call prints or says."""

from __future__ import annotations

from typing import Any, Protocol


class Redact(Protocol):
    """Takes the secrets out of texts and plain data."""

    @property
    def longest(self) -> int:
        """The length of the longest thing it looks for; 0 when it knows of no secret."""

    def add(self, secret: str, /) -> None:
        """Take this one out, too, from now on."""

    def __call__(self, text: str, /) -> str:
        """The text without secrets."""

    def redact_json(self, value: Any, /) -> Any:
        """Plain data (dicts, lists, texts, numbers) without secrets."""


class KeepsAll:
    """A redactor that knows of no secret."""

    longest = 0

    def add(self, secret: str, /) -> None:
        """Keep it all the same."""

    def __call__(self, text: str, /) -> str:
        """The text as it is."""
        return text

    def redact_json(self, value: Any, /) -> Any:
        """The data as they are."""
        return value
