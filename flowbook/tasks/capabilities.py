"""What a task is able to do beyond computing, as its author declared it; what was not declared it is taken to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowbook.records import NamedTuple

Reach = bool | str | Iterable[str]
"""Whether, or by which params: their names."""


class Capabilities(NamedTuple):
    """What a task is able to do.

    ``network`` whether it talks to servers, ``reads`` and ``writes`` whether it touches files, ``runs_code`` whether it
    executes code that params hold. ``addresses``, ``read_params`` and ``written_params`` are the params that name the
    servers and files, as far as they were declared. ``said`` is whether all of it was declared.
    """

    network: bool = True
    reads: bool = True
    writes: bool = True
    runs_code: bool = True
    addresses: tuple[str, ...] = ()
    read_params: tuple[str, ...] = ()
    written_params: tuple[str, ...] = ()
    said: bool = False

    @classmethod
    def declared(
        cls, network: Reach | None, reads: Reach | None, writes: Reach | None, runs_code: bool | None
    ) -> Capabilities:
        """What ``@task`` was told. Raises ValueError for what is neither a truth value nor names of params."""
        if not isinstance(runs_code, (bool, type(None))):
            raise ValueError(f"runs_code is True or False, not {runs_code!r}")
        said = None not in (network, reads, writes, runs_code)
        talks, addresses = _understood(network, "network")
        can_read, read_params = _understood(reads, "reads_files")
        can_write, written_params = _understood(writes, "writes_files")
        return cls(talks, can_read, can_write, runs_code is not False, addresses, read_params, written_params, said)

    def described(self) -> dict[str, Any]:
        """For ``flowbook catalog --json``: each capability, with the params that name what is reached."""
        return {
            "network": list(self.addresses) or self.network,
            "reads_files": list(self.read_params) or self.reads,
            "writes_files": list(self.written_params) or self.writes,
            "runs_code": self.runs_code,
            "declared": self.said,
        }

    def words(self) -> str:
        """In a sentence for people; empty when it is able to do nothing of that."""
        able = [
            word
            for has, word in (
                (self.network, "talks to servers"),
                (self.reads, "reads files"),
                (self.writes, "writes files"),
                (self.runs_code, "runs code"),
            )
            if has
        ]
        return ", ".join(able)


ALL = Capabilities()
"""Those of a task whose author said nothing."""


def _understood(value: Any, what: str) -> tuple[bool, tuple[str, ...]]:
    if value is None or isinstance(value, bool):
        return value is not False, ()
    names = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, (list, tuple)) else ()
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{what} is True, False, or the names of params, not {value!r}")
    return True, names
