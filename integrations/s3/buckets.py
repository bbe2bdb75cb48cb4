"""Buckets: trying the key, listing, making one, and listing what is in one."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted, cut_at

from .client import explained, open_client
from .models import CreateBucket, Credentials, DeleteBucket, ListBuckets, ListObjects, TestConnection


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the access key by listing the buckets, or by looking into one bucket.

    A failure's data has a "kind": unauthorized, forbidden, not_found, wrong_region, unreachable, wrong_address,
    timeout, tls. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html, …/API_ListObjectsV2.html
    """
    client = open_client(credentials)
    if params.bucket:
        with explained(f"Bucket {params.bucket} could not be tried", credentials):
            client.list_objects_v2(Bucket=params.bucket, MaxKeys=1)
        return Result.ok(f"Connected; bucket {params.bucket} can be read.", {"bucket": params.bucket})
    with explained("The connection could not be tried", credentials):
        try:
            found = client.list_buckets()
        except client.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") == "AccessDenied":
                raise TaskFailed(
                    "The key is accepted or at least known, but may not list all buckets (AccessDenied).",
                    {"kind": "forbidden", "code": "AccessDenied", "status": 403},
                    "Name the bucket it is for in this task's param 'bucket', or allow s3:ListAllMyBuckets.",
                ) from None
            raise
    names = [bucket["Name"] for bucket in found.get("Buckets", [])]
    return Result.ok(f"Connected; the key sees {_count(len(names), 'bucket')}.", {"buckets": names})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_buckets(credentials: Credentials, params: ListBuckets) -> Result:
    """List the buckets that the key sees.

    Data: a list of {"name", "created"}. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
    """
    client = open_client(credentials)
    with explained("The buckets could not be listed", credentials):
        found = client.list_buckets().get("Buckets", [])
    matching = [bucket for bucket in found if bucket["Name"].startswith(params.prefix)]
    buckets = [{"name": entry["Name"], "created": _moment(entry.get("CreationDate"))} for entry in matching]
    cut = len(buckets) > params.limit
    note = f", cut at the limit of {params.limit:,}" if cut else ""
    return Result.ok(f"{_count(min(len(buckets), params.limit), 'bucket')}{note}.", buckets[: params.limit])


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_objects(credentials: Credentials, params: ListObjects) -> Result:
    """List the objects of a bucket, page after page, in the order of their keys.

    Data: a list of {"key", "size" (bytes), "modified", "etag", "storage_class"}; with a delimiter also {"prefix"} for
    each deeper folder. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    """
    client = open_client(credentials)
    found: list[dict[str, Any]] = []
    limit = None if params.all else params.limit
    with explained(f"Bucket {params.bucket} could not be listed", credentials):
        for page in _pages(client, params, limit):
            found += [{"prefix": entry["Prefix"]} for entry in page.get("CommonPrefixes", [])]
            found += [_described(entry) for entry in page.get("Contents", [])]
            current().progress(len(found), limit, "objects")
            if current().cancelled:
                raise TaskFailed("Cancelled.")
            if limit is not None and len(found) > limit:
                break
    cut = limit is not None and len(found) > limit
    note = cut_at(limit, cut)
    found = found[:limit]
    return Result.ok(f"{_count(len(found), 'object')} in {params.bucket}/{params.prefix}{note}.", found)


def _pages(client: Any, params: ListObjects, limit: int | None) -> Any:
    pages = client.get_paginator("list_objects_v2")
    size = 1000 if limit is None else min(1000, limit + 1)
    return pages.paginate(
        Bucket=params.bucket, Prefix=params.prefix, Delimiter=params.delimiter, PaginationConfig={"PageSize": size}
    )


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_bucket(credentials: Credentials, params: CreateBucket) -> Result:
    """Make a bucket; one that you have already is fine.

    Data: {"bucket", "created"}. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    """
    client = open_client(credentials)
    region = params.region or credentials.region
    # us-east-1 is what a request without a constraint means; naming it is refused
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region not in (None, "us-east-1") else {}
    with explained(f"Bucket {params.bucket} could not be made", credentials):
        try:
            client.create_bucket(Bucket=params.bucket, **place)
        except client.exceptions.BucketAlreadyOwnedByYou:
            return Result.ok(f"Bucket {params.bucket} was there already.", {"bucket": params.bucket, "created": False})
    return Result.ok(f"Bucket {params.bucket} made.", {"bucket": params.bucket, "created": True})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_bucket(credentials: Credentials, params: DeleteBucket) -> Result:
    """Delete a bucket; one with something in it only with ``empty``. One that is not there is fine.

    Data: {"bucket", "deleted", "objects" (how many were deleted before, versions counted)}.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucket.html
    """
    client = open_client(credentials)
    count = 0
    with explained(f"Bucket {params.bucket} could not be deleted", credentials):
        try:
            if params.empty:
                count = _emptied(client, params.bucket)
            elif credentials.endpoint_url:
                _check_empty(client, params.bucket)
            client.delete_bucket(Bucket=params.bucket)
        except client.exceptions.ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchBucket":
                raise
            gone = {"bucket": params.bucket, "deleted": False, "objects": 0}
            return Result.ok(f"There is no bucket {params.bucket} (any more).", gone)
    data = {"bucket": params.bucket, "deleted": True, "objects": count}
    return Result.ok(f"Bucket {params.bucket} deleted{f', with {count:,} in it' if count else ''}.", data)


def _check_empty(client: Any, bucket: str) -> None:
    """TaskFailed when there is something in the bucket: Amazon refuses then, but SeaweedFS deletes it all."""
    if client.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents"):
        what = f"Bucket {bucket} could not be deleted: there is something in it."
        raise TaskFailed(what, {"kind": "conflict"}, "Turn on empty to delete that, too.", permanent=True)


def _emptied(client: Any, bucket: str) -> int:
    """Delete all objects of a bucket, with their versions and the marks of deleted ones; how many those were."""
    count = 0
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        if current().cancelled:
            raise TaskFailed("Cancelled.", {"deleted": count})
        entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        wanted = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        if not wanted:
            continue
        errors = client.delete_objects(Bucket=bucket, Delete={"Objects": wanted, "Quiet": True}).get("Errors", [])
        if errors:
            first = f"{errors[0].get('Key', '')}: {errors[0].get('Code', '')} {errors[0].get('Message', '')}".strip()
            raise TaskFailed(
                f"{counted(len(errors), 'object')} of {bucket} could not be deleted; {first}.", {"deleted": count}
            )
        count += len(wanted)
        current().progress(count, None, "objects")
    return count


def _described(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "key": entry["Key"],
        "size": entry["Size"],
        "modified": _moment(entry.get("LastModified")),
        "etag": entry.get("ETag", "").strip('"'),
        "storage_class": entry.get("StorageClass", "STANDARD"),
    }


def _moment(value: Any) -> str | None:
    return value.isoformat() if value is not None else None


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
