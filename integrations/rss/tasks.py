"""Reading feeds, at an address or at hand, and finding them."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, contents, http, task

from .feeds import described, entries, named_in, parsed, parsed_or_none
from .models import Credentials, FindFeeds, ParseFeed, Reached, ReadFeed, TestConnection

_ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"


@task(effects="read", network="url", reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Read the integration's feed, or the one at url.

    Data: {"kind", "title", "link", "description", "language", "image", "updated"}.
    """
    answer, address = _fetched(credentials, params.url, params, {})
    about = described(_parsed(answer, address))
    return Result.ok(f"The feed {about['title'] or address} ({about['kind']}) can be read.", about)


@task(effects="read", network="url", reads_files=False, writes_files=False, runs_code=False)
def read_feed(credentials: Credentials, params: ReadFeed) -> Result:
    """Read the entries of a feed (RSS 0.9 to 2.0, RDF, Atom).

    Data: what the feed says of itself, with "entries": a list of {"id", "title", "link", "published", "updated" (ISO,
    UTC), "author", "summary", "content" (HTML, sanitized), "tags", "enclosures", "image", "comments"}, "etag" and
    "last_modified" to give next time, and "unchanged", which is true when they said that there is nothing new.
    """
    asked = {"If-None-Match": params.etag, "If-Modified-Since": params.last_modified}
    answer, address = _fetched(credentials, params.url, params, {name: value for name, value in asked.items() if value})
    if answer.status == 304:
        kept: dict[str, Any] = {
            "entries": [],
            "etag": params.etag,
            "last_modified": params.last_modified,
            "unchanged": True,
        }
        return Result.ok("The feed has not changed.", kept)
    feed = _parsed(answer, address)
    found = entries(feed, params)
    marks = {"etag": answer.headers.get("ETag"), "last_modified": answer.headers.get("Last-Modified")}
    data = {**described(feed), "entries": found, **marks, "unchanged": False}
    return Result.ok(_said(found, feed), data)


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def parse_feed(credentials: object, params: ParseFeed) -> Result:
    """Read the entries of a feed that is here as a text, as bytes or as a file.

    Data: as that of read_feed, without "etag", "last_modified" and "unchanged".
    """
    given = params.content
    kind = "application/xml; charset=utf-8" if isinstance(given, str) else "application/xml"
    name, content = contents.read(params.path, given.encode() if isinstance(given, str) else given, params.max_bytes)
    feed = parsed(content, kind, params.base_url or "", name[:1].upper() + name[1:] if params.path is None else name)
    found = entries(feed, params)
    return Result.ok(_said(found, feed), {**described(feed), "entries": found})


@task(effects="read", network="url", reads_files=False, writes_files=False, runs_code=False)
def find_feeds(credentials: Credentials, params: FindFeeds) -> Result:
    """Find the feeds that a web page names. Data: a list of {"url", "title", "kind": rss, atom, rdf or json}."""
    answer, _ = _fetched(credentials, params.url, params, {"Accept": "text/html, */*;q=0.5"})
    found = named_in(answer.text, answer.url)
    if not found:
        itself = parsed_or_none(answer.content, answer.headers.get("Content-Type", ""), answer.url)
        if itself is not None and itself.version:
            kind = "atom" if itself.version.startswith("atom") else "rss"
            found = [{"url": answer.url, "title": itself.feed.get("title") or None, "kind": kind}]
    return Result.ok(f"{len(found)} feed{'' if len(found) == 1 else 's'} found.", found)


def _fetched(
    credentials: Credentials, url: str | None, reached: Reached, headers: dict[str, str]
) -> tuple[http.Response, str]:
    """The answer of an address, and that address as it may be shown; credentials go to their own host only."""
    address = url or credentials.url
    if not address:
        raise TaskFailed("No feed is named.", hint="Give url, or an integration that has one.", permanent=True)
    own = credentials.url is not None and (url is None or http.same_origin(url, credentials.url))
    with http.Session(
        address, service="The feed", timeout=reached.timeout, max_bytes=reached.max_bytes,
        browser_redirects=True, **(_authorization(credentials) if own else {}),
    ) as session:  # fmt: skip
        answer = session.get("", headers={"Accept": _ACCEPT, **headers}, accept=[304], parse=False)
    return answer, session.base_url.partition("?")[0]


def _authorization(credentials: Credentials) -> dict[str, Any]:
    secrets = [one for one in (credentials.password, credentials.token) if one]
    if credentials.token:
        return {"headers": {"Authorization": f"Bearer {credentials.token.reveal()}"}, "secrets": secrets}
    if credentials.username:
        password = credentials.password.reveal() if credentials.password else ""
        return {"auth": (credentials.username, password), "secrets": secrets}
    return {}


def _parsed(answer: http.Response, address: str) -> Any:
    return parsed(answer.content, answer.headers.get("Content-Type", ""), answer.url, address)


def _said(found: list[dict[str, Any]], feed: Any) -> str:
    of = f" of {len(feed.entries):,}" if len(found) < len(feed.entries) else ""
    return f"{len(found):,}{of} entr{'y' if len(found) == 1 and not of else 'ies'}."
