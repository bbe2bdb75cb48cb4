"""Signing in on a page that comes back to this machine (RFC 8252, section 7.3: a loopback redirect)."""

from __future__ import annotations

import hmac
import html
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flowbook.errors import FlowbookError, SignInFailed
from flowbook.oauth2.faults import Refused, failed
from flowbook.oauth2.provider import Asked, Provider
from flowbook.oauth2.tokens import Tokens

SECONDS = 600.0
"""How long somebody may take on the service's page."""


class BrowserSignIn:
    """One sign-in: open :attr:`url` in a browser, and :meth:`wait` for the tokens.

    The service sends the browser back to a port that this opens on 127.0.0.1. Where the browser is on another machine
    that page cannot be shown; its address is then to be handed over (:meth:`paste`).
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._over = threading.Event()
        self._taking = threading.Lock()
        self._tokens: Tokens | None = None
        self._error: FlowbookError | None = None
        wanted = urlsplit(provider.said.redirect)
        self._server = _listening(self, wanted.port or 0, provider.name)
        redirect = wanted._replace(netloc=f"{wanted.hostname}:{self._server.server_address[1]}").geturl()
        self._path = wanted.path or "/"
        try:
            self.asked: Asked = provider.ask(redirect)
        except BaseException:
            self._server.server_close()
            raise
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="flowbook-sign-in", daemon=True).start()

    @property
    def url(self) -> str:
        """The page that asks for consent."""
        return self.asked.url

    def wait(self, seconds: float = SECONDS) -> Tokens:
        """The tokens, once somebody has given consent. Raises SignInFailed, ServiceError."""
        try:
            if not self._over.wait(seconds):
                self._end(error=SignInFailed(
                    f"{self._provider.name!r} was not signed in: nobody did within {seconds / 60:.0f} minutes.",
                    "Begin again.",
                ))  # fmt: skip
        finally:
            self.close()
        if self._error is not None:
            raise self._error
        assert self._tokens is not None
        return self._tokens

    def cancel(self) -> None:
        """End the waiting."""
        self._end(error=SignInFailed(f"{self._provider.name!r} was not signed in: it was cancelled."))

    def paste(self, address: str) -> None:
        """Take the address of the page that could not be shown. Raises SignInFailed for one that is no answer."""
        found = urlsplit(address.strip())
        if not self.answered(found.query):
            raise SignInFailed(
                "this address is no answer to this sign-in.",
                "Copy all of the address of the page that the service led to in the end, with its code and state.",
            )

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def answered(self, query: str) -> bool:
        """Whether this is the answer to what was asked for, by its state; it is taken once."""
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        if not hmac.compare_digest(fields.get("state", "").encode(), self.asked.state.encode()):
            return False
        if not ("code" in fields or "error" in fields):
            return False
        with self._taking:
            if not self._over.is_set():
                self._take(fields)
        return True

    def is_answer(self, path: str) -> bool:
        """Whether a path is that of the redirect."""
        return path == self._path

    @property
    def said(self) -> tuple[bool, str]:
        """Whether it worked, and what to tell."""
        return self._error is None, "" if self._error is None else str(self._error)

    def _take(self, fields: dict[str, str]) -> None:
        try:
            if "error" in fields:
                raise Refused(fields["error"], fields.get("error_description", ""))
            self._end(tokens=self._provider.exchange(fields["code"], self.asked))
        except Refused as error:
            self._end(error=failed(self._provider.name, error))
        except FlowbookError as error:
            self._end(error=error)

    def _end(self, *, tokens: Tokens | None = None, error: FlowbookError | None = None) -> None:
        if not self._over.is_set():
            self._tokens, self._error = tokens, error
            self._over.set()


def _listening(sign_in: BrowserSignIn, port: int, name: str) -> HTTPServer:
    class Handler(_Handler):
        answers = sign_in

    try:
        return HTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        raise SignInFailed(
            f"{name!r} cannot be signed in: port {port} of this machine is in use ({error.strerror or error}).",
            "End the program that uses it, or another sign-in that still waits.",
        ) from None


class _Handler(BaseHTTPRequestHandler):
    """Answers the browser that comes back."""

    answers: BrowserSignIn
    timeout = 10

    def do_GET(self) -> None:
        """The answer of the service, in the query."""
        found = urlsplit(self.path)
        if not self.answers.is_answer(found.path):
            self._say(404, "There is nothing here.", "This address is for the answer of a sign-in.")
        elif not self.answers.answered(found.query):
            self._say(
                400, "Not signed in.", "This is no answer to the sign-in that Flowbook waits for. Nothing was done."
            )
        else:
            good, words = self.answers.said
            done = "You can close this page and go back to Flowbook."
            self._say(200 if good else 400, "Signed in." if good else "Not signed in.", f"{words} {done}".strip())

    def _say(self, status: int, title: str, words: str) -> None:
        page = _PAGE.format(title=html.escape(title), words=html.escape(words)).encode()
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the address holds the code."""


_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Connection": "close",
}
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<body style="font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 15vh auto; padding: 0 1em">
<h1 style="font-size: 1.4em">{title}</h1><p>{words}</p></body></html>"""
