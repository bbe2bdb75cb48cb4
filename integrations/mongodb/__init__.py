"""MongoDB: documents found, counted, inserted, changed and deleted; indexes and collections, over PyMongo."""

from .changing import (
    create_index,
    delete_many,
    delete_one,
    drop_collection,
    find_one_and_update,
    insert_many,
    insert_one,
    replace_one,
    update_many,
    update_one,
)
from .reading import aggregate, count, distinct, find, find_one, list_collections, list_databases, test_connection

__all__ = [
    "aggregate",
    "count",
    "create_index",
    "delete_many",
    "delete_one",
    "distinct",
    "drop_collection",
    "find",
    "find_one",
    "find_one_and_update",
    "insert_many",
    "insert_one",
    "list_collections",
    "list_databases",
    "replace_one",
    "test_connection",
    "update_many",
    "update_one",
]
