"""Stand-ins for the services that the workflows in the pictures use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from flowbook.testing import Answer, FakeService, Request

TITLES = """Checkout hangs when a voucher is removed twice
Crash on start with an empty config
Dark theme: unreadable links in the order history
Export loses the column order
Search finds nothing after a rename
Timeouts while importing large catalogues
Invoices in CHF are rounded to whole francs
Password reset mail arrives in plain text
Product images are fetched twice
Sort by rating ignores half stars
Basket is empty after signing in
Stock level lags behind by an hour
Address form refuses Danish postcodes
Newsletter can be ordered without consent""".splitlines()
PEOPLE = ["maria", "jonas", "aiko", "sam"]


def issues(count: int = 42) -> Iterator[dict[str, Any]]:
    """Issues as GitHub's API gives them, the oldest first."""
    now = datetime.now(timezone.utc)
    for i in range(count):
        days = 213 - 5 * i + i * i % 4
        yield {
            "number": 1204 + 7 * i,
            "title": TITLES[i % len(TITLES)],
            "state": "open",
            "created_at": (now - timedelta(days=days)).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "user": {"login": PEOPLE[i * 7 % 4]},
            "assignee": {"login": PEOPLE[i % 4]},
            "labels": [{"name": "bug"}],
        }


def post(request: Request) -> Answer:
    """A webhook that answers when a file called "hold" is gone, so that a picture can be taken of a run."""
    time.sleep(0.4)
    while Path("hold").exists():
        time.sleep(0.05)
    return Answer(body="ok", headers={"Content-Type": "text/html"})


def serve() -> FakeService:
    """GitHub and Slack, on this machine."""
    service = FakeService()
    service.on("GET", "/repos/acme/storefront/issues", Answer(json=list(issues()), delay=0.8))
    service.on("GET", "/", json={"status": "ok"})
    service.on("GET", "/user", json={"login": "acme-bot", "name": "Acme Bot"})
    service.on("POST", "/services/T00/B00/demo", post)
    return service
