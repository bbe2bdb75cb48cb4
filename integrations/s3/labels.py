"""What objects are labelled with: tags, and who may reach them.

Facts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html and …/userguide/acl-overview.html
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task

from .client import explained, open_client
from .models import Credentials, GetAcl, GetTags, SetAcl, SetTags


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_tags(credentials: Credentials, params: GetTags) -> Result:
    """Read the tags of an object.

    Data: {name: value}. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTagging.html
    """
    client = open_client(credentials)
    version = {"VersionId": params.version_id} if params.version_id else {}
    with explained(f"The tags of {params.bucket}/{params.key} could not be read", credentials):
        tags = _tags(client, params.bucket, params.key, **version)
    return Result.ok(f"{params.key} has {len(tags)} tag{'' if len(tags) == 1 else 's'}.", tags)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_tags(credentials: Credentials, params: SetTags) -> Result:
    """Give an object these tags in place of those it has, or beside them.

    Data: {name: value}, all that it has now. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html
    """
    client = open_client(credentials)
    place = {"Bucket": params.bucket, "Key": params.key}
    with explained(f"The tags of {params.bucket}/{params.key} could not be set", credentials):
        kept = _tags(client, params.bucket, params.key) if params.keep_others else {}
        tags = kept | params.tags
        if tags:
            labels = [{"Key": name, "Value": value} for name, value in tags.items()]
            client.put_object_tagging(**place, Tagging={"TagSet": labels})
        else:
            client.delete_object_tagging(**place)
    return Result.ok(f"{params.key} has {len(tags)} tag{'' if len(tags) == 1 else 's'} now.", tags)


def _tags(client: Any, bucket: str, key: str, **version: str) -> dict[str, str]:
    found = client.get_object_tagging(Bucket=bucket, Key=key, **version).get("TagSet", [])
    return {entry["Key"]: entry["Value"] for entry in found}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_acl(credentials: Credentials, params: GetAcl) -> Result:
    """Read who may reach an object.

    Data: {"owner", "grants": [{"to", "permission"}]}; "to" is an account's id, a group's address or an e-mail address.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html
    """
    client = open_client(credentials)
    with explained(f"Who may reach {params.bucket}/{params.key} could not be read", credentials):
        answer = client.get_object_acl(Bucket=params.bucket, Key=params.key)
    grants = [{"to": _named(one.get("Grantee", {})), "permission": one.get("Permission")} for one in answer["Grants"]]
    data = {"owner": answer.get("Owner", {}).get("ID"), "grants": grants}
    return Result.ok(f"{params.key} has {len(grants)} grant{'' if len(grants) == 1 else 's'}.", data)


def _named(grantee: dict[str, Any]) -> str | None:
    return grantee.get("URI") or grantee.get("EmailAddress") or grantee.get("ID")


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_acl(credentials: Credentials, params: SetAcl) -> Result:
    """Say who may reach an object. Buckets made since April 2023 refuse it, unless their owner allows ACLs.

    Data: {"bucket", "key", "acl"}. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
    """
    client = open_client(credentials)
    with explained(f"Who may reach {params.bucket}/{params.key} could not be set", credentials):
        client.put_object_acl(Bucket=params.bucket, Key=params.key, ACL=params.acl)
    data = {"bucket": params.bucket, "key": params.key, "acl": params.acl}
    return Result.ok(f"{params.key} is {params.acl} now.", data)
