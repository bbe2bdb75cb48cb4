"""What is said of a run beside its inputs: that its workflow may run, and what became of what was in flight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from flowbook.records import NamedTuple
from flowbook.trust.permit import Permit


class Trust(NamedTuple):
    """What is said of a workflow that is to run: that it is ``restricted`` (it came from elsewhere, whatever object it
    is now), the ``sha256`` of what somebody looked at, and the permit of the run that it is a part of (``parent``)."""

    restricted: bool = False
    sha256: str | None = None
    parent: Permit | None = None


NOTHING_SAID = Trust()


class Said(NamedTuple):
    """What is said of a run that is to be resumed: of what was in flight, ``accept`` (it happened) or ``rerun``, and
    the ``results`` of nodes that did not succeed; and the ``sha256`` of what somebody looked at who wants just that to
    run."""

    accept: Collection[str] = ()
    rerun: Collection[str] = ()
    results: Mapping[str, Any] = MappingProxyType({})
    sha256: str | None = None
