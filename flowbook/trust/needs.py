"""What a workflow is able to do that needs consent, found out without running it.

Transforming data, waiting, and reading or writing data files inside of the workspace's folder need none.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from flowbook import hosts, limits, paths
from flowbook.errors import InputError
from flowbook.json_text import parse_json
from flowbook.models import Node
from flowbook.records import NamedTuple
from flowbook.tasks import TaskSpec
from flowbook.trust.content import Meaning

ANY = "*"
NOT_HERE = "missing "
"""How what is needed begins, in place of an id, of an integration that is not here."""


class Need(NamedTuple):
    """One thing that is asked about: its ``kind``, and ``what`` it is about.

    ``integration`` (its id), ``host`` (a pattern; ``*`` for one that is computed), ``code`` (in params), ``reads`` and
    ``writes`` (a place outside of the workspace), ``program`` (files that could be executed later) and ``workflow``
    (``*``: any workflow of this workspace).
    """

    kind: str
    what: str = ""

    def is_met_by(self, granted: frozenset[Need]) -> bool:
        """Whether it is among what was granted, or covered by something there."""
        if self in granted:
            return True
        if self.kind == "host":
            allowed = [need.what for need in granted if need.kind == "host"]
            return ANY in allowed or (self.what != ANY and not self.what.startswith("*") and _fits(allowed, self.what))
        if self.kind == "reads":
            return Need("writes", self.what) in granted
        return False


def unmet(needs: frozenset[Need], granted: frozenset[Need]) -> frozenset[Need]:
    """Those that nothing that was granted covers."""
    return frozenset(need for need in needs if not need.is_met_by(granted))


def needs_of(node: Node, spec: TaskSpec, meaning: Meaning | None, root: Path) -> Iterator[Need]:
    """What one node needs consent for; ``meaning`` is that of its integration here."""
    able = spec.capabilities
    if node.integration:
        yield Need("integration", meaning.id if meaning is not None else f"{NOT_HERE}{node.integration}")
        # credentials are for these servers, whatever the task says of itself: each call of it asks for them
        yield from (Need("host", host) for host in (meaning.hosts if meaning is not None else ()))
    if able.runs_code:
        yield Need("code")  # which can do all that follows as well
        return
    if able.network and not node.integration:
        yield from (Need("host", host) for host in _hosts(node, spec))
    yield from _files(node, able.reads, able.read_params, root, writing=False)
    yield from _files(node, able.writes, able.written_params, root, writing=True)


def _hosts(node: Node, spec: TaskSpec) -> Iterator[str]:
    """The servers that the params of a node without an integration name."""
    values = [node.params.get(name) for name in spec.capabilities.addresses]
    if not values:
        yield ANY
    for value in values:
        yield literal_host(value) or ANY


def literal_host(value: Any) -> str:
    """The server of an address that is written out as far as its host goes; empty for a computed one."""
    if not isinstance(value, str):
        return ""
    scheme, separator, rest = value.partition("://")
    authority = rest.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    if not separator or "$" in scheme or "$" in authority or "{" in authority:
        return ""
    return hosts.host_of(f"{scheme}://{authority}")


def _files(node: Node, able: bool, params: tuple[str, ...], root: Path, *, writing: bool) -> Iterator[Need]:
    if not able:
        return
    if not params:
        yield from _anywhere(root, writing)
        return
    for name in params:
        for value in _paths_in(node.params.get(name)):
            yield from _file(value, root, writing)


def _file(value: Any, root: Path, writing: bool) -> Iterator[Need]:
    """What naming one file asks for."""
    if not isinstance(value, str) or "${{" in value:
        yield from _places(root, writing)
        if writing and not _ends_harmless(value):
            yield Need("program")
        return
    if writing and not limits.is_harmless(value):
        yield Need("program")
    try:
        place = paths.place_of(root, paths.expanded(value), writing=writing)
    except InputError:
        return  # it is refused when it runs
    if place is not None:
        yield Need("writes" if writing else "reads", str(place))


def _ends_harmless(value: Any) -> bool:
    """Whether a computed path ends, in so many letters, as data do."""
    if not isinstance(value, str):
        return False
    end = value.rpartition("}}")[2]
    return "/" not in end and "\\" not in end and "." in end and limits.is_harmless(f"x{end}")


def _anywhere(root: Path, writing: bool) -> Iterator[Need]:
    yield from _places(root, writing)
    if writing:
        yield Need("program")


def _places(root: Path, writing: bool) -> Iterator[Need]:
    """Each of the places outside that the settings list: a computed path may lead to any."""
    try:
        listed = paths.places(root)
    except InputError:
        return
    yield from (Need("writes" if writing else "reads", str(place)) for place, write in listed if write or not writing)


def _paths_in(value: Any) -> Iterator[Any]:
    """The paths that a param holds: itself, the values of an object, and those of a list; also of JSON text."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        with contextlib.suppress(ValueError):
            yield from _paths_in(parse_json(value))
    if isinstance(value, Mapping):
        for one in value.values():  # by any name: that of a form's field may be one of those of an attachment
            yield from _paths_of_one(one)
    else:
        yield from _paths_of_one(value)


def _paths_of_one(value: Any) -> Iterator[Any]:
    """The paths of a list or of one file; one that a message carries along is an object (``flowbook.attachments``)."""
    if isinstance(value, Mapping):
        if "file_path" in value:
            yield value["file_path"]
        elif not ({"filename", "content", "base64"} & value.keys()):
            yield from value.values()
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from _paths_of_one(one)
    elif value not in (None, ""):
        yield value


def _fits(patterns: list[str], pattern: str) -> bool:
    host, colon, port = pattern.rpartition(":")
    if colon and port.isdigit():
        return hosts.allows(patterns, host, int(port))
    # All ports are asked for: a grant of one port is not enough.
    return hosts.allows([one for one in patterns if not one.rpartition(":")[2].isdigit()], pattern)
