"""Joining a Dask cluster: the client of it, once its workers were asked whether they can make our calls."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from flowbook.calling.processors import usable_processors
from flowbook.calling.there import versions
from flowbook.errors import InputError
from flowbook.installing import distribution, how_to_install

CONNECT_SECONDS = 10
_LEAST_WORKERS = 2


def joined(given: Any) -> tuple[Any, Sequence[Any]]:
    """The client of a cluster, and what is to be closed with it. Raises InputError when it cannot be used.

    ``given`` is a client, an address, or None for a cluster on this machine.
    """
    try:
        import distributed
    except ImportError:
        hint = how_to_install("distributed")
        raise InputError("a cluster needs Dask, which is not installed.", hint) from None
    if given is None:
        made: list[Any] = _local(distributed)
    elif isinstance(given, str):
        made = [_client(distributed, given)]
    elif getattr(given, "asynchronous", False):
        raise InputError("the client is asynchronous.", "Give one that was made without asynchronous=True.")
    else:
        made = []
    client = made[0] if made else given
    try:
        _check(client)
    except BaseException:
        for one in made:
            one.close()
        raise
    return client, made


def _local(distributed: Any) -> list[Any]:
    import dask

    # Workers begin in this folder, which may be a stranger's: no modules of it are in their way (from Python 3.11 on).
    with dask.config.set({"distributed.nanny.pre-spawn-environ.PYTHONSAFEPATH": "1"}):
        cluster = distributed.LocalCluster(
            n_workers=max(_LEAST_WORKERS, usable_processors()), threads_per_worker=1, dashboard_address=":0",
            host="127.0.0.1",
        )  # fmt: skip
    return [distributed.Client(cluster, set_as_default=False), cluster]


def _client(distributed: Any, address: str) -> Any:
    try:
        _check_address(distributed, address)  # before there is a client: one that found out is not let go of for 20 s
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a TimeoutError is an OSError
        raise InputError(
            f"there is no cluster at {address!r}: {error}.",
            "Give the address of its scheduler, such as tcp://10.0.0.5:8786, and see that it runs.",
        ) from None


def _check_address(distributed: Any, address: str) -> None:
    """Raise ValueError for what is no address at all: of a scheme that Dask does not know, or without a port."""
    whole = address if "://" in address else f"tcp://{address}"
    if whole.startswith(("tcp://", "tls://", "ws://", "wss://")):
        distributed.comm.get_address_host_port(whole, strict=True)
    else:
        distributed.comm.get_address_host(whole)


def _check(client: Any) -> None:
    """Raise InputError, which names them, for workers that cannot make our calls."""
    ours = versions()
    try:
        found = client.run(versions, on_error="return")
    except Exception as error:  # noqa: BLE001 - whatever the connection says
        status = getattr(client, "status", "")
        why = f"its client is {status}" if status in ("closed", "closing") else f"{type(error).__name__}: {error}"
        raise InputError(
            f"the cluster does not answer: {why}.", "See that its scheduler runs, and connect a new client."
        ) from None
    for worker, theirs in found.items():
        if isinstance(theirs, BaseException):
            raise InputError(
                f"the worker {worker} cannot make calls of Flowbook: {type(theirs).__name__}: {theirs}.",
                f"Install {distribution()}[dask] {ours[1]} where the workers are, with the libraries that tasks need.",
            )
        if tuple(theirs) != ours:
            raise InputError(
                f"the worker {worker} has Python {theirs[0]} and Flowbook {theirs[1]}, here are {ours[0]} and "
                f"{ours[1]}.",
                "Start the workers in an environment like this one.",
            )


def reachable_by_others(client: Any) -> bool:
    """Whether others than this machine's may connect to the cluster, and listen: then it gets no credentials."""
    address = str(client.scheduler_info()["address"])
    scheme, _, rest = address.partition("://")
    if scheme in ("tls", "wss", "inproc"):
        return False
    host = rest.rpartition(":")[0].strip("[]")
    with suppress(ValueError):
        return not ipaddress.ip_address(host).is_loopback
    return host != "localhost"
