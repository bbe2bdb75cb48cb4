"""SendGrid: sending mail, contacts and their lists, suppressions, templates and statistics over its Web API v3."""

from .contacts import add_contacts, create_contact_list, list_contact_lists, search_contacts
from .suppressions import add_suppressions, list_suppressions, list_unsubscribe_groups, remove_suppressions
from .tasks import get_stats, list_templates, send_email, test_connection

__all__ = [
    "add_contacts",
    "add_suppressions",
    "create_contact_list",
    "get_stats",
    "list_contact_lists",
    "list_suppressions",
    "list_templates",
    "list_unsubscribe_groups",
    "remove_suppressions",
    "search_contacts",
    "send_email",
    "test_connection",
]
