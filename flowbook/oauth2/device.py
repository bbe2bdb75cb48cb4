"""Signing in with a code on any other machine (RFC 8628), where there is no browser beside this process."""

from __future__ import annotations

import threading
import time
from typing import Any

from flowbook.errors import SignInFailed
from flowbook.http.faults import ServiceError
from flowbook.oauth2.faults import Refused, failed
from flowbook.oauth2.provider import Provider
from flowbook.oauth2.tokens import Tokens

INTERVAL_SECONDS = 5.0
SLOWER_SECONDS = 5.0
"""How much longer to wait between questions from each "slow_down" on (RFC 8628, section 3.5)."""


class DeviceSignIn:
    """One sign-in: open :attr:`url` anywhere, enter :attr:`code`, and :meth:`wait` here for the tokens."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._cancelled = threading.Event()
        try:
            answer = provider.begin_device()
        except Refused as error:
            raise failed(provider.name, error) from None
        self._device_code = str(answer["device_code"])
        self.url = str(answer["verification_uri"])
        self.code = str(answer["user_code"])
        self.seconds = _number(answer.get("expires_in"), 900.0)
        self._ends = time.monotonic() + self.seconds
        self._interval = _number(answer.get("interval"), INTERVAL_SECONDS)

    def wait(self) -> Tokens:
        """The tokens, once the code was entered and consent given. Raises SignInFailed."""
        while not self._cancelled.wait(self._interval):
            if time.monotonic() > self._ends:
                raise failed(self._provider.name, Refused("expired_token"))
            try:
                return self._provider.poll(self._device_code)
            except Refused as error:
                if error.code == "slow_down":
                    self._interval += SLOWER_SECONDS
                elif error.code != "authorization_pending":
                    raise failed(self._provider.name, error) from None
            except ServiceError as error:
                if not error.passing:
                    raise
                self._interval = max(self._interval, 0.1) * 2  # as section 3.5 says, for what does not answer
        raise SignInFailed(f"{self._provider.name!r} was not signed in: it was cancelled.")

    def cancel(self) -> None:
        """End the waiting."""
        self._cancelled.set()

    close = cancel


def _number(given: Any, default: float) -> float:
    return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else default
