"""HTTP: any request to any web API, with or without credentials."""

from .tasks import request, test_connection

# What an API answers is for the workflow to judge: any page, and any form of JSON.
_ANY = ["a sign-in page", "nothing", "no content", "words", "*JSON*", "* to another service", "a redirect to nowhere"]
TAKES = {"request": _ANY, "test_connection": _ANY}

__all__ = ["request", "test_connection"]
