"""Pull requests and their reviews. Facts: https://docs.github.com/en/rest/pulls."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator
from typing_extensions import Self

from flowbook import Result, task
from flowbook.counting import cut

from .client import CREATED, DONE, Credentials, GitHub, collect, default_branch, object_of, some
from .fields import All, BlankIsNone, Direction, Limit, Number, OptionalLongText, OptionalText, Params, Repo, Text


class ListPullRequests(Params):
    """Which pull requests of a repository."""

    repo: Repo
    state: Literal["open", "closed", "all"] = Field("open", description="Which state")
    head: OptionalText = Field(None, description='Branch they come from, as "owner:branch"')
    base: OptionalText = Field(None, description="Branch they go to")
    sort: Annotated[Literal["created", "updated", "popularity", "long-running"] | None, BlankIsNone] = Field(
        None, description="Order by"
    )
    direction: Direction = Field(None, description="Ascending or descending")
    limit: Limit = 100
    all: All = False


class CreatePullRequest(Params):
    """A new pull request."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["base", "body"]})

    repo: Repo
    title: Text = Field(description="Title")
    head: Text = Field(description='Branch with the changes; "owner:branch" from a fork')
    base: OptionalText = Field(None, description="Branch to merge into; the repository's default branch when empty")
    body: OptionalLongText = Field(None, description="Text, in Markdown")
    draft: bool = Field(False, description="As a draft")
    maintainer_can_modify: bool | None = Field(None, description="Whether maintainers may change the branch")


class OnePull(Params):
    """A pull request."""

    repo: Repo
    pull_number: Number = Field(description="Number of the pull request")

    @property
    def resource(self) -> str:
        """Its address in the API."""
        return f"/repos/{self.repo}/pulls/{self.pull_number}"


class MergePullRequest(OnePull):
    """A pull request to merge."""

    method: Literal["merge", "squash", "rebase"] = Field("merge", description="How")
    commit_title: OptionalText = Field(None, description="Title of the merge commit")
    commit_message: OptionalLongText = Field(None, description="Text of the merge commit")
    sha: OptionalText = Field(None, description="Merge only if this is still the newest commit of its branch")


class ListReviews(OnePull):
    """Which reviews of a pull request."""

    limit: Limit = 100
    all: All = False


class CreateReview(OnePull):
    """A review of a pull request."""

    event: Literal["approve", "request_changes", "comment"] = Field("comment", description="What the review says")
    body: OptionalLongText = Field(None, description="Text, in Markdown; an approval needs none")
    comments: list[dict[str, Any]] = Field(
        default_factory=list,
        description='Remarks on lines: {"path", "line", "body"}; "side", "start_line" and "start_side" may be beside',
        json_schema_extra={"flowbook_type": "json"},
    )
    commit_id: OptionalText = Field(None, description="Commit that was reviewed; the newest one when empty")

    @field_validator("comments")
    @classmethod
    def _on_lines(cls, comments: list[dict[str, Any]]) -> list[dict[str, Any]]:
        known = {"path", "body", "line", "side", "start_line", "start_side", "position"}
        for comment in comments:
            if not comment.get("path") or not comment.get("body") or not set(comment) <= known:
                raise ValueError(f"each needs path and body, and has nothing but {', '.join(sorted(known))}")
        return comments

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.event == "request_changes" and not self.body:
            raise ValueError("a review that asks for changes needs a body")
        if self.event == "comment" and not self.body and not self.comments:
            raise ValueError("a review that comments needs a body, or comments")
        return self


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_pull_requests(credentials: Credentials, params: ListPullRequests) -> Result:
    """List the pull requests of a repository.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
    """
    query = params.sent("state", "head", "base", "sort", "direction")
    with GitHub(credentials) as api:
        pulls, more = collect(api, f"/repos/{params.repo}/pulls", query, None if params.all else params.limit)
    state = "" if params.state == "all" else f"{params.state} "
    return Result.ok(f"Found {some(pulls, f'{state}pull request')} in {params.repo}{cut(more)}", pulls)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 1,
        "number": 1347,
        "title": "Amazing new feature",
        "state": "open",
        "draft": False,
        "html_url": "https://github.com/octocat/Hello-World/pull/1347",
        "head": {"ref": "new-topic", "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e"},
        "base": {"ref": "master"},
        "user": {"login": "octocat"},
    },
)
def create_pull_request(credentials: Credentials, params: CreatePullRequest) -> Result:
    """Open a pull request.

    https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
    """
    body = params.sent("title", "head", "body", "draft", "maintainer_can_modify")
    with GitHub(credentials) as api:
        body["base"] = params.base or default_branch(api, params.repo)
        pull = object_of(api.post(f"/repos/{params.repo}/pulls", json=body, expect=CREATED), "number")
    return Result.ok(f"Opened pull request {params.repo}#{pull['number']}: {params.title}", pull)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
        "merged": True,
        "message": "Pull Request successfully merged",
    },
)
def merge_pull_request(credentials: Credentials, params: MergePullRequest) -> Result:
    """Merge a pull request.

    https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
    """
    body = params.sent("commit_title", "commit_message", "sha", method="merge_method")
    with GitHub(credentials) as api:
        # A PUT, but one that must not be repeated: the second would fail although the first one merged.
        answer = object_of(api.put(f"{params.resource}/merge", json=body, retry=False, expect=DONE), "sha")
    return Result.ok(f"Merged {params.repo}#{params.pull_number}", answer)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_pull_request(credentials: Credentials, params: OnePull) -> Result:
    """Read one pull request: whether it is merged or can be, its branches, how much it changes.

    https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
    """
    with GitHub(credentials) as api:
        pull = object_of(api.get(params.resource), "number")
    return Result.ok(f"Found {params.repo}#{params.pull_number}: {pull.get('title', '')}", pull)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_reviews(credentials: Credentials, params: ListReviews) -> Result:
    """List the reviews of a pull request, the oldest first.

    https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
    """
    with GitHub(credentials) as api:
        reviews, more = collect(api, f"{params.resource}/reviews", {}, None if params.all else params.limit)
    return Result.ok(f"Found {some(reviews, 'review')} of {params.repo}#{params.pull_number}{cut(more)}", reviews)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_review(credentials: Credentials, params: CreateReview) -> Result:
    """Review a pull request: approve it, ask for changes, or comment.

    https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
    """
    body: dict[str, Any] = {"event": params.event.upper(), **params.sent("body", "commit_id")}
    if params.comments:
        body["comments"] = params.comments
    with GitHub(credentials) as api:
        review = object_of(api.post(f"{params.resource}/reviews", json=body, expect=DONE), "id")
    return Result.ok(f"Reviewed {params.repo}#{params.pull_number}: {params.event.replace('_', ' ')}", review)
