"""HTTP: any request to any web API, with or without credentials."""

from .tasks import request, test_connection

__all__ = ["request", "test_connection"]
