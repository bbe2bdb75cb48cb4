"""What services answered in a run, kept without secrets, and played back where no service is.

It works below what integrations call by: urllib3 (so :mod:`flowbook.http`, requests and boto3), psycopg2 and smtplib.
Integrations know nothing of it. The tape of a run is found by the context of a call, so runs go on side by side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.cassettes.places import enter, place_of, take_back, tape_here
from flowbook.lazily import lazily

if TYPE_CHECKING:
    from flowbook.cassettes.seams import inserted
    from flowbook.cassettes.tape import FORMAT, Mode, NotOnCassette, Tape, check_place, read

__all__ = [
    "FORMAT", "Mode", "NotOnCassette", "Tape", "check_place", "enter", "inserted", "place_of", "read", "take_back",
    "tape_here",
]  # fmt: skip

_HOMES = {
    **dict.fromkeys(("FORMAT", "Mode", "NotOnCassette", "Tape", "check_place", "read"), "flowbook.cassettes.tape"),
    "inserted": "flowbook.cassettes.seams",
}

__getattr__ = lazily(__name__, _HOMES)  # most runs have no cassette
