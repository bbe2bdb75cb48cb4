"""RSS and Atom: the entries of feeds, those that are new, and the feeds that a page names, over feedparser."""

from .tasks import find_feeds, parse_feed, read_feed, test_connection

# A page that names no feed has none, whatever it is and wherever it came from.
TAKES = {"find_feeds": ["a sign-in page", "nothing", "no content", "words", "*JSON*", "* to another service"]}

__all__ = ["find_feeds", "parse_feed", "read_feed", "test_connection"]
