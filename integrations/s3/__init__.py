"""S3: files and data in buckets of Amazon S3 and of servers that speak its API, over boto3."""

from .buckets import create_bucket, delete_bucket, list_buckets, list_objects, test_connection
from .folders import download_folder, upload_folder
from .labels import get_acl, get_tags, set_acl, set_tags
from .objects import copy_object, delete_objects, get_object, head_object, presign_url, put_object
from .transfer import download_file, upload_file

HOSTS = ("*.amazonaws.com", "*.amazonaws.com.cn")

TAKES = {"presign_url": ["*"]}  # it asks nothing: a link is signed here

__all__ = [
    "copy_object",
    "create_bucket",
    "delete_bucket",
    "delete_objects",
    "download_file",
    "download_folder",
    "get_acl",
    "get_object",
    "get_tags",
    "head_object",
    "list_buckets",
    "list_objects",
    "presign_url",
    "put_object",
    "set_acl",
    "set_tags",
    "test_connection",
    "upload_file",
    "upload_folder",
]
