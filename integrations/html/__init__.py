"""HTML and Markdown: values and tables taken out of pages, and one made of the other. Nothing is reached."""

from .tasks import from_markdown, select, table, test_connection, to_markdown, to_text

__all__ = ["from_markdown", "select", "table", "test_connection", "to_markdown", "to_text"]
