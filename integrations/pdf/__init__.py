"""PDF: text page by page, what files say of themselves, and pages taken out and put together, over pypdf."""

from .tasks import describe, merge, read_text, take_pages, test_connection

__all__ = ["describe", "merge", "read_text", "take_pages", "test_connection"]
