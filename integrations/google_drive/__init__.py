"""Google Drive: files and folders, found, read, uploaded, exported, moved and shared."""

from flowbook import google

from .contents import download_file, export_file, read_file, replace_content, upload_file
from .files import (
    copy_file,
    create_folder,
    delete_file,
    get_file,
    list_files,
    move_file,
    restore_file,
    test_connection,
    trash_file,
    update_file,
)
from .sharing import list_permissions, remove_permission, share_file

HOSTS = ("www.googleapis.com", *google.HOSTS)

# https://developers.google.com/workspace/drive/api/reference/rest/v3/files/delete: an empty object, or nothing
TAKES = {
    "delete_file": ["nothing", "no content", "JSON of another form: {}", "JSON in a charset that is none"],
    "upload_file": [
        "a sign-in page",
        "nothing",
        "no content",
        "words",
        "*JSON*",
    ],  # its first request makes no file yet
}

__all__ = [
    "copy_file",
    "create_folder",
    "delete_file",
    "download_file",
    "export_file",
    "get_file",
    "list_files",
    "list_permissions",
    "move_file",
    "read_file",
    "remove_permission",
    "replace_content",
    "restore_file",
    "share_file",
    "test_connection",
    "trash_file",
    "update_file",
    "upload_file",
]
