"""What can go wrong with a service that speaks HTTP, as data: what it answers, and what a task owes its users then."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from flowbook.authoring.testing.service import Answer, Request
from flowbook.records import NamedTuple

Lasts = Literal["", "permanent", "passing"]

PATIENT = 0.1
"""Seconds that a session's calls may take while a service is silent; else its own timeout counts."""

_WORDS = {"message": "the service's own words"}
_SILENT = 60.0
_JSON = {"Content-Type": "application/json"}
SIGN_IN_PAGE = "<html><title>Please sign in</title><body>a proxy's page</body></html>"


class Fault(NamedTuple):
    """One way in which a service fails.

    ``answer`` is what it answers to every request, made of the request and of the address of another service; None when
    nobody listens. ``fails`` says that no task can have succeeded; ``lasts`` whether another try would fail too (empty:
    who knows); ``uncertain`` that what was asked for may have been done. ``pages`` says that a web page, which some
    tasks ask for, is the answer, ``form`` that it is of a form that some tasks take. ``cancelled`` has the run
    cancelled meanwhile, ``before`` before the task asks for anything.
    """

    name: str
    answer: Callable[[Request, str], Answer] | None
    fails: bool = True
    lasts: Lasts = ""
    uncertain: bool = False
    silent: bool = False
    cancelled: bool = False
    before: bool = False
    asks: float = 0

    def __repr__(self) -> str:
        return f"<Fault {self.name!r}>"


def _always(answer: Answer) -> Callable[[Request, str], Answer]:
    return lambda request, elsewhere: answer


def _statuses() -> list[Fault]:
    found = [
        Fault(str(status), _always(Answer(status, json=_WORDS)), lasts="permanent")
        for status in (400, 401, 403, 404, 405, 410, 413, 422)
    ]
    found += [Fault(str(status), _always(Answer(status, json=_WORDS)), lasts="passing") for status in (408, 409, 429)]
    found += [
        Fault(str(status), _always(Answer(status, json=_WORDS)), lasts="passing", uncertain=True)
        for status in (500, 502, 503, 504, 520)
    ]
    asked = {"Retry-After": "7"}
    return [
        *found,
        Fault("429 that asks to wait", _always(Answer(429, json=_WORDS, headers=asked)), lasts="passing", asks=7),
        Fault("429 that asks to wait long", _always(Answer(429, headers={"Retry-After": "86400"})), lasts="passing"),
        Fault("503 that asks to wait", _always(Answer(503, json=_WORDS, headers=asked)), lasts="passing", asks=7),
        Fault("502 of a gateway", _always(Answer(502, body=SIGN_IN_PAGE, headers={"Content-Type": "text/html"})),
              lasts="passing", uncertain=True),
        Fault("400 that repeats what was sent", _echo(400), lasts="permanent"),
        Fault("500 that repeats what was sent", _echo(500), lasts="passing", uncertain=True),
        Fault("401 without a body", _always(Answer(401)), lasts="permanent"),
        Fault("403 with a list of texts", _always(Answer(403, json=["no", "never"])), lasts="permanent"),
    ]  # fmt: skip


def _echo(status: int) -> Callable[[Request, str], Answer]:
    """An error that repeats the address, the headers and the body of its request, as careless services do."""

    def answer(request: Request, elsewhere: str) -> Answer:
        sent = f"{request.path} {request.query} {dict(request.headers)} {request.text}"
        return Answer(status, json={"message": f"not understood: {sent}", "error": {"message": sent, "request": sent}})

    return answer


