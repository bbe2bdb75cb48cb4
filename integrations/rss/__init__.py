"""RSS and Atom: the entries of feeds, those that are new, and the feeds that a page names, over feedparser."""

from .tasks import find_feeds, parse_feed, read_feed, test_connection

__all__ = ["find_feeds", "parse_feed", "read_feed", "test_connection"]
