"""A real OAuth 2.0 provider on this machine, to sign in to: Authlib's server, with all that it knows in memory.

::

    with sign_in_provider() as provider:
        provider.authorize, provider.token, provider.device, provider.revoke   # for OAuth2(…)
        provider.client_id, provider.client_secret                             # for the credentials
        provider.api                                                           # GET it with a token: who that is

``python -m flowbook.authoring.testing.provider`` runs one until it is stopped, for a person to try a sign-in with.
It needs ``pip install authlib flask``.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from typing_extensions import Self

from flowbook.authoring.testing import grants


class SignInProvider:
    """The provider, while it runs; what is set here takes effect at its next answer.

    ``lifetime`` is that of access tokens in seconds, ``rotates`` whether each renewal gives a new refresh token and
    ends the one before (one that is used twice then ends the sign-in, as RFC 9700, section 4.14.2, recommends),
    ``down`` it answer 503, ``slow_down`` is how many of a device's next questions are refused as too frequent,
    ``device_lifetime`` is that of device codes, ``interval`` the pause that it asks devices for, ``delay`` how many
    seconds a renewal takes. ``calls`` are the forms that the token endpoint was sent.
    """

    def __init__(self, *, port: int = 0, interval: float = 1.0) -> None:
        from werkzeug.serving import make_server

        self.client_id, self.client_secret = "flowbook-test", secrets.token_urlsafe(24)
        self.lifetime, self.device_lifetime, self.delay = 3600.0, 600.0, 0.0
        self.rotates, self.down, self.slow_down = True, False, 0
        self.interval, self.account_key = interval, ""
        self.kept = grants.Kept()
        self.calls: list[dict[str, str]] = []
        self._server = make_server("127.0.0.1", port, grants.application(self), threaded=True, request_handler=_quiet())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def authorize(self) -> str:
        """The page that asks for consent."""
        return f"{self.url}/authorize"

    @property
    def token(self) -> str:
        """The token endpoint."""
        return f"{self.url}/token"

    @property
    def device(self) -> str:
        """The endpoint for devices."""
        return f"{self.url}/device"

    @property
    def revoke(self) -> str:
        """The endpoint that revokes."""
        return f"{self.url}/revoke"

    @property
    def api(self) -> str:
        """What the tokens are for: it answers who has signed in, and 401 for a token that is none."""
        return f"{self.url}/me"

    def answer(self, url: str, *, allow: bool = True, follow: bool = True) -> str:
        """Do as a person does on the page that asks: allow or deny; the address (``follow``: the page) it leads to."""
        import requests

        sent = requests.post(url, data={"allow": "yes" if allow else "no"}, allow_redirects=follow, timeout=30)
        return sent.text if follow else sent.headers["Location"]

    def enter(self, code: str, *, allow: bool = True) -> None:
        """Enter a device's code as a person does, and allow it or not."""
        self.kept.entered[code] = allow

    def end_all(self) -> None:
        """End every sign-in, as a person does who takes the app's access away."""
        for token in self.kept.tokens:
            token.revoked = True

    def expire_access(self) -> None:
        """Have every access token end now; refresh tokens stay."""
        for token in self.kept.tokens:
            token.issued_at = 0

    def start(self) -> Self:
        """Begin to answer."""
        threading.Thread(target=self._server.serve_forever, name="flowbook-provider", daemon=True).start()
        return self

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


@contextmanager
def sign_in_provider() -> Iterator[SignInProvider]:
    """A provider that runs within the ``with`` block."""
    with SignInProvider() as provider:
        yield provider


def _quiet() -> type[Any]:
    from werkzeug.serving import WSGIRequestHandler

    class Quiet(WSGIRequestHandler):
        def log(self, type: str, message: str, *args: Any) -> None:
            """Nothing: codes stand in addresses."""

    return Quiet


def facts(provider: SignInProvider) -> Mapping[str, str]:
    """What a person copies into an integration folder and its credentials."""
    names = ("authorize", "token", "device", "revoke", "api", "client_id", "client_secret")
    return {name: getattr(provider, name) for name in names}


if __name__ == "__main__":
    with SignInProvider(port=8765) as running:
        print("\n".join(f"{name:14} {value}" for name, value in facts(running).items()), "\nCtrl+C ends it.", sep="\n")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass
