"""The credentials and params of the GitLab tasks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from typing_extensions import Self

from flowbook import typed

_LINK = re.compile(r"https?://[^/]+/(?P<path>[^?#]+?)(?:\.git)?(?:/-/.*)?/?(?:[?#].*)?")
_PROJECT = re.compile(r"[0-9]+|[A-Za-z0-9_.][A-Za-z0-9_.-]*(/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+")
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _project(text: str) -> str:
    link = _LINK.fullmatch(text)
    path = link["path"] if link else text.strip("/")
    if not _PROJECT.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise ValueError('must be the path of a project, as "group/project", its number or its link')
    return path


def _file(text: str) -> str:
    path = text.strip("/")
    if not path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError("must be the path of a file in the repository, such as docs/index.md")
    return path


def _number(value: Any) -> Any:
    return value.strip().lstrip("#!") if isinstance(value, str) else value


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
OptionalText = Annotated[str | None, typed.BlankIsNone]
Project = Annotated[Name, AfterValidator(_project)]
FilePath = Annotated[Name, AfterValidator(_file)]
Number = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Names = Annotated[list[Name] | None, typed.Parted]
Numbers = Annotated[list[int] | None, typed.Parted]

PROJECT = 'Project: its path, as "group/project", its number or its link.'
BRANCH = "Branch; the default branch when empty."
LABELS = "Labels, with commas or as a list."


class Credentials(typed.Credentials):
    """How to reach GitLab, and as whom."""

    token: typed.Token = Field(
        description="Access token (glpat-...) of a person, group or project, with the scope api."
    )
    base_url: str = Field(
        "https://gitlab.com",
        description="Address of GitLab, if it is your own.",
        json_schema_extra={"flowbook_type": "url"},
    )


class Nothing(typed.Params):
    """No params."""


class OneProject(typed.Params):
    """A project."""

    project: Project = Field(description=PROJECT)


class ListProjects(typed.Listed):
    """Which projects."""

    search: OptionalName = Field(None, description="Words of the name or path.")
    mine: bool = Field(True, description="Only those that the token's owner is a member of.")


class OneIssue(OneProject):
    """An issue."""

    issue: Number = Field(description="The issue's number in the project (#7).")


class ListIssues(typed.Listed, OneProject):
    """Which issues."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["project", "state", "labels", "search"]})

    state: Literal["opened", "closed", "all"] = Field("opened", description="Open ones, closed ones, or both.")
    labels: Names = Field(None, description=f"Only those with all of these. {LABELS}")
    search: OptionalName = Field(None, description="Words of the title or description.")
    assignee: OptionalName = Field(None, description="User name of who it is assigned to.")
    updated_after: OptionalName = Field(None, description="Only those changed since then, as 2025-01-31T00:00:00Z.")


class _IssueFields(typed.Params):
    """What an issue says."""

    description: OptionalText = Field(None, description="Its description, in Markdown.", json_schema_extra=_TEXT)
    labels: Names = Field(None, description=LABELS)
    assignee_ids: Numbers = Field(
        None, description="Numbers of the people it is assigned to, with commas or as a list."
    )
    milestone_id: int | None = Field(None, description="Number of its milestone.")
    due_date: OptionalName = Field(None, description="When it is due, as 2025-01-31.")
    confidential: bool | None = Field(None, description="Only for members of the project.")


class CreateIssue(_IssueFields, OneProject):
    """A new issue."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["project", "title", "description", "labels"]})

    title: Name = Field(max_length=255, description="Its title.")


class UpdateIssue(_IssueFields, OneIssue):
    """An issue, and what is new about it."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["project", "issue", "title", "state"]})

    title: OptionalName = Field(None, description="Its new title.")
    state: Literal["close", "reopen"] | None = Field(None, description="Close it, or open it again.")
    add_labels: Names = Field(None, description=f"More of them. {LABELS}")
    remove_labels: Names = Field(None, description=f"Those to take off. {LABELS}")

    @model_validator(mode="after")
    def _something_new(self) -> Self:
        if not any(
            getattr(self, name) is not None for name in type(self).model_fields if name not in ("project", "issue")
        ):
            raise ValueError("give what shall change")
        return self


class _About(OneProject):
    """An issue or a merge request."""

    issue: Number | None = Field(None, description="The issue's number in the project (#7).")
    merge_request: Number | None = Field(None, description="Or the merge request's (!7).")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.issue is None) == (self.merge_request is None):
            raise ValueError("give either issue or merge_request")
        return self

    @property
    def resource(self) -> str:
        """Its path below the project's."""
        return f"issues/{self.issue}" if self.issue else f"merge_requests/{self.merge_request}"


