"""Google Sheets: rows of spreadsheets, read and written, and their sheets."""

from flowbook import google

from .rows import append_rows, clear, read_rows, read_values, update_rows, write_rows, write_values
from .sheets import add_sheet, create_spreadsheet, delete_sheet, get_spreadsheet, test_connection

HOSTS = ("sheets.googleapis.com", *google.HOSTS)

__all__ = [
    "add_sheet",
    "append_rows",
    "clear",
    "create_spreadsheet",
    "delete_sheet",
    "get_spreadsheet",
    "read_rows",
    "read_values",
    "test_connection",
    "update_rows",
    "write_rows",
    "write_values",
]
