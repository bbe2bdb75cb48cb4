"""What an answer says to a session: what is wrong with it, in the vendor's own words, and how long it asks to wait."""

from __future__ import annotations

from collections.abc import Callable

from flowbook.http import waiting
from flowbook.http.faults import BadAnswer, ServiceError, kind_of_status, name_of_status
from flowbook.http.response import Response
from flowbook.redaction import Redactor

Explain = Callable[[Response], "str | tuple[str, str] | None"]
Limit = Callable[[Response], "float | None"]


class Answers:
    """Judges the answers of one service; ``explain`` and ``limit`` as :class:`~flowbook.http.Session` takes them."""

    def __init__(self, service: str, explain: Explain | None, limit: Limit | None, redact: Redactor) -> None:
        self._service = service
        self._explain = explain
        self._limit = limit
        self._redact = redact

    def fault_in(self, response: Response, expected: frozenset[int]) -> ServiceError | None:
        """What is wrong with an answer, if anything is."""
        if response.status >= 400:
            return self._refusal(response)
        page = bool(expected) and response.is_page
        if 200 <= response.status < 300 and not page and (not expected or response.status in expected):
            return None
        due = " or ".join(map(str, sorted(expected - {response.status} if page else expected))) or "a result"
        what = f"{self._service} answered {name_of_status(response.status)} with {response.described()}"
        return BadAnswer(f"{what} where {due} was due.", response=response)

    def _refusal(self, response: Response) -> ServiceError:
        """The fault that a status of 400 and above tells of, with the vendor's words."""
        status = response.status
        limited = waiting.limited(status, response.headers) or (status < 500 and self._told_limit(response) is not None)
        kind = "rate_limited" if limited else kind_of_status(status)
        words, hint = self._words(response)
        message = f"{self._service} said {name_of_status(status)}" + (f": {words}" if words else "")
        message += "" if message.endswith((".", "!", "?")) else "."
        if kind == "rate_limited":
            hint = self._asked(response) or hint
        return ServiceError(message, kind, status=status, response=response, hint=hint)

    def _words(self, response: Response) -> tuple[str, str | None]:
        told: str | tuple[str, str] | None = None
        if self._explain is not None:
            try:
                told = self._explain(response)
            except (ServiceError, LookupError, TypeError, AttributeError):
                told = None  # a proxy's or gateway's answer is not of the form that the vendor documents
        if isinstance(told, tuple):
            return told[0], told[1] or None  # what to do is said in any case
        return told or response.error_words(self._redact), None

    def asked_wait(self, response: Response) -> float | None:
        """The seconds that an answer asks to wait, by its headers or else as the service itself tells of them."""
        asked = waiting.asked_wait(response.status, response.headers)
        return self._told_limit(response) if asked is None else asked

    def _told_limit(self, response: Response) -> float | None:
        if self._limit is None or response.status < 400:
            return None
        try:
            return self._limit(response)
        except (ServiceError, LookupError, TypeError, ValueError, AttributeError):
            return None  # a proxy's or gateway's answer is not of the form that the vendor documents

    def _asked(self, response: Response) -> str | None:
        asked = self.asked_wait(response)
        return None if asked is None else waiting.wait_hint(asked)
