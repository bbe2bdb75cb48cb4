"""Jira: issues, comments, transitions, links, projects and attachments, on Cloud or Data Center."""

from .tasks import (
    add_attachment,
    add_comment,
    assign_issue,
    create_issue,
    get_issue,
    link_issues,
    list_projects,
    search_issues,
    test_connection,
    transition_issue,
    update_issue,
)

__all__ = [
    "add_attachment",
    "add_comment",
    "assign_issue",
    "create_issue",
    "get_issue",
    "link_issues",
    "list_projects",
    "search_issues",
    "test_connection",
    "transition_issue",
    "update_issue",
]
