"""GitLab: projects, issues, merge requests, files, pipelines, releases and comments."""

from .files import get_file, list_files, put_file
from .issues import add_comment, create_issue, get_issue, list_comments, list_issues, update_issue
from .merging import create_merge_request, get_merge_request, list_merge_requests, merge
from .pipelines import list_pipelines, run_pipeline, wait_for_pipeline
from .projects import create_release, get_project, list_projects, list_releases, test_connection

HOSTS = ("gitlab.com",)

__all__ = [
    "add_comment",
    "create_issue",
    "create_merge_request",
    "create_release",
    "get_file",
    "get_issue",
    "get_merge_request",
    "get_project",
    "list_comments",
    "list_files",
    "list_issues",
    "list_merge_requests",
    "list_pipelines",
    "list_projects",
    "list_releases",
    "merge",
    "put_file",
    "run_pipeline",
    "test_connection",
    "update_issue",
    "wait_for_pipeline",
]
