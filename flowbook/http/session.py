"""One service's session: tries, waits and redirects, with a budget of time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flowbook.cassettes import take_back
from flowbook.http import address, exchange, paging, waiting
from flowbook.http.answers import Answers, Explain, Limit
from flowbook.http.beginning import Beginning
from flowbook.http.cookies import Cookies
from flowbook.http.faults import ServiceError, fault_of, unusable
from flowbook.http.headers import check_headers, token_in, with_token
from flowbook.http.redirects import REDIRECTS, SECRET_HEADERS, redirected
from flowbook.http.response import Response
from flowbook.methods import IDEMPOTENT, SAFE, meant
from flowbook.redaction import Redactor
from flowbook.tasks.context import current
from flowbook.tasks.secret import Secret

if TYPE_CHECKING:
    import requests

Params = Mapping[str, Any] | Iterable[tuple[str, Any]]

_MOST_REDIRECTS = 10
_LONGEST_CONNECT = 10.0
_KEPT_ANSWER = 10_000
_UNAUTHORIZED = 401


class Session:
    """Calls one service; a context manager, and safe to share between threads.

    ``base_url`` is what paths are joined to, ``service`` the name that messages use. ``headers`` and ``auth`` (user,
    password) go with each request, and so does ``query`` (for a key that a service wants there), but only to the origin
    (scheme, host, port) of ``base_url``: an absolute address of another origin is called without them, and a redirect
    to one drops them. ``cookies`` is a jar to share with other sessions; by default a session has its own.

    ``timeout`` is how many seconds the tries of one call may take together, from connecting to the last byte, with the
    pauses between them; ``max_wait`` how many more it may wait in all when the service itself asks for that
    (Retry-After). A call never takes longer than both. ``retries`` is the number of tries after the first: for
    rate limits always; for broken connections, timeouts, cut-off answers and 5xx only if the method may be
    repeated (GET, PUT and others: :mod:`flowbook.methods`), or with ``retry=True``.

    ``explain(response)`` gives the vendor's own words about an error answer, or (words, hint); by default the words are
    looked for under the usual names. ``limit(response)`` is for a service that tells of its rate limits in the body of
    an error answer: it gives the seconds to wait, None for an answer of another kind. ``max_bytes`` bounds an answer,
    decompressed. ``secrets`` (and what ``auth`` and an Authorization header hold) never appear in an error.
    ``browser_redirects`` lets a POST that is answered 301, 302 or 303 become a GET elsewhere, as browsers do; without
    it such an answer is an error that names the right address.

    A request with the access token that somebody signed in for (``Authorization: Bearer``) which is answered 401 is
    sent once more with a new one, if the sign-in can be renewed; the session has that from then on.
    """

    def __init__(
        self,
        base_url: str,
        *,
        service: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        cookies: Cookies | None = None,
        timeout: float = 30,
        retries: int = 3,
        explain: Explain | None = None,
        limit: Limit | None = None,
        max_bytes: int = 50_000_000,
        secrets: Iterable[str | Secret] = (),
        max_wait: float = 60,
        browser_redirects: bool = False,
    ) -> None:
        self.service = service
        given = self._checked(str(base_url).strip(), user=True)
        auth = auth or address.user_of(given)
        self.base_url = address.without_user(given)
        self.timeout = timeout
        self.retries = retries
        self.max_bytes = max_bytes
        self.max_wait = max_wait
        self.browser_redirects = browser_redirects
        self._origin = address.origin(self.base_url)
        authorization = {} if auth is None else {"Authorization": exchange.basic(*auth)}
        self._own = exchange.Own({**(headers or {}), **authorization}, dict(query or {}))
        self._cookies = Cookies() if cookies is None else cookies
        self._redact = Redactor(one.reveal() if isinstance(one, Secret) else one for one in secrets)
        self._answers = Answers(service, explain, limit, self._redact)
        self._hidden: set[str] = set()
        self._hide(self._own.headers, [*self._own.query.values(), *([auth[1]] if auth else [])])
        self._lock = threading.Lock()
        self._context = current()

    def __repr__(self) -> str:
        return f"<Session {self.service} at {address.place(self.base_url)}>"

    def __enter__(self) -> Session:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the session may be used again and opens new ones."""
        with self._lock:
            opened = self.__dict__.pop("_requests", None)
        if opened is not None:
            opened.close()

    def get(self, path: str = "", **options: Any) -> Response:
        """:meth:`request` with GET."""
        return self.request("GET", path, **options)

    def post(self, path: str = "", **options: Any) -> Response:
        """:meth:`request` with POST."""
        return self.request("POST", path, **options)

    def put(self, path: str = "", **options: Any) -> Response:
        """:meth:`request` with PUT."""
        return self.request("PUT", path, **options)

    def patch(self, path: str = "", **options: Any) -> Response:
        """:meth:`request` with PATCH."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str = "", **options: Any) -> Response:
        """:meth:`request` with DELETE."""
        return self.request("DELETE", path, **options)

    def request(
        self,
        method: str,
        path: str = "",
        *,
        params: Params | None = None,
        json: Any = None,
        data: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        accept: Iterable[int] = (),
        expect: Iterable[int] = (),
        timeout: float | None = None,
        retry: bool | None = None,
        reads: bool = False,
        parse: bool = True,
        seen: Callable[[bytes], None] | None = None,
        into: IO[bytes] | None = None,
    ) -> Response:
        """One call, tried again as the class says; the answer, if its status is 2xx or in ``accept``.

        ``expect`` are the statuses that the service documents for a success: another one, or a web page in place of an
        answer, is none. Give it where the answer is not looked at, or a proxy's friendly page would count as done.

        ``params`` is the query; ``json``, ``data`` (a mapping is form-encoded; text, bytes or an open file go as they
        are) and ``files`` the body, as in ``requests``. ``path`` is joined to ``base_url``; quote what goes into it
        with :func:`flowbook.http.segment`. ``timeout`` replaces the session's. ``reads`` says that nothing is changed
        whatever the method, as by a POST that queries: it may be repeated, and is sent in a dry run too. With ``parse``
        an answer that calls itself JSON is read as such at once, so that damaged JSON fails (and is tried again) here.
        ``seen`` is told each piece of a good answer as it comes, of every try. ``into`` is an open file that gets a
        good answer's bytes in place of ``content``, from its start at every try: for what is too large for memory.

        Raises :class:`ServiceError`; its ``kind`` says why. When what was asked for may have been done all the same
        (the answer to a POST was cut off), its message says that.
        """
        body = exchange.Body(json=json, data=data, files=files)
        query = params if params is None or isinstance(params, Mapping) else list(params)
        check_headers(headers or {})
        order = exchange.Order(method.upper(), self._url(path), query, body, dict(headers or {}), seen, into, reads)
        self._hide(order.headers)
        harmless = reads or (meant(order.method, order.headers.items()) in IDEMPOTENT if retry is None else retry)
        call = waiting.Budget(self.timeout if timeout is None else timeout, self.max_wait)
        accepted, expected = frozenset(accept), frozenset(expect)
        renewed = False
        for tries_left in range(self.retries, -1, -1):
            try:
                response = self._try(order, call, parse)
                if response.status == _UNAUTHORIZED and not renewed and body.repeatable:
                    again = self._with_new_token(order, response)
                    if again is not None:  # a 401 means that nothing was done
                        order, renewed = again, True
                        response = self._try(order, call, parse)
                        self._note_refused(order, response)
                fault = None if response.status in accepted else self._answers.fault_in(response, expected)
            except ServiceError as error:
                fault, response = error, error.response  # type: ignore[assignment]
            if fault is None:
                response.changed = not harmless
                return response
            if not (body.repeatable and tries_left and self._wait_before_next(fault, call, harmless)):
                break
        assert fault is not None
        if fault.uncertain and not harmless:
            fault.warn()
        raise self._told(fault)

    def pages(
        self, path: str = "", *, params: Params | None = None, next: paging.Follow | None = None, **options: Any
    ) -> Iterator[Response]:
        """Each page's answer, one after the other, until there is no next one.

        ``next(response)`` gives the next page: its address or path, or query parameters to use instead of those of the
        same name; None ends it. By default it is the Link header's ``rel="next"``. A next page of another origin, or
        one that was had already, is a fault of the service and raises :class:`BadAnswer`.
        """
        return paging.pages(self.service, self._url, self.request, path, params, next, options)

    def _checked(self, text: str, *, user: bool = False) -> str:
        reason = ""
        try:
            return address.checked(text, user=user)
        except ValueError as error:
            reason = str(error)
        raise unusable(self.service, reason)

    def _url(self, path: str) -> str:
        url = address.join(self.base_url, path)
        return url if url == self.base_url else self._checked(url)

    @cached_property
    def _requests(self) -> requests.Session:
        return exchange.open_session()

    def _try(self, order: exchange.Order, call: waiting.Budget, parse: bool) -> Response:
        """One try, redirects included, within what is left of the call's time."""
        for _ in range(_MOST_REDIRECTS):
            response = self._exchange(order, call)
            if response.status not in REDIRECTS or not response.headers.get("Location"):
                if parse and response.is_json and response.content and response.status < 400:
                    _ = response.json
                return response
            order = redirected(order, response, self.service, self._redact, browser=self.browser_redirects)
        raise ServiceError(f"{self.service} redirected more than {_MOST_REDIRECTS} times.", "wrong_address")

    def _with_new_token(self, order: exchange.Order, response: Response) -> exchange.Order | None:
        """The order with a new access token, when the service ended the one that it had before its time.

        https://www.rfc-editor.org/rfc/rfc6750#section-3.1: a token that expired or was revoked is answered 401, and
        the client may get a new one and send the request again. None when there is no other.
        """
        refused = self._token_of(order)
        if not refused or address.origin(response.url) != self._origin:
            return None
        try:
            token = current().renewed(refused) or self._context.renewed(refused)
        except ServiceError as error:  # a service that signs in cannot be reached: nothing was done
            error.uncertain = False
            raise
        if not token:
            return None
        self._hide({}, [token])
        take_back("http", _UNAUTHORIZED)
        if token_in(self._own.headers) == refused:
            self._own = replace(self._own, headers=with_token(self._own.headers, token))
        return replace(order, headers=with_token(order.headers, token)) if token_in(order.headers) else order

    def _token_of(self, order: exchange.Order) -> str:
        """The access token that an order goes with; empty when it goes with none, or elsewhere."""
        own = self._own.headers if address.origin(order.url) == self._origin else {}
        return token_in(order.headers) or token_in(own)

    def _note_refused(self, order: exchange.Order, response: Response) -> None:
        """Tell when the new token was refused, too, so that no others are got in vain."""
        if response.status == _UNAUTHORIZED:
            for context in {self._context, current()}:
                context.renewed(self._token_of(order), again=True)

    def _exchange(self, order: exchange.Order, call: waiting.Budget) -> Response:
        place = address.place(order.url)
        for context in {self._context, current()}:  # threads of the task's own have none
            context.check_host(*address.origin(order.url)[1:])
        method = meant(order.method, order.headers.items())
        if not (order.reads or method in SAFE) and current().rehearsing:
            current().about_to(
                "http", place, f"{method} {urlsplit(order.url).path or '/'}", **exchange.described(order)
            )
        seconds = max(0.05, call.left())
        own = self._own if address.origin(order.url) == self._origin else exchange.Own()
        timeouts = (min(_LONGEST_CONNECT, seconds), seconds)
        with self._lock:
            session = self._requests

        def send(start: Beginning) -> Response:
            return exchange.send(session, order, own, self._cookies, timeouts, self.service, self.max_bytes, start)

        fault: ServiceError
        try:
            response = waiting.within(seconds, send, self._is_cancelled)
            self._hide_cookies()
            return response
        except waiting.OutOfTime as over:
            fault = self._over(place, call, over)
        except ServiceError as error:
            fault = error
        except exchange.failures() as error:
            fault = fault_of(error, self.service, place, seconds)
        # Raised out here, so that the original exception (its text may hold secrets) is not kept as the context.
        raise fault

    def _is_cancelled(self) -> bool:
        """Whether the run that asks was cancelled; threads of a task's own know of none but the session's."""
        here = current()
        return here.cancelled or (not here.run_id and self._context.cancelled)

    def _over(self, place: str, call: waiting.Budget, over: waiting.OutOfTime) -> ServiceError:
        hint: str | None = ""
        if over.cancelled and not over.begun:
            words = f"{self.service}: nothing was asked of {place}, as it was cancelled before."
        elif over.cancelled:
            words = f"{self.service}: stopped waiting for {place}, as it was cancelled."
        else:
            words, hint = f"{self.service} did not answer: {place} took longer than {call.timeout:g} s.", None
        fault = ServiceError(words, "timeout", hint=hint)
        fault.uncertain = over.begun
        return fault

    def _wait_before_next(self, fault: ServiceError, call: waiting.Budget, repeatable: bool) -> bool:
        """Whether there shall be another try; the wait before it is over then."""
        if call.cancelled or self._is_cancelled():
            return False
        response = fault.response
        asked = self._answers.asked_wait(response) if response is not None else None
        if fault.kind == "rate_limited" or (fault.status == 503 and asked is not None):
            pass
        elif not repeatable or not fault.passing:
            return False
        seconds = asked if asked is not None else call.next_pause()
        return call.wait(seconds, asked is not None)

    def _told(self, fault: ServiceError) -> ServiceError:
        """``fault`` without secrets, with what the service answered as far as it is small."""
        fault.message = self._redact(fault.message)
        fault.hint = self._redact(fault.hint)
        fault.args = (fault.message,)
        response = fault.response
        if response is not None and 0 < len(response.content) <= _KEPT_ANSWER and response.is_json:
            try:
                fault.data["answer"] = self._redact.redact_json(response.json)
            except ServiceError:
                fault.data["answer"] = self._redact(response.text)
        return fault

    def _hide_cookies(self) -> None:
        """Never show what cookies hold, in the rest of the run neither: a service may repeat them."""
        for secret in self._cookies.secrets():
            if secret not in self._hidden:
                self._hide({}, [secret])
                current().hide(secret)

    def _hide(self, headers: Mapping[str, str], others: Iterable[str] = ()) -> None:
        """Never show ``others``, nor what secret headers hold: the whole value, and the token in it."""
        found = list(others)
        for name, value in headers.items():
            if name.lower() in SECRET_HEADERS:
                found += [value, value.rpartition(" ")[2]]
        for secret in found:
            if secret not in self._hidden:
                self._hidden.add(secret)
                self._redact.add(secret)


class _OwnThreads(logging.Filter):
    """Keeps urllib3 from logging the addresses that sessions call: services put secrets into paths and queries."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.threadName != waiting.THREAD


logging.getLogger("urllib3.connectionpool").addFilter(_OwnThreads())
