"""PostgreSQL, on the wire: libpq connects to a relay on this machine, which keeps what is said, or says it again.

psycopg2 is libpq and C: no object of it can be made without a connection, so there is nothing above the wire at which
all that it can do could be answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flowbook.cassettes.places import here, tape_here
from flowbook.cassettes.relay import Player, Recorder
from flowbook.cassettes.tape import Tape

# What concerns the way to the server, which is the relay's affair.
_WAY = ("hostaddr", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslpassword", "channel_binding", "sslnegotiation")
_AT_HOME = {"host": "127.0.0.1", "sslmode": "disable", "gssencmode": "disable"}


def changes(module: Any) -> Iterator[tuple[Any, str, Callable[[Any], Any]]]:
    """What is changed in ``psycopg2``."""
    yield module, "connect", _connect


def _connect(original: Any) -> Any:
    def connect(
        dsn: str | None = None, connection_factory: Any = None, cursor_factory: Any = None, **given: Any
    ) -> Any:
        tape = tape_here()
        if tape is None:
            return original(dsn, connection_factory, cursor_factory, **given)
        from psycopg2.extensions import make_dsn, parse_dsn

        settings = parse_dsn(make_dsn(dsn, **given))
        request = {"connect": _address(settings)}

        def open_at(port: int, **changed: Any) -> Any:
            way = {name: value for name, value in settings.items() if name not in _WAY}
            return original(None, connection_factory, cursor_factory, **{**way, **_AT_HOME, "port": port, **changed})

        if tape.replaying:
            return _played(tape, request, open_at)
        return _kept(tape, request, settings, lambda: original(dsn, **given), open_at)

    return connect


def _address(settings: dict[str, str]) -> str:
    place = f"{settings.get('host', '')}:{settings.get('port', 5432)}"
    return f"{settings.get('user', '')}@{place}/{settings.get('dbname', '')}"


def _kept(
    tape: Tape, request: dict[str, Any], settings: dict[str, str], attempt: Callable[[], Any],
    open_at: Callable[..., Any],
) -> Any:  # fmt: skip
    """Connect as it is asked for first: what libpq says of a server that refuses is about that, not about a relay."""
    import psycopg2

    answer: dict[str, Any] = {}
    tape.keep(here(), "postgres", request, answer)
    try:
        attempt().close()
    except psycopg2.Error as error:
        answer["refused"] = str(error)
        raise
    recorder = Recorder(settings, answer)
    try:
        return open_at(recorder.port)
    except BaseException:
        recorder.close()
        raise


def _played(tape: Tape, request: dict[str, Any], open_at: Callable[..., Any]) -> Any:
    import psycopg2

    node = here()
    answer = tape.answer(node, "postgres", request)
    if "refused" in answer:
        raise psycopg2.OperationalError(answer["refused"])
    player = Player(tape, node, answer)
    try:
        return open_at(player.port, password="replayed")  # noqa: S106 - nobody asks for it
    except BaseException:
        player.close()
        raise
