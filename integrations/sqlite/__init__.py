"""SQLite: queries, statements and bulk inserts on database files inside one folder.

Every value reaches SQLite as a parameter and every name as a quoted identifier; nothing is pasted into SQL.
"""

from .tasks import execute, execute_many, insert_rows, list_tables, query, test_connection

__all__ = ["execute", "execute_many", "insert_rows", "list_tables", "query", "test_connection"]
