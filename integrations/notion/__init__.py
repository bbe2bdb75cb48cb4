"""Notion: pages, their content as Markdown, databases as rows, comments and people."""

from .content import append_content, delete_block, get_content, update_block
from .databases import create_database, get_database, query_database
from .pages import create_page, get_page, search, trash_page, update_page
from .people import add_comment, find_user, list_comments, list_users, test_connection

HOSTS = ("api.notion.com",)

__all__ = [
    "add_comment",
    "append_content",
    "create_database",
    "create_page",
    "delete_block",
    "find_user",
    "get_content",
    "get_database",
    "get_page",
    "list_comments",
    "list_users",
    "query_database",
    "search",
    "test_connection",
    "trash_page",
    "update_block",
    "update_page",
]
