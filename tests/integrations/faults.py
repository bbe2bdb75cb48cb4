"""What can go wrong with a service that speaks HTTP, and what a task's result has to say then."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from flowbook.http import Session
from flowbook.testing import Answer, FakeService

SAID = {"message": "the vendor's words"}


@dataclass(frozen=True)
class Fault:
    """``answers`` follow each other; the result's message then has ``says`` in it, or the task succeeds (empty)."""

    answers: list[Answer]
    says: str = ""
    tries: int = 1
    waits: list[float] | None = None


def faults(good: dict[str, Any]) -> list[Any]:
    """Each fault as a pytest parameter, for a task that makes one GET and succeeds with ``good``."""
    fine = Answer(json=good)
    big = Answer(json={**good, "filler": "x" * 10_000_000})
    html = Answer(body="<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"})
    cut = Answer(json=good, truncate=5)
    named = {
        "401": Fault([Answer(401, json=SAID)], "401 Unauthorized: the vendor's words"),
        "403": Fault([Answer(403, json=SAID)], "403 Forbidden: the vendor's words"),
        "404": Fault([Answer(404, json=SAID)], "404 Not Found"),
        "409": Fault([Answer(409, json=SAID)], "409 Conflict: the vendor's words"),
        "422": Fault([Answer(422, json=SAID)], "422 Unprocessable"),
        "429 with Retry-After": Fault([Answer(429, json=SAID, headers={"Retry-After": "7"}), fine], "", 2, [7.0]),
        "429 without Retry-After": Fault([Answer(429, json=SAID)], "429 Too Many Requests", 4),
        "500 then success": Fault([Answer(500, json=SAID), fine], "", 2),
        "500 for good": Fault([Answer(500, json=SAID)], "500 Internal Server Error: the vendor's words", 4),
        "cut off": Fault([cut], "cut off", 4),
        "cut off once": Fault([cut, fine], "", 2),
        "damaged JSON": Fault([Answer(body='{"a":', headers={"Content-Type": "application/json"})], "damaged JSON", 4),
        "HTML": Fault([html], "an HTML page titled 'Sign in' instead of JSON"),
        "10 MB": Fault([big]),
    }
    return [pytest.param(fault, id=name) for name, fault in named.items()]


def check_fault(fault: Fault, service: FakeService, waits: list[float], call: Callable[[], Any], secret: str) -> None:
    """Let the service answer so, and assert what the task makes of it."""
    service.on("GET", "/{rest:path}", fault.answers)
    result = call()
    assert result.success is (not fault.says), result.message
    assert fault.says in result.message
    assert secret not in json.dumps(result)
    assert len([request for request in service.requests if request.path == service.requests[0].path]) == fault.tries
    if fault.waits is not None:
        assert waits == fault.waits


def _refused(service: FakeService, patch: pytest.MonkeyPatch) -> str:
    return "http://127.0.0.1:1"


def _no_such_host(service: FakeService, patch: pytest.MonkeyPatch) -> str:
    def look_up(*args: Any, **options: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    patch.setattr(socket, "getaddrinfo", look_up)
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        patch.delenv(name, raising=False)
    return "https://nowhere.example"


def _too_slow(service: FakeService, patch: pytest.MonkeyPatch) -> str:
    patch.setitem(Session.__init__.__kwdefaults__, "timeout", 0.3)
    service.on("GET", "/{rest:path}", Answer(json={}, delay=20))
    return service.url


def _no_tls(service: FakeService, patch: pytest.MonkeyPatch) -> str:
    return service.url.replace("http:", "https:")


UNREACHABLE = [
    pytest.param(_refused, "refused the connection", id="refused"),
    pytest.param(_no_such_host, "could not be found", id="DNS"),
    pytest.param(_too_slow, "took longer than", id="timeout"),
    pytest.param(_no_tls, "no secure connection", id="TLS"),
]
