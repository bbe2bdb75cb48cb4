"""A service's answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.http.address import place, resolved
from flowbook.http.faults import BadAnswer
from flowbook.http.links import links
from flowbook.json_text import parse_json

if TYPE_CHECKING:
    from requests import Response as Received

_UNREAD: Any = object()
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>([^<]{1,200})", re.IGNORECASE)
_LONGEST = 300


class Response:
    """A service's answer, read to its end.

    ``status`` is the HTTP status; ``headers`` a mapping that ignores case; ``content`` the body's bytes, decompressed;
    ``url`` where it came from in the end (may hold secrets: do not show it); ``links`` the Link header's addresses by
    their ``rel``; ``changed`` whether what it answers may have changed something and must not simply be repeated.
    """

    __slots__ = ("_json", "changed", "content", "headers", "service", "status", "url")

    def __init__(self, received: Received, content: bytes, service: str) -> None:
        self.status: int = received.status_code
        self.headers: Mapping[str, str] = received.headers
        self.content = content
        self.url: str = received.url
        self.service = service
        self.changed = False
        self._json: Any = _UNREAD

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.media_type or 'without type'}, {counted(len(self.content), 'byte')}>"

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lowercase; empty when there is none."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the content type says that this is JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    @property
    def is_page(self) -> bool:
        """Whether this is a web page. Not all that is called text/html is one: some services call bare words so."""
        return self.media_type == "text/html" and b"<" in self.content

    @property
    def text(self) -> str:
        """The body as text: by the charset it names, else UTF-8, else Latin-1."""
        named = _CHARSET.search(self.headers.get("Content-Type", ""))
        try:
            return self.content.decode(named.group(1) if named else "utf-8-sig")
        except (LookupError, UnicodeDecodeError):
            return self.content.decode("latin-1" if named is None else "utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body as JSON; raises :class:`BadAnswer` naming what it is instead."""
        if self._json is _UNREAD:
            self._json = self._parsed()
        return self._json

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object; raises :class:`BadAnswer` for JSON of another form, and for what is none."""
        if isinstance(self.json, dict):
            return self.json
        raise self._of_another_form("an object")

    @property
    def object_or_empty(self) -> dict[str, Any]:
        """The body as a JSON object; {} for anything else. For what an error answer says, which may be a web page."""
        if not self.is_json:
            return {}
        try:
            answer = self.json
        except BadAnswer:
            return {}
        return answer if isinstance(answer, dict) else {}

    def objects(self, name: str | None = None) -> list[dict[str, Any]]:
        """The list of JSON objects that the body is, or has under ``name``; else raises :class:`BadAnswer`."""
        found = self.json if name is None else self.object.get(name)
        if isinstance(found, list) and all(isinstance(one, dict) for one in found):
            return found
        raise self._of_another_form("a list of objects" + (f" called {name!r}" if name else ""))

    def _of_another_form(self, due: str) -> BadAnswer:
        what = f"{self.service} answered {self.status} with JSON of another form than {due}"
        return self._bad(f"{what} (from {place(self.url)}).")

    def _bad(self, message: str, passing: bool = False) -> BadAnswer:
        fault = BadAnswer(message, response=self, passing=passing)
        if self.changed:
            fault.warn()
        return fault

    def _parsed(self) -> Any:
        try:
            return self._loaded()
        except ValueError:
            pass
        what = f"{self.service} answered {self.status} with {self.described()} instead of JSON"
        raise self._bad(f"{what} (from {place(self.url)}).", passing=self.is_json)

    def described(self) -> str:
        """What came, in a few words: nothing, damaged JSON, an HTML page with its title, or the content type."""
        if not self.content:
            return "nothing"
        if self.is_json:
            return "JSON" if self._is_sound() else "damaged JSON"
        if self.is_page:
            title = _TITLE.search(self.text[:10_000])
            return f"an HTML page titled {title.group(1).strip()!r}" if title else "an HTML page"
        return self.media_type or "something of no named type"

    def _loaded(self) -> Any:
        """The body read as JSON: by the charset that is named, else as Unicode in one of its encodings (RFC 8259)."""
        named = _CHARSET.search(self.headers.get("Content-Type", ""))
        if named is None or named.group(1).lower().replace("_", "-").startswith(("utf", "us-ascii")):
            return parse_json(self.content)
        try:
            return parse_json(self.content.decode(named.group(1)))
        except (LookupError, UnicodeDecodeError):
            return parse_json(self.content)

    def _is_sound(self) -> bool:
        try:
            self._loaded()
        except ValueError:
            return False
        return True

    @property
    def links(self) -> dict[str, str]:
        """The Link header's addresses by their ``rel``, made absolute: ``links.get("next")``.

        One that is no clear web address stays as it is; a session refuses to call it.
        """
        return {rel: _absolute(self.url, target) for rel, target in links(self.headers.get("Link", "")).items()}

    def error_words(self, clean: Callable[[str], str] = str) -> str:
        """What the body says about an error, in a sentence or two; empty when it says nothing to people.

        ``clean`` takes secrets out before it is cut: half of one would not be found any more.
        """
        if self.is_page:
            return self.described()
        try:
            return clean(_words_in(self._loaded()))[:_LONGEST]
        except ValueError:
            pass
        if not self.content or (self.media_type and not self.media_type.startswith("text/")):
            return ""
        return clean(" ".join(self.text.split()))[:_LONGEST]


def _absolute(base: str, reference: str) -> str:
    try:
        return resolved(base, reference)
    except ValueError:
        return reference


def _words_in(answer: Any) -> str:
    """The human part of an error answer, by the names that most services use for it (RFC 9457 ones included)."""
    if isinstance(answer, str):
        return answer
    if isinstance(answer, list):
        return "; ".join(dict.fromkeys(words for item in answer[:5] if (words := _words_in(item))))
    if not isinstance(answer, dict):
        return ""
    found: list[str] = []
    for name in ("title", "message", "error_description", "detail", "error", "errors", "errorMessages", "reason"):
        words = _words_in(answer.get(name))
        if words and not any(words in other for other in found):
            found.append(words)
    return ": ".join(found)
