"""Google Cloud Storage: files and data in buckets, over its JSON API; signed in, or as a service account."""

from flowbook import google

from .buckets import create_bucket, delete_bucket, list_buckets, list_objects, test_connection
from .objects import copy_object, delete_objects, get_object, head_object, put_object
from .signing import sign_url
from .transfer import download_file, upload_file

HOSTS = ("storage.googleapis.com", *google.HOSTS)

__all__ = [
    "copy_object",
    "create_bucket",
    "delete_bucket",
    "delete_objects",
    "download_file",
    "get_object",
    "head_object",
    "list_buckets",
    "list_objects",
    "put_object",
    "sign_url",
    "test_connection",
    "upload_file",
]
