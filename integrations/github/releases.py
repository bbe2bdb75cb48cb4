"""Releases. Facts: https://docs.github.com/en/rest/releases."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import Self

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import cut

from .client import CREATED, DONE, Credentials, GitHub, collect, object_of, some
from .fields import All, BlankIsNone, Limit, Number, OneRepo, OptionalLongText, OptionalText, Params, Repo, Text


class CreateRelease(Params):
    """A new release."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["name", "body"]})

    repo: Repo
    tag: Text = Field(description="Tag; made when it is not there", examples=["v1.0.0"])
    name: OptionalText = Field(None, description="Name of the release")
    body: OptionalLongText = Field(None, description="Text, in Markdown")
    target: OptionalText = Field(None, description="Branch or commit for a new tag; the default branch when empty")
    draft: bool = Field(False, description="As a draft")
    prerelease: bool = Field(False, description="As a prerelease")
    generate_notes: bool = Field(False, description="Let GitHub write the name and notes")
    latest: Annotated[Literal["true", "false", "legacy"] | None, BlankIsNone] = Field(
        None, description="Whether it becomes the latest release"
    )


class GetRelease(OneRepo):
    """A release: the one of a tag, or by its id; without both the latest."""

    tag: OptionalText = Field(None, description="Its tag, such as v1.0.0; a draft has none to be found by")
    release_id: Number | None = Field(
        None, description="Its id, in place of the tag, as create_release gives it (data.id)"
    )

    @model_validator(mode="after")
    def _by_one_of_both(self) -> Self:
        if self.tag and self.release_id:
            raise ValueError("give tag or release_id, not both")
        return self


class OneRelease(GetRelease):
    """A release, by its tag or id."""

    @model_validator(mode="after")
    def _by_something(self) -> Self:
        if not self.tag and not self.release_id:
            raise ValueError("give tag or release_id")
        return self


class ListReleases(OneRepo):
    """Which releases of a repository."""

    limit: Limit = 100
    all: All = False


class UpdateRelease(OneRelease):
    """What to change of a release; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["tag", "body"]})

    new_tag: OptionalText = Field(None, description="New tag")
    name: OptionalText = Field(None, description="New name")
    body: OptionalLongText = Field(None, description="New text, in Markdown")
    target: OptionalText = Field(None, description="Branch or commit for a tag that is not there yet")
    draft: bool | None = Field(None, description="False publishes a draft")
    prerelease: bool | None = Field(None, description="Whether it is a prerelease")
    latest: Annotated[Literal["true", "false", "legacy"] | None, BlankIsNone] = Field(
        None, description="Whether it becomes the latest release"
    )


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 1,
        "tag_name": "v1.0.0",
        "name": "v1.0.0",
        "draft": False,
        "prerelease": False,
        "html_url": "https://github.com/octocat/Hello-World/releases/v1.0.0",
        "published_at": "2013-02-27T19:35:32Z",
        "assets": [],
    },
)
def create_release(credentials: Credentials, params: CreateRelease) -> Result:
    """Publish a release.

    https://docs.github.com/en/rest/releases/releases#create-a-release
    """
    body = params.sent(
        "name", "body", "draft", "prerelease", tag="tag_name", target="target_commitish", latest="make_latest",
        generate_notes="generate_release_notes",
    )  # fmt: skip
    with GitHub(credentials) as api:
        release = object_of(api.post(f"/repos/{params.repo}/releases", json=body, expect=CREATED))
    return Result.ok(f"{'Drafted' if params.draft else 'Published'} release {params.tag} of {params.repo}", release)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_release(credentials: Credentials, params: GetRelease) -> Result:
    """Read a release with its files (assets): that of a tag, one by its id, or the latest.

    https://docs.github.com/en/rest/releases/releases#get-a-release-by-tag-name
    """
    with GitHub(credentials) as api:
        release = release_of(api, params)
    return Result.ok(f"Found release {release.get('tag_name')} of {params.repo}", release)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_releases(credentials: Credentials, params: ListReleases) -> Result:
    """List the releases of a repository, the newest first; drafts too, for those who may write to it.

    https://docs.github.com/en/rest/releases/releases#list-releases
    """
    with GitHub(credentials) as api:
        releases, more = collect(api, f"/repos/{params.repo}/releases", {}, None if params.all else params.limit)
    return Result.ok(f"Found {some(releases, 'release')} of {params.repo}{cut(more)}", releases)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def update_release(credentials: Credentials, params: UpdateRelease) -> Result:
    """Change a release's tag, name or text, publish a draft, or make it the latest.

    https://docs.github.com/en/rest/releases/releases#update-a-release
    """
    body = params.sent(
        "name", "body", "draft", "prerelease", new_tag="tag_name", target="target_commitish", latest="make_latest"
    )
    if not body:
        hint = "Give new_tag, name, body, target, draft, prerelease or latest."
        raise TaskFailed("Nothing was given to change.", hint=hint, permanent=True)
    with GitHub(credentials) as api:
        id = params.release_id or release_of(api, params)["id"]
        release = object_of(api.patch(f"/repos/{params.repo}/releases/{id}", json=body, expect=DONE), "id")
    return Result.ok(f"Changed {', '.join(body)} of release {release.get('tag_name')} of {params.repo}", release)


def release_of(api: http.Session, params: GetRelease) -> dict[str, Any]:
    """The release that is meant; TaskFailed when there is none."""
    which, place = "latest", "no release"
    if params.release_id:
        which, place = str(params.release_id), f"no release {params.release_id}"
    elif params.tag:
        which, place = f"tags/{http.segment(params.tag)}", f"no published release with the tag {params.tag}"
    answer = api.get(f"/repos/{params.repo}/releases/{which}", accept=(404,))
    if answer.status == 404:
        hint = "Check the names; a draft is found by its release_id only."
        raise TaskFailed(f"There is {place} in {params.repo}.", hint=hint, permanent=True)
    return object_of(answer, "id")
