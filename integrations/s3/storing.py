"""How objects are stored beside their content: headers, tags, who may reach them, how they are encrypted.

Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html (request headers)
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from .models import Keeping, Storing

_KEEPING = {
    "storage_class": "StorageClass",
    "acl": "ACL",
    "encryption": "ServerSideEncryption",
    "kms_key": "SSEKMSKeyId",
}
_STORING = {
    "cache_control": "CacheControl",
    "content_disposition": "ContentDisposition",
    "content_encoding": "ContentEncoding",
}


def keeping(params: Keeping) -> dict[str, Any]:
    """boto3's arguments for how an object is kept; only those that were given."""
    return {name: value for field, name in _KEEPING.items() if (value := getattr(params, field))}


def storing(params: Storing, content_type: str) -> dict[str, Any]:
    """boto3's arguments for all that is stored beside the content; only those that were given."""
    headers = {name: value for field, name in _STORING.items() if (value := getattr(params, field))}
    tags = {"Tagging": urlencode(params.tags)} if params.tags else {}
    return {"ContentType": content_type, "Metadata": params.metadata, **headers, **tags, **keeping(params)}
