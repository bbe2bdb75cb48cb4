"""MySQL and MariaDB: queries, rows by conditions, bulk loading, CSV in and out, and looking around, over PyMySQL.

Every value reaches the server escaped by the client library and every name as a quoted identifier; nothing is pasted
into SQL as it comes.
"""

from .rows import delete_rows, select_rows, update_rows
from .schema import describe_table, list_tables
from .tasks import call, execute_many, execute_query, test_connection
from .transfer import copy_from_csv, copy_to_csv, insert_rows

__all__ = [
    "call",
    "copy_from_csv",
    "copy_to_csv",
    "delete_rows",
    "describe_table",
    "execute_many",
    "execute_query",
    "insert_rows",
    "list_tables",
    "select_rows",
    "test_connection",
    "update_rows",
]
