"""When something is due: cron expressions in a time zone, by cronsim.

What cronsim does where clocks are changed is what Debian's cron does: what is due at a fixed time that is left out runs
right after the gap, and what is due in an hour that comes twice runs once; what has ``*`` in the field of minutes or
hours goes on by the real time that passes.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from flowbook.errors import FlowbookError, InputError, NotFound
from flowbook.installing import how_to_install
from flowbook.paths import real

if TYPE_CHECKING:
    from cronsim import CronSim

FORM = 'Five fields: minute, hour, day of the month, month, day of the week. For example "0 7 * * 1-5".'


class Cron:
    """A cron expression in a time zone. Raises InputError for what is none, or is never due; NotFound for the zone."""

    def __init__(self, expression: str, zone: str) -> None:
        self.expression, self.zone = " ".join(expression.split()), zone
        self._zone = _zone(zone)
        self.after(0.0)

    def after(self, at: float) -> float:
        """The first moment after ``at`` at which it is due, in seconds since the epoch."""
        found = next(self._after(at), None)
        if found is None:
            raise InputError(f"the cron expression {self.expression!r} is never due.", "Choose a day that there is.")
        return found.timestamp()

    def before(self, at: float) -> float | None:
        """The last moment up to ``at`` at which it was due; None when it never was."""
        back = self._from(float(int(at) + 1), reverse=True)  # from the next second: what is due at ``at`` counts
        return next((moment.timestamp() for moment in back if moment.timestamp() <= at), None)

    def between(self, begin: float, end: float) -> Iterator[float]:
        """The moments after ``begin`` and up to ``end``."""
        return itertools.takewhile(lambda at: at <= end, (moment.timestamp() for moment in self._after(begin)))

    def next_times(self, at: float, count: int) -> list[datetime]:
        """The next moments after ``at``, as times in its zone."""
        return list(itertools.islice(self._after(at), count))

    def _after(self, at: float) -> Iterator[datetime]:
        # Where an hour comes twice, cronsim goes by what the clock on the wall shows: it may begin with what was due.
        return (moment for moment in self._from(at) if moment.timestamp() > at)

    def _from(self, at: float, **how: Any) -> CronSim:
        try:
            from cronsim import CronSim, CronSimError
        except ImportError:
            hint = how_to_install("cronsim")
            raise FlowbookError("cronsim, which schedules need, is not installed.", hint) from None
        if len(self.expression.split()) != 5:
            raise InputError(f"{self.expression!r} is no cron expression: it has no five fields.", FORM)
        try:
            return CronSim(self.expression, datetime.fromtimestamp(at, self._zone), **how)
        except CronSimError as error:
            raise InputError(f"{self.expression!r} is no cron expression: {error}.", FORM) from None


def _zone(name: str) -> ZoneInfo | timezone:
    try:
        return timezone.utc if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotFound("time zone", name, available_timezones(), "") from None


def zone_here() -> str:
    """The time zone of this machine, by its name; UTC where it has none that says so."""
    name = os.environ.get("TZ", "").lstrip(":")
    if not name:
        place = Path("/etc/localtime")
        _, _, name = str(real(place)).partition("zoneinfo/") if place.is_symlink() else ("", "", "")
    return name if name in available_timezones() else "UTC"
