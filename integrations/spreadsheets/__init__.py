"""Spreadsheets: Excel workbooks (.xlsx) read as rows and written from rows, without Excel."""

from .tasks import append_rows, list_sheets, read_sheet, test_connection, write_sheet

__all__ = ["append_rows", "list_sheets", "read_sheet", "test_connection", "write_sheet"]
