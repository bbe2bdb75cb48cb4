"""What the params of the tasks are made of. What is not given is not sent, so that GitHub's own defaults hold."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from flowbook import typed

_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
_WEB = re.compile(r"https?://[^/]+/([^/]+/[^/?#]+?)(?:\.git)?(?:[/?#].*)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _repo(value: str) -> str:
    text = value.strip()
    web = _WEB.fullmatch(text)
    name = web.group(1) if web else text
    if not _REPO.fullmatch(name) or name.partition("/")[2] in (".", ".."):
        raise ValueError('must look like "owner/name"')
    return name


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value.strip().lstrip("@")):
        raise ValueError("must be the name of a user or organization, such as octocat")
    return value.strip().lstrip("@")


def _path(value: str) -> str:
    path = value.strip().strip("/")
    if not path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError("must be the path of a file inside the repository, such as docs/index.md")
    return path


def _folder(value: Any) -> Any:
    return None if isinstance(value, str) and value.strip().strip("/") in ("", ".") else value


def _time(value: str) -> str:
    text = value.strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"{text}T00:00:00Z"
    if not _TIME.fullmatch(text):
        raise ValueError("must be a date or time such as 2024-05-31 or 2024-05-31T08:00:00Z")
    return text


def _written(value: Any) -> Any:
    """A date or time that YAML or a table gave, as text; one without a time zone is in UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + ("Z" if value.tzinfo is None else "")
    return value.isoformat() if isinstance(value, date) else typed.Params.blank_is_none(value)


def not_blank(value: str) -> str:
    """``value``; ValueError for a text of nothing but spaces."""
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _workflow(value: str) -> str:
    name = value.strip().rpartition("/")[2]
    if name in ("", ".", ".."):
        raise ValueError("must be the workflow's file name, such as deploy.yml, or its number")
    return name


def _number(value: Any) -> Any:
    return value.strip().lstrip("#") if isinstance(value, str) else value


BlankIsNone = typed.BlankIsNone
Repo = Annotated[str, AfterValidator(_repo), Field(description='Repository, as "owner/name"')]
Text = Annotated[str, AfterValidator(not_blank)]
LongText = Annotated[str, Field(json_schema_extra={"flowbook_type": "text"})]
Number = Annotated[int, BeforeValidator(_number), Field(ge=1)]
OptionalText = Annotated[str | None, BlankIsNone]
OptionalLongText = Annotated[str | None, BlankIsNone, Field(json_schema_extra={"flowbook_type": "text"})]
Names = Annotated[list[str] | None, typed.Parted]
Account = Annotated[Annotated[str, AfterValidator(_name)] | None, BlankIsNone]
Time = Annotated[Annotated[str, AfterValidator(_time)] | None, BeforeValidator(_written)]
FilePath = Annotated[str, AfterValidator(_path)]
FolderPath = Annotated[FilePath | None, BeforeValidator(_folder)]
WorkflowName = Annotated[
    str, AfterValidator(_workflow), Field(description="File name of the workflow, such as deploy.yml, or its number")
]
Direction = Annotated[Literal["asc", "desc"] | None, BlankIsNone]
Limit = Annotated[int, Field(ge=1, description="How many at most")]
All = Annotated[bool, Field(description="Fetch all of them, whatever the limit")]


class Params(typed.Params):
    """What all params share."""

    def sent(self, *names: str, **renamed: str) -> dict[str, Any]:
        """The fields of these names that were given, by GitHub's names for them (``renamed``: ours=theirs)."""
        pairs = [*((name, name) for name in names), *renamed.items()]
        return {theirs: value for ours, theirs in pairs if (value := getattr(self, ours)) is not None}


class Nothing(Params):
    """No params."""


class OneRepo(Params):
    """A repository."""

    repo: Repo


class OneFile(OneRepo):
    """A file of a repository."""

    path: FilePath = Field(description="Path inside the repository", examples=["README.md"])


class OneIssue(Params):
    """An issue."""

    repo: Repo
    issue_number: Number = Field(description="Number of the issue")

    @property
    def resource(self) -> str:
        """Its address in the API."""
        return f"/repos/{self.repo}/issues/{self.issue_number}"
