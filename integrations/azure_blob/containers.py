"""Containers: trying the key, listing, making and deleting them, and listing what is in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted, cut_at

from .client import opened, told
from .models import Credentials, ListBlobs, ListContainers, OneContainer, TestConnection

_PAGE = 1000


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the key by listing the containers, or by looking into one.

    A failure's data has a "kind": unauthorized, forbidden, not_found, unreachable, wrong_address, timeout, tls.
    """
    with opened(credentials, "The connection could not be tried") as client:
        if params.container:
            next(iter(client.get_container_client(params.container).list_blobs(results_per_page=1)), None)
            return Result.ok(f"Connected; container {params.container} can be read.", {"container": params.container})
        names = [one.name for one, _ in zip(client.list_containers(results_per_page=100), range(100), strict=False)]
    return Result.ok(f"Connected; the key sees {counted(len(names), 'container')}.", {"containers": names})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_containers(credentials: Credentials, params: ListContainers) -> Result:
    """List the containers of the account. Data: a list of {"name", "modified", "public"}."""
    with opened(credentials, "The containers could not be listed") as client:
        pages = client.list_containers(name_starts_with=params.prefix or None, results_per_page=_PAGE)
        made = (
            {"name": one.name, "modified": one.last_modified.isoformat(), "public": one.public_access} for one in pages
        )
        found, note = _first(made, params.wanted)
    return Result.ok(f"{counted(len(found), 'container')}{note}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_blobs(credentials: Credentials, params: ListBlobs) -> Result:
    """List the blobs of a container, page after page, in the order of their names.

    Data: a list of {"key", "size" (bytes), "content_type", "modified", "etag", "tier"}; with a delimiter also
    {"prefix"} for each deeper folder.
    """
    with opened(credentials, f"Container {params.container} could not be listed") as client:
        container = client.get_container_client(params.container)
        options = {"name_starts_with": params.prefix or None, "results_per_page": _PAGE}
        if params.delimiter:
            listed: Iterable[Any] = container.walk_blobs(delimiter=params.delimiter, **options)
        else:
            listed = container.list_blobs(**options)
        found, note = _first((_entry(one) for one in listed), params.wanted)
    return Result.ok(f"{counted(len(found), 'blob')} in {params.container}/{params.prefix}{note}.", found)


def _entry(found: Any) -> dict[str, Any]:
    return told(found) if hasattr(found, "content_settings") else {"prefix": found.name}


def _first(given: Iterable[Any], limit: int | None) -> tuple[list[Any], str]:
    """The first entries of a list, and a note when there are more."""
    found: list[Any] = []
    for one in given:
        if limit is not None and len(found) == limit:
            return found, cut_at(limit, True)
        found.append(one)
        if len(found) % _PAGE == 0:
            current().progress(len(found), limit)
            if current().cancelled:
                raise TaskFailed("Cancelled.", {"kind": "cancelled"})
    return found, ""


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_container(credentials: Credentials, params: OneContainer) -> Result:
    """Make a container; one that is there already is fine. Data: {"container", "created"}."""
    from .quietly import unless_there

    with opened(credentials, f"Container {params.container} could not be made") as client:
        made = unless_there(lambda: client.create_container(params.container))
    message = f"Container {params.container} {'made' if made else 'was there already'}."
    return Result.ok(message, {"container": params.container, "created": made})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_container(credentials: Credentials, params: OneContainer) -> Result:
    """Delete a container with all that is in it; one that is not there is fine. Data: {"container", "deleted"}."""
    from .quietly import unless_gone

    with opened(credentials, f"Container {params.container} could not be deleted") as client:
        gone = unless_gone(lambda: client.delete_container(params.container))
    message = (
        f"Container {params.container} deleted." if gone else f"There is no container {params.container} (any more)."
    )
    return Result.ok(message, {"container": params.container, "deleted": gone})
