"""Feeds as data: what feedparser reads, under the same names for every kind of feed.

Facts: https://feedparser.readthedocs.io/en/latest/reference.html. Markup in titles and texts is sanitized by it, and
relative links are made absolute.
"""

from __future__ import annotations

import hashlib
import io
from calendar import timegm
from collections.abc import Mapping
from datetime import datetime, timezone
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from flowbook import TaskFailed, how_to_install, tables

from .models import Chosen

_KINDS = {
    "application/rss+xml": "rss",
    "application/atom+xml": "atom",
    "application/rdf+xml": "rdf",
    "application/feed+json": "json",
}


def parsed(content: bytes, content_type: str, address: str, what: str) -> Any:
    """The feed that the bytes are; TaskFailed when they are none. ``what`` names it in words."""
    feed = parsed_or_none(content, content_type, address)
    if feed is None:
        raise _no_feed(what, content)
    return feed


def parsed_or_none(content: bytes, content_type: str, address: str) -> Any:
    """The feed that the bytes are, or None when they are none."""
    try:
        import feedparser
    except ImportError:
        raise TaskFailed("feedparser is not installed.", hint=how_to_install("feedparser"), permanent=True) from None
    headers = {"content-type": content_type, "content-location": address}
    try:
        # A file object: bytes would first be tried as the name of a file, or as an address.
        feed = feedparser.parse(io.BytesIO(content), response_headers=headers)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, AssertionError):
        return None
    return feed if feed.get("version") or feed.get("entries") else None  # for nothing there is neither


def _no_feed(what: str, content: bytes) -> TaskFailed:
    start = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return TaskFailed(
            f"{what} is a web page, not a feed.", hint="The task find_feeds lists the feeds that a page names.",
            permanent=True,
        )  # fmt: skip
    return TaskFailed(f"{what} is neither RSS nor Atom.", hint="Check the address.", permanent=True)


def described(feed: Any) -> dict[str, Any]:
    """What a feed says of itself: {"kind", "title", "link", "description", "language", "image", "updated"}."""
    about = feed.feed
    return {
        "kind": feed.version or None,
        "title": about.get("title") or None,
        "link": about.get("link") or None,
        "description": about.get("subtitle") or about.get("description") or None,
        "language": about.get("language") or None,
        "image": _address_of(about.get("image")) or about.get("logo") or about.get("icon") or None,
        "updated": _iso(_moment(about, "updated") or _moment(about, "published")),
    }


def entries(feed: Any, chosen: Chosen) -> list[dict[str, Any]]:
    """The entries that are wanted, in the feed's order, all of them with the same names."""
    since = chosen.since
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=timezone.utc)
    known, found = set(chosen.seen), []
    for entry in feed.entries:
        latest = max((one for one in (_moment(entry, "published"), _moment(entry, "updated")) if one), default=None)
        one = _entry(entry, chosen.more)
        if one["id"] in known or (since is not None and latest is not None and latest <= since):
            continue
        known.add(one["id"])
        found.append(one)
        if len(found) == chosen.limit:
            break
    return found


def _entry(entry: Any, more: list[str]) -> dict[str, Any]:
    content = next((part.get("value") for part in entry.get("content") or () if part.get("value")), None)
    data = {
        "id": entry.get("id") or entry.get("link") or _fingerprint(entry),
        "title": entry.get("title") or None,
        "link": entry.get("link") or None,
        "published": _iso(_moment(entry, "published")),
        "updated": _iso(_moment(entry, "updated")),
        "author": entry.get("author") or None,
        "summary": entry.get("summary") or None,
        "content": content,
        "tags": [tag["term"] for tag in entry.get("tags") or () if tag.get("term")],
        "enclosures": [_enclosure(one) for one in entry.get("enclosures") or () if one.get("href")],
        "image": _image(entry),
        "comments": entry.get("comments") or None,
    }
    return data | {name: _plain(entry.get(name)) for name in more if name not in data}


def _enclosure(one: Any) -> dict[str, Any]:
    size = str(one.get("length") or "")
    return {
        "url": one["href"],
        "type": one.get("type") or None,
        "length": int(size) if size.isascii() and size.isdigit() else None,
    }


def _image(entry: Any) -> str | None:
    pictures = [*(entry.get("media_thumbnail") or ()), *(entry.get("media_content") or ())]
    named = [one["url"] for one in pictures if one.get("url") and _is_picture(one)]
    return (named[0] if named else _address_of(entry.get("image"))) or None


def _is_picture(one: Mapping[str, Any]) -> bool:
    kind = str(one.get("medium") or one.get("type") or "image")
    return kind.startswith("image")


def _address_of(image: Any) -> str | None:
    found = image.get("href") or image.get("url") if isinstance(image, Mapping) else image
    return found if isinstance(found, str) else None


def _fingerprint(entry: Any) -> str:
    text = "\n".join(str(entry.get(name) or "") for name in ("title", "summary", "published"))
    return hashlib.sha256(tables.well_formed(text).encode()).hexdigest()


def _moment(of: Any, name: str) -> datetime | None:
    """A date as feedparser read it, in UTC. Of an entry without ``updated`` it must not hand out ``published``."""
    if f"{name}_parsed" not in of.keys():  # noqa: SIM118 - "in" follows feedparser's stand-ins for names that are missing
        return None
    found = of[f"{name}_parsed"]
    try:
        return None if found is None else datetime.fromtimestamp(timegm(found), timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(value: Any) -> Any:
    """A value of feedparser's as plain data."""
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def named_in(page: str, address: str) -> list[dict[str, Any]]:
    """The feeds that the head of a page names: [{"url", "title", "kind"}], each once, in the page's order."""
    reader = _Links()
    reader.feed(page)
    reader.close()
    found: dict[str, dict[str, Any]] = {}
    for link in reader.links:
        try:
            url = urljoin(urljoin(address, reader.base), link["href"].strip())
        except ValueError:
            continue
        if url.lower().startswith(("http://", "https://")):
            kind = _KINDS[link["type"].partition(";")[0].strip().lower()]
            found.setdefault(url, {"url": url, "title": link.get("title") or None, "kind": kind})
    return list(found.values())


class _Links(HTMLParser):
    """Collects what https://html.spec.whatwg.org/#rel-alternate calls a feed of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.links: list[dict[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "base" and not self.base:
            self.base = given.get("href", "").strip()
        kind = given.get("type", "").partition(";")[0].strip().lower()
        other = tag in ("link", "a") and "alternate" in given.get("rel", "").lower().split()
        if other and kind in _KINDS and given.get("href", "").strip():
            self.links.append(given)
