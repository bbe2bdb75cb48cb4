"""The credentials and params of the feed tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from flowbook import Secret, typed

MAX_BYTES = 20_000_000

_URL: dict[str, Any] = {"flowbook_type": "url"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}

Url = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalUrl = Annotated[Url | None, typed.BlankIsNone]
Text = Annotated[str | None, typed.BlankIsNone]
Names = Annotated[list[str], typed.Parted]


class Credentials(typed.Credentials):
    """All optional: for feeds that want one to sign in, and sent to the origin of url only."""

    url: str | None = Field(
        None,
        description="The feed's address; username, password and token are sent to no other host",
        json_schema_extra=_URL,
    )
    username: str | None = Field(None, description="User name, for a feed that asks for one")
    password: Secret | None = Field(None, description="Its password")
    token: Secret | None = Field(None, description="Bearer token, for a feed that asks for one")


class Reached(typed.Params):
    """How an address is reached."""

    timeout: float = Field(30, gt=0, le=600, description="Seconds that reaching it may take, tries included")
    max_bytes: int = Field(MAX_BYTES, ge=1, description="Largest feed or page that is read, in bytes")


class TestConnection(Reached):
    """The feed to try."""

    url: OptionalUrl = Field(None, description="Address of a feed; empty for the integration's", json_schema_extra=_URL)


class Chosen(typed.Params):
    """Which entries are wanted, and what of them."""

    since: Annotated[datetime | None, typed.BlankIsNone] = Field(
        None,
        description="Only entries published or changed after this, as 2026-01-31 or 2026-01-31T08:00:00+02:00 (else "
        "UTC); those without a date stay",
    )
    seen: list[str] = Field(
        default_factory=list, description="Ids of entries that are known already and left out", json_schema_extra=_JSON
    )
    limit: Annotated[Annotated[int, Field(ge=1)] | None, typed.BlankIsNone] = Field(
        None, description="Most entries, the first in the feed's own order; empty for all"
    )
    more: Names = Field(
        default_factory=list,
        description="Further fields of each entry, as feedparser names them: itunes_duration, license, …",
    )


class ReadFeed(Chosen, Reached):
    """A feed at an address."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["url", "since", "limit"]})

    url: OptionalUrl = Field(
        None, description="Address of the feed; empty for the integration's", json_schema_extra=_URL
    )
    etag: Text = Field(None, description="The etag that reading it last gave: nothing is sent again when unchanged")
    last_modified: Text = Field(None, description="The last_modified that reading it last gave, likewise")


class ParseFeed(Chosen):
    """A feed that is here already."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["content", "path", "since", "limit"]})

    content: str | bytes | None = Field(
        None, description="The feed itself, as text or bytes", json_schema_extra={"flowbook_type": "text"}
    )
    path: Text = Field(
        None, description="A file with it, in place of content", json_schema_extra={"flowbook_type": "file"}
    )
    base_url: OptionalUrl = Field(None, description="Address that relative links start at", json_schema_extra=_URL)
    max_bytes: int = Field(MAX_BYTES, ge=1, description="Largest file that is read, in bytes")


class FindFeeds(Reached):
    """A page."""

    url: Url = Field(description="Address of a page, such as that of a blog", json_schema_extra=_URL)
