"""SendGrid: sending mail, templates and statistics over its Web API v3."""

from .tasks import get_stats, list_templates, send_email, test_connection

__all__ = ["get_stats", "list_templates", "send_email", "test_connection"]
