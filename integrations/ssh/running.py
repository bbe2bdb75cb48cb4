"""A command while it runs: what it reads and writes, and how it is ended."""

from __future__ import annotations

import select
import shlex
import time
from contextlib import suppress
from typing import Any

from flowbook import current
from flowbook.ssh import paramiko

_LOOK = 0.2  # seconds: the longest that is waited before it is looked whether the run was cancelled
_PIECE = 65_536
_GRACE = 2.0  # seconds that a command has to tidy up, once it was told to end

# OpenSSH passes no signal on to what root runs ("requires privilege separation" in its session.c). All that this
# connection started are children of one process, each leading a group of its own.
_END_OTHERS = """ps -A -o pid= -o ppid= | while read one parent; do
if [ "$parent" = "$PPID" ] && [ "$one" != "$$" ]; then kill -s TERM -- "-$one"; fi; done 2>/dev/null"""


class Running:
    """A command on a channel; ``out`` and ``err`` are what it wrote, ``cut`` whether more than is kept."""

    def __init__(self, channel: Any, given: bytes, most: int) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.cut = False
        self._channel = channel
        self._given: memoryview | None = memoryview(given)  # None once the command was told that no more comes
        self._most = most

    def wait(self, seconds: float | None) -> str:
        """Until it has ended; why it was ended before: "cancelled" or "timeout", else empty."""
        until = None if seconds is None else time.monotonic() + seconds
        reason = ""
        while not self._is_over():
            self._exchange()
            late = until is not None and time.monotonic() > until
            if reason and late:
                break
            if not reason and (late or current().cancelled):
                reason = "cancelled" if current().cancelled else "timeout"
                self._end()
                until = time.monotonic() + _GRACE
        self._exchange(0)
        return reason

    def _is_over(self) -> bool:
        channel = self._channel
        quiet = not channel.recv_ready() and not channel.recv_stderr_ready()
        return bool((channel.exit_status_ready() and channel.eof_received and quiet) or (channel.closed and quiet))

    def _exchange(self, seconds: float = _LOOK) -> None:
        """Pass on what is there to be passed on, in either direction; wait a moment when it is nothing."""
        channel = self._channel
        sending = self._given is not None and not channel.closed
        if sending and channel.send_ready():
            self._send()
        elif not channel.recv_ready() and not channel.recv_stderr_ready():
            select.select([channel], [], [], min(seconds, 0.02) if sending else seconds)
        for ready, receive, kept in (
            (channel.recv_ready, channel.recv, self.out),
            (channel.recv_stderr_ready, channel.recv_stderr, self.err),
        ):
            while ready():
                self._keep(kept, receive(_PIECE))

    def _send(self) -> None:
        left = self._given
        if left:
            left = left[self._channel.send(left[:_PIECE].tobytes()) :]
        if not left:
            self._channel.shutdown_write()
        self._given = left or None

    def _keep(self, kept: bytearray, piece: bytes) -> None:
        room = self._most - len(kept)
        self.cut = self.cut or len(piece) > room
        kept += piece[: max(room, 0)]

    def _end(self) -> None:
        """Tell it to end, with all that it started (RFC 4254, section 6.9), and have it told again from beside it."""
        message = paramiko().Message()
        message.add_byte(paramiko().common.cMSG_CHANNEL_REQUEST)
        message.add_int(self._channel.remote_chanid)
        message.add_string("signal")
        message.add_boolean(False)
        message.add_string("TERM")
        self._channel.transport._send_user_message(message)
        with suppress(paramiko().SSHException, OSError, EOFError):
            beside = self._channel.transport.open_session(timeout=_GRACE)
            beside.exec_command(f"exec sh -c {shlex.quote(_END_OTHERS)}")
            beside.settimeout(_GRACE)
            beside.recv(1)  # nothing: until it has ended
            beside.close()
