"""S3: files and data in buckets of Amazon S3 and of servers that speak its API, over boto3."""

from .buckets import create_bucket, list_buckets, list_objects, test_connection
from .objects import copy_object, delete_objects, get_object, head_object, presign_url, put_object
from .transfer import download_file, upload_file

HOSTS = ("*.amazonaws.com", "*.amazonaws.com.cn")

__all__ = [
    "copy_object",
    "create_bucket",
    "delete_objects",
    "download_file",
    "get_object",
    "head_object",
    "list_buckets",
    "list_objects",
    "presign_url",
    "put_object",
    "test_connection",
    "upload_file",
]
