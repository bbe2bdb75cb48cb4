"""Airtable: records of bases, read and written, with their comments and attachments."""

from .attaching import download_attachment, upload_attachment
from .bases import create_field, create_table, list_bases, list_tables, test_connection
from .comments import add_comment, list_comments
from .records import (
    create_records,
    delete_records,
    find_record,
    get_record,
    list_records,
    update_records,
    upsert_records,
)

HOSTS = ("airtable.com", "api.airtable.com", "content.airtable.com", "*.airtableusercontent.com")

__all__ = [
    "add_comment",
    "create_field",
    "create_records",
    "create_table",
    "delete_records",
    "download_attachment",
    "find_record",
    "get_record",
    "list_bases",
    "list_comments",
    "list_records",
    "list_tables",
    "test_connection",
    "update_records",
    "upload_attachment",
    "upsert_records",
]
