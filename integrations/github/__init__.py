"""GitHub: repositories, issues, pull requests, files, releases and Actions, on github.com or an Enterprise Server."""

from .actions import dispatch_workflow, get_workflow_run, list_workflow_runs, wait_for_workflow_run
from .assets import download_release_asset, upload_release_asset
from .comments import add_comment, list_comments, update_comment
from .files import delete_file, get_file, list_directory, put_file
from .graphql import graphql
from .issues import (
    add_labels,
    close_issue,
    create_issue,
    get_issue,
    list_issues,
    lock_issue,
    remove_label,
    search_issues,
    unlock_issue,
    update_issue,
)
from .pulls import (
    create_pull_request,
    create_review,
    get_pull_request,
    list_pull_requests,
    list_reviews,
    merge_pull_request,
)
from .releases import create_release, get_release, list_releases, update_release
from .repos import create_repo, get_repo, list_commits, list_repos, test_connection

HOSTS = ("api.github.com", "*.github.com", "*.githubusercontent.com")

# It answers 204 without the run's id, or 200 with it, by the version of the API:
# https://docs.github.com/rest/actions/workflows#create-a-workflow-dispatch-event
TAKES = {"dispatch_workflow": ["no content"]}

__all__ = [
    "add_comment",
    "add_labels",
    "close_issue",
    "create_issue",
    "create_pull_request",
    "create_release",
    "create_repo",
    "create_review",
    "delete_file",
    "dispatch_workflow",
    "download_release_asset",
    "get_file",
    "get_issue",
    "get_pull_request",
    "get_release",
    "get_repo",
    "get_workflow_run",
    "graphql",
    "list_comments",
    "list_commits",
    "list_directory",
    "list_issues",
    "list_pull_requests",
    "list_releases",
    "list_repos",
    "list_reviews",
    "list_workflow_runs",
    "lock_issue",
    "merge_pull_request",
    "put_file",
    "remove_label",
    "search_issues",
    "test_connection",
    "unlock_issue",
    "update_comment",
    "update_issue",
    "update_release",
    "upload_release_asset",
    "wait_for_workflow_run",
]
