"""Jira: issues, comments, transitions, links, projects, files, time spent and sprints, on Cloud or Data Center."""

from .attachments import add_attachment, download_attachment, list_attachments
from .comments import add_comment, delete_comment, list_comments, update_comment
from .sprints import add_to_sprint, list_sprints
from .tasks import (
    assign_issue,
    create_issue,
    delete_issue,
    find_user,
    get_issue,
    link_issues,
    list_projects,
    list_transitions,
    search_issues,
    test_connection,
    transition_issue,
    update_issue,
)
from .worklogs import add_worklog, list_worklogs

__all__ = [
    "add_attachment",
    "add_comment",
    "add_to_sprint",
    "add_worklog",
    "assign_issue",
    "create_issue",
    "delete_comment",
    "delete_issue",
    "download_attachment",
    "find_user",
    "get_issue",
    "link_issues",
    "list_attachments",
    "list_comments",
    "list_projects",
    "list_sprints",
    "list_transitions",
    "list_worklogs",
    "search_issues",
    "test_connection",
    "transition_issue",
    "update_comment",
    "update_issue",
]
