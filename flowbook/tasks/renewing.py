"""A new access token in place of one that a service refused, for the calls of a run."""

from __future__ import annotations

from typing import Protocol


class Renew(Protocol):
    """Gets a new access token for the integration of a call, there where what was signed in for is kept."""

    def __call__(self, refused: str, /, *, again: bool = False) -> str:
        """The token to use in place of ``refused``; empty when there is none to be had.

        ``again`` says that ``refused`` is itself one that this gave, and was refused at once: a new one would be, too.
        Raises FlowbookError when the service does not give one.
        """
