"""A service's answers in pages: which page is the next one, by its address or by its query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from flowbook.http import address
from flowbook.http.faults import BadAnswer
from flowbook.http.response import Response

Follow = Callable[[Response], "str | Mapping[str, Any] | None"]


def pages(
    service: str,
    url: Callable[[str], str],
    request: Callable[..., Response],
    path: str,
    params: Mapping[str, Any] | Iterable[tuple[str, Any]] | None,
    next: Follow | None,
    options: dict[str, Any],
) -> Iterator[Response]:
    """As :meth:`flowbook.http.Session.pages`; ``url`` makes an address of a path, ``request`` asks for a page."""
    follow = next or (lambda response: response.links.get("next"))
    query: dict[str, Any] | None = dict(params or {})
    seen: set[tuple[str, str]] = set()
    method = str(options.pop("method", "GET"))
    start = address.origin(url(path))
    while True:
        where = (url(path), repr(sorted((query or {}).items(), key=repr)))
        if where in seen:
            raise BadAnswer(f"{service} named a page as the next one that was had before.", hint="")
        seen.add(where)
        page = request(method, path, params=query, **options)
        yield page
        following = _following(service, follow, page)
        if not following:
            return
        if isinstance(following, str):
            path, query = _resolved(service, page.url, following), None
            if address.origin(path) != start:
                raise BadAnswer(f"{service} named a next page on another host, {address.place(path)}.")
        else:
            query = {**(query or {}), **following}


def _following(service: str, follow: Follow, page: Response) -> str | Mapping[str, Any] | None:
    """What ``follow`` finds; BadAnswer when the page is not of the form that it knows."""
    try:
        return follow(page)
    except (LookupError, TypeError, AttributeError):
        pass
    raise BadAnswer(f"{service} answered with a page of another form than it should be.", response=page)


def _resolved(service: str, base: str, reference: str) -> str:
    reason = ""
    try:
        return address.resolved(base, reference)
    except ValueError as error:
        reason = str(error)
    raise BadAnswer(f"{service} named a next page whose address cannot be used: {reason}.", hint="")
