"""A workspace's schema in a PostgreSQL database: its address, the connection to it, and how its tables came about.

The run history (:mod:`flowbook.journal.postgres`) and the documents (:mod:`flowbook.store.postgres`) stand on it.
psycopg2 is imported when something is first asked of the database, and never by a workspace that is in files.
"""

from flowbook.postgres.address import Address
from flowbook.postgres.connection import Connection
from flowbook.postgres.listening import DOCUMENTS, RUNS, listen
from flowbook.postgres.session import Locked, Lost, Session

__all__ = ["DOCUMENTS", "RUNS", "Address", "Connection", "Locked", "Lost", "Session", "listen"]
