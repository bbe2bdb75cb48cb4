"""Whether the code of a workspace's own integration folders may be imported; who decides that is not known here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flowbook.records import NamedTuple


class Admission(NamedTuple):
    """All of the code may be imported, or of each folder the version with the digest that ``digests`` names.

    ``why`` is why not, and ``remedy`` what to do about it.
    """

    all: bool = False
    digests: Mapping[str, str] = {}
    why: str = ""
    remedy: str = ""


Gate = Callable[[], Admission]
"""Asked each time before anything of a workspace's code is imported or used."""
