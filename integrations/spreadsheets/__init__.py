"""Spreadsheets: Excel workbooks (.xlsx) read as rows and written from rows, without Excel."""

from .tables import append_to_table, list_tables, read_table
from .tasks import append_rows, list_sheets, read_sheet, test_connection, write_sheet

__all__ = [
    "append_rows",
    "append_to_table",
    "list_sheets",
    "list_tables",
    "read_sheet",
    "read_table",
    "test_connection",
    "write_sheet",
]