class AddComment(_About):
    """A comment."""

    body: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="What it says, in Markdown.", json_schema_extra=_TEXT
    )


class ListComments(typed.Listed, _About):
    """Whose comments."""


class OneMergeRequest(OneProject):
    """A merge request."""

    merge_request: Number = Field(description="The merge request's number in the project (!7).")


class ListMergeRequests(typed.Listed, OneProject):
    """Which merge requests."""

    state: Literal["opened", "closed", "locked", "merged", "all"] = Field("opened", description="In which state.")
    source_branch: OptionalName = Field(None, description="Only from this branch.")
    target_branch: OptionalName = Field(None, description="Only into this branch.")
    labels: Names = Field(None, description=f"Only those with all of these. {LABELS}")


class CreateMergeRequest(OneProject):
    """A new merge request."""

    model_config = ConfigDict(
        json_schema_extra={"flowbook_main": ["project", "source_branch", "target_branch", "title"]}
    )

    source_branch: Name = Field(description="The branch to merge.")
    target_branch: OptionalName = Field(None, description=f"Where to. {BRANCH}")
    title: Name = Field(max_length=255, description="Its title; Draft: before it makes it one.")
    description: OptionalText = Field(None, description="Its description, in Markdown.", json_schema_extra=_TEXT)
    labels: Names = Field(None, description=LABELS)
    reviewer_ids: Numbers = Field(None, description="Numbers of the people who shall review it.")
    remove_source_branch: bool | None = Field(None, description="Delete the branch once it is merged.")
    squash: bool | None = Field(None, description="Make one commit of it when it is merged.")


class Merge(OneMergeRequest):
    """A merge request to merge."""

    sha: OptionalName = Field(None, description="Merge only if this is still its last commit.")
    when_pipeline_succeeds: bool = Field(False, description="Not before its pipeline has succeeded.")
    squash: bool | None = Field(None, description="Make one commit of it.")
    remove_source_branch: bool | None = Field(None, description="Delete the branch then.")


class GetFile(OneProject):
    """A file of the repository."""

    path: FilePath = Field(description="Path in the repository.", examples=["README.md"])
    ref: OptionalName = Field(None, description="Branch, tag or commit; the default branch when empty.")


class ListFiles(typed.Listed, OneProject):
    """Which files of the repository."""

    path: OptionalName = Field(None, description="A folder of the repository; all of it when empty.")
    ref: OptionalName = Field(None, description="Branch, tag or commit; the default branch when empty.")
    recursive: bool = Field(False, description="With what is in its folders, and in theirs.")


class PutFile(OneProject):
    """A file of the repository and its content."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["project", "path", "file_path", "content"]})

    path: FilePath = Field(description="Path in the repository.", examples=["data/orders.csv"])
    file_path: OptionalName = Field(
        None,
        description="The file; a relative path starts at the workspace's folder.",
        json_schema_extra={"flowbook_type": "file"},
    )
    content: Any = Field(
        None,
        description="What to put there in place of a file: text, bytes, a DataFrame (as CSV) or anything JSON holds.",
        json_schema_extra=_TEXT,
    )
    branch: OptionalName = Field(None, description=BRANCH)
    message: OptionalText = Field(None, description='Commit message; "Add PATH" or "Update PATH" when empty.')

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file_path is None) == (self.content is None):
            raise ValueError("give either file_path or content")
        return self


class ListPipelines(typed.Listed, OneProject):
    """Which pipelines."""

    ref: OptionalName = Field(None, description="Only of this branch or tag.")
    status: OptionalName = Field(None, description="Only in this state, as running, success, failed.")


class RunPipeline(OneProject):
    """A pipeline to start."""

    ref: OptionalName = Field(None, description="Branch or tag; the default branch when empty.")
    variables: dict[str, str] = Field(default_factory=dict, description="Variables by name.", json_schema_extra=_JSON)


class WaitForPipeline(OneProject):
    """A pipeline, and how long to wait."""

    pipeline_id: Number = Field(description="The pipeline's ID, as run_pipeline gives it (data.id).")
    every: float = Field(10, ge=1, le=600, description="Seconds between two looks.")
    timeout: float = Field(3600, gt=0, description="Seconds to wait at most.")


class CreateRelease(OneProject):
    """A new release."""

    tag: Name = Field(description="Its tag; made when there is none.")
    name: OptionalName = Field(None, description="Its name; the tag when empty.")
    description: OptionalText = Field(None, description="What is new, in Markdown.", json_schema_extra=_TEXT)
    ref: OptionalName = Field(
        None, description="What a new tag is of: a branch or commit; the default branch when empty."
    )


class ListReleases(typed.Listed, OneProject):
    """Whose releases."""
