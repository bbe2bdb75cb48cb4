"""Buckets: trying the sign-in, listing, making and deleting them, and listing what is in one."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted, cut_at

from .client import NOTHING, PAGE, PATH, Storage, place, told
from .models import CreateBucket, Credentials, ListBuckets, ListObjects, OneBucket, TestConnection


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the sign-in by looking into a bucket, or by listing the project's buckets."""
    with Storage(credentials) as storage:
        if params.bucket:
            storage.call("GET", place(params.bucket, "o"), "kind", params={"maxResults": 1})
            return Result.ok(f"Connected; bucket {params.bucket} can be read.", {"bucket": params.bucket})
        query = {"project": _project(credentials), "maxResults": PAGE}
        found = storage.call("GET", PATH, "kind", params=query).get("items") or []
    names = [one.get("name") for one in found]
    return Result.ok(f"Connected; {counted(len(names), 'bucket')} can be seen.", {"buckets": names})


def _project(credentials: Credentials) -> str:
    if not credentials.project:
        hint = "Name a bucket, or put the project's ID into the integration."
        raise TaskFailed("Buckets belong to a project, and none is named.", hint=hint, permanent=True)
    return credentials.project


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_buckets(credentials: Credentials, params: ListBuckets) -> Result:
    """List the buckets of the project. Data: a list of {"name", "created", "location", "storage_class"}.

    https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/list
    """
    query = {"project": _project(credentials), "prefix": params.prefix}
    with Storage(credentials) as storage:
        found, note = _first(storage, PATH, params.wanted, lambda page: [_bucket(one) for one in page], **query)
    return Result.ok(f"{counted(len(found), 'bucket')}{note}.", found)


def _bucket(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": found.get("name"),
        "created": found.get("timeCreated"),
        "location": found.get("location"),
        "storage_class": found.get("storageClass"),
    }


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_objects(credentials: Credentials, params: ListObjects) -> Result:
    """List the objects of a bucket, page after page, in the order of their names.

    Data: a list of {"key", "size" (bytes), "content_type", "modified", "etag", "storage_class", "generation"}; with a
    delimiter also {"prefix"} for each deeper folder. https://docs.cloud.google.com/storage/docs/json_api/v1/objects/list
    """
    query = {"prefix": params.prefix, "delimiter": params.delimiter}
    path = place(params.bucket, "o")
    with Storage(credentials) as storage:
        found, note = _first(storage, path, params.wanted, lambda page: [told(one) for one in page], **query)
    return Result.ok(f"{counted(len(found), 'object')} in {params.bucket}/{params.prefix}{note}.", found)


def _first(storage: Storage, path: str, limit: int | None, made: Any, **query: Any) -> tuple[list[Any], str]:
    """The first entries of a list, and a note when there are more."""
    found: list[Any] = []
    size = PAGE if limit is None else min(PAGE, limit + 1)
    for page in storage.pages(path, maxResults=size, **query):
        found += [{"prefix": one} for one in page.get("prefixes") or []]
        found += made(page.get("items") or [])
        current().progress(len(found), limit)
        if limit is not None and len(found) > limit:
            return found[:limit], cut_at(limit, True)
    return found, ""


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_bucket(credentials: Credentials, params: CreateBucket) -> Result:
    """Make a bucket; one that you have already is fine. Data: {"bucket", "created"}.

    https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/insert
    """
    body = {"name": params.bucket, "location": params.location, "storageClass": params.storage_class}
    body = {name: value for name, value in body.items() if value}
    data = {"bucket": params.bucket, "created": True}
    with Storage(credentials) as storage:
        query = {"project": _project(credentials)}
        answer = storage.session.request("POST", PATH, params=query, json=body, accept=(409,), expect=(200,))
        if answer.status != 409:
            storage.checked(answer, "name")
            return Result.ok(f"Bucket {params.bucket} made.", data)
        # It may be somebody else's: then it cannot be looked into, and that is said.
        storage.call("GET", place(params.bucket), "name")
    return Result.ok(f"Bucket {params.bucket} was there already.", {**data, "created": False})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_bucket(credentials: Credentials, params: OneBucket) -> Result:
    """Delete a bucket with nothing in it; one that is not there is fine. Data: {"bucket", "deleted"}.

    https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/delete
    """
    with Storage(credentials) as storage:
        answer = storage.session.request("DELETE", place(params.bucket), accept=(404,), expect=(200, 204))
        if answer.status != 404 and answer.content.strip() not in NOTHING:
            raise storage.unlike(answer)
    there = answer.status != 404
    message = f"Bucket {params.bucket} deleted." if there else f"There is no bucket {params.bucket} (any more)."
    return Result.ok(message, {"bucket": params.bucket, "deleted": there})
