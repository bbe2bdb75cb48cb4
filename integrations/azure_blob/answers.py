"""What a server answers, before Azure's library makes something of it: what is no answer of Azure's, and what it asks.

Facts: https://learn.microsoft.com/rest/api/storageservices/common-rest-api-response-headers-and-status-codes
"""

from __future__ import annotations

from typing import Any

from flowbook import TaskFailed, current, http

MOST_SECONDS = 60
"""That a server may have a request wait; one that asks for more is not asked again."""


def asked_wait(response: Any) -> float | None:
    """How many seconds an answer of the library's asks to wait; None when it does not, or there is none."""
    return None if response is None else http.asked_wait(response.status_code, response.headers)


def of_library(error: BaseException) -> bool:
    """Whether it was Azure's library that failed, at what it was sent."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").startswith("azure."):
            return True
        trace = trace.tb_next
    return False


def refusing_policy() -> Any:
    """Refuses an answer that does not bear the mark of each of Azure's: the library would read what is none as one."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class Refuse(SansIOHTTPPolicy[Any, Any]):
        def on_response(self, request: Any, response: Any) -> None:
            answer = response.http_response
            marks = ("x-ms-request-id", *(("ETag",) if request.http_request.method == "HEAD" else ()))
            if answer.status_code < 300 and not all(answer.headers.get(mark) for mark in marks):
                page = str(answer.headers.get("Content-Type", "")).startswith("text/html")
                came = "A web page" if page else "Something else"
                raise TaskFailed(f"{came} came in place of Azure's answer.", {"kind": "bad_answer"},
                                 "Check account and endpoint_url.")  # fmt: skip

    return Refuse()


def patient_retry(tries: int) -> Any:
    """How often a request is sent again, and after how long: as long as the server asks; a cancelled run ends it."""
    from azure.storage.blob import ExponentialRetry

    context = current()  # parts are sent from threads of the library

    class Patient(ExponentialRetry):
        def sleep(self, settings: dict[str, Any], transport: Any) -> None:
            asked = asked_wait(settings["history"][-1].http_response if settings["history"] else None)
            if asked is not None and asked > MOST_SECONDS:
                raise TaskFailed("The server asks to slow down.", {"kind": "rate_limited"}, http.wait_hint(asked))
            if not context.sleep(self.get_backoff_time(settings) if asked is None else asked):
                raise TaskFailed("Cancelled; what was half done is thrown away.", {"kind": "cancelled"})

    return Patient(initial_backoff=1, increment_base=2, retry_total=tries, random_jitter_range=1)
