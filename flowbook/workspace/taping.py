"""The cassette of a run: a file that is written when it is over, or that it is played from."""

from __future__ import annotations

import os
import time
from pathlib import Path

from flowbook.cassettes import Tape, check_place, read
from flowbook.cassettes.content import Cleaner
from flowbook.errors import InputError, StoreError
from flowbook.redaction import Redactor
from flowbook.view.document import stamp

Place = str | os.PathLike[str]


class Taping:
    """One run with a cassette, and those inside of it."""

    def __init__(self, tape: Tape, file: Path | None) -> None:
        """``file`` is where the tape is written when it keeps."""
        self.tape = tape
        self._file = file
        self._run = ""

    def begin(self, run: str, redact: Redactor, *, outermost: bool) -> str:
        """The id that the run is to have: played, that of the recorded one, since requests may hold it."""
        cleaner = Cleaner(redact)
        self.tape.clean, self.tape.of_pieces_too = cleaner, cleaner.of_pieces_too
        if not outermost:
            return run
        self._run = str(self.tape.about.get("run") or run) if self.tape.replaying else run
        return self._run

    def end(self, run: str, workflow: str) -> list[str]:
        """Write the file once the outermost run is over; what could not be done."""
        if self._file is None or run != self._run:
            return []
        try:
            self.tape.save(self._file, {"run": run, "workflow": workflow, "recorded_at": stamp(time.time())})
        except StoreError as error:
            return [str(error)]
        return [self.tape.unkept] if self.tape.unkept else []


def taping(record: Place | None, replay: Place | None) -> Taping | None:
    """What a run is given; None without a cassette. Raises InputError, FileFormatError, and StoreError for a file that
    cannot be written: before anything runs.
    """
    if record is not None and replay is not None:
        raise InputError("a run is recorded or replayed, not both.", "Give one of the two.")
    if replay is not None:
        return Taping(read(Path(replay)), None)
    if record is None:
        return None
    check_place(Path(record))  # else it would be known only when all is done
    return Taping(Tape("record"), Path(record))