def _lines() -> list[Fault]:
    """What happens to the connection."""
    whole = Answer(json={**_WORDS, "filler": "x" * 50})
    broken: dict[str, Any] = {"lasts": "passing", "uncertain": True}
    silent: dict[str, Any] = {**broken, "silent": True}
    fields: dict[str, Any] = {"body": whole.content()[0], "headers": _JSON}
    return [
        Fault("refused", None, lasts="passing"),
        Fault("hung up", _always(Answer(drop=True)), **broken),
        Fault("broken off", _always(Answer(drop=True, reset=True)), **broken),
        Fault("cut off", _always(Answer(**fields, truncate=9)), **broken),
        Fault("broken off in its answer", _always(Answer(**fields, truncate=9, reset=True)), **broken),
        Fault("cut off in its first line", _always(Answer(raw=b"HTTP/1.1 20")), **broken),
        Fault("cut off in a chunk", _always(Answer(raw=_chunked(b"40\r\n{\"a\":"))), **broken),
        Fault("silent", _always(Answer(drop=True, stall=_SILENT)), **silent),
        Fault("silent in its answer", _always(Answer(**fields, truncate=9, stall=_SILENT)), **silent),
        Fault("cancelled meanwhile", _always(Answer(drop=True, stall=_SILENT)), uncertain=True, cancelled=True),
        Fault("cancelled before", _always(whole), fails=False, before=True),
    ]  # fmt: skip


def _chunked(content: bytes) -> bytes:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    return head + content


def _answers() -> list[Fault]:
    """Answers that call themselves a success."""
    harm: dict[str, Any] = {"uncertain": True}
    elsewhere = [
        Fault(f"{status} to another service", _moved(status), uncertain=status == 303)
        for status in (301, 302, 303, 307, 308)
    ]
    packed = {**_JSON, "Content-Encoding": "gzip"}
    return [
        *elsewhere,
        Fault("a redirect in a circle", lambda request, _: Answer(307, headers={"Location": request.path})),
        Fault("a redirect to nowhere", _always(Answer(302))),
        Fault("a redirect to a file", _always(Answer(302, headers={"Location": "file:///etc/passwd"}))),
        Fault("no HTTP", _always(Answer(raw=b"SSH-2.0-OpenSSH_9.2\r\n")), **harm),
        Fault("packed, and damaged", _always(Answer(body=b"\x1f\x8b\x08damaged", headers=packed)), **harm),
        Fault("an endless length", _always(Answer(body=b"{}", headers={**_JSON, "Content-Length": "9" * 13})), **harm),
        Fault("damaged JSON", _always(Answer(body='{"a":', headers=_JSON)), **harm),
        Fault("JSON of bytes that are no text", _always(Answer(body=b'{"a": "\xff\xfe\xc3"}', headers=_JSON)), **harm),
        Fault("JSON nested without end", _always(Answer(body="[" * 100_000, headers=_JSON)), **harm),
        Fault("a sign-in page", _always(Answer(body=SIGN_IN_PAGE, headers={"Content-Type": "text/html"})), fails=False,
              **harm),
        Fault("nothing", _always(Answer()), fails=False, **harm),
        Fault("no content", _always(Answer(204)), fails=False, **harm),
        Fault("words", _always(Answer(body="Everything is fine.")), fails=False, **harm),
        *[
            Fault(f"JSON of another form: {json.dumps(form)}", _always(Answer(json=form)), fails=False)
            for form in (None, {}, [], "fine", 7, [[1]], {"data": None, "items": 5, "results": "x", "value": [None]})
        ],
        Fault("JSON in a charset that it is not in", _always(Answer(body=b'{"a": "\xe4"}', headers={
            "Content-Type": "application/json; charset=latin-1"})), fails=False),
        Fault("JSON in a charset that is none", _always(Answer(body=b"{}", headers={
            "Content-Type": "application/json; charset=klingon"})), fails=False),
    ]  # fmt: skip


def _moved(status: int) -> Callable[[Request, str], Answer]:
    return lambda request, elsewhere: Answer(status, headers={"Location": f"{elsewhere}{request.path}"})


HTTP_FAULTS: tuple[Fault, ...] = (*_statuses(), *_lines(), *_answers())
"""Every fault that a folder is tried with, each once for each of its tasks."""
