"""Azure Blob Storage: files and data in containers, over azure-storage-blob."""

from .blobs import copy_blob, delete_blobs, get_blob, head_blob, put_blob
from .containers import create_container, delete_container, list_blobs, list_containers, test_connection
from .signing import sign_url
from .transfer import download_file, upload_file

HOSTS = ("*.blob.core.windows.net", "*.blob.core.usgovcloudapi.net", "*.blob.core.chinacloudapi.cn")

__all__ = [
    "copy_blob",
    "create_container",
    "delete_blobs",
    "delete_container",
    "download_file",
    "get_blob",
    "head_blob",
    "list_blobs",
    "list_containers",
    "put_blob",
    "sign_url",
    "test_connection",
    "upload_file",
]
