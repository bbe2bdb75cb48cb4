"""Files and folders of a repository. Facts: https://docs.github.com/en/rest/repos/contents."""

from __future__ import annotations

import base64

from pydantic import Field

from flowbook import Result, TaskFailed, contents, task
from flowbook.counting import counted

from .client import CREATED, DONE, Credentials, GitHub, object_of, some
from .contents import PutFile, address, blob_sha, bytes_to_put, content_of, listing, look_up, tree_of
from .fields import FolderPath, OneFile, OptionalText, Params, Repo


class GetFile(OneFile):
    """A file of a repository."""

    ref: OptionalText = Field(None, description="Branch, tag or commit; the default branch when empty")


class DeleteFile(OneFile):
    """A file to delete, as one commit."""

    message: OptionalText = Field(None, description='Commit message; "Delete PATH" when empty')
    branch: OptionalText = Field(None, description="Branch; the default branch when empty")
    sha: OptionalText = Field(None, description="Delete only this version (blob SHA); looked up when empty")


class ListDirectory(Params):
    """A folder of a repository."""

    repo: Repo
    path: FolderPath = Field(
        None, description="Path inside the repository; the whole of it when empty", examples=["docs"]
    )
    ref: OptionalText = Field(None, description="Branch, tag or commit; the default branch when empty")
    recursive: bool = Field(False, description="With what is in its folders, and in theirs")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_file(credentials: Credentials, params: GetFile) -> Result:
    """Read a file of a repository: ``content`` is its text, or ``content_base64`` its bytes when it is none.

    https://docs.github.com/en/rest/repos/contents#get-repository-content
    """
    with GitHub(credentials) as api:
        found = look_up(api, params.repo, params.path, params.ref)
        if found is None:
            where = f" at {params.ref}" if params.ref else ""
            hint = "Check the names, and that the token may read this repository's contents."
            raise TaskFailed(f"There is no {params.path} in {params.repo}{where}.", hint=hint, permanent=True)
        content = content_of(api, params.repo, params.path, params.ref, found)
    data = (
        {name: found.get(name) for name in ("path", "name", "sha", "html_url")}
        | {"size": len(content)}
        | contents.as_data(content)
    )
    return Result.ok(f"Read {params.path} of {params.repo} ({counted(len(content), 'byte')})", data)


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={
        "content": {
            "name": "hello.txt",
            "path": "notes/hello.txt",
            "sha": "95b966ae1c166bd92f8ae7d1c313e738c731dfc3",
            "size": 9,
            "html_url": "https://github.com/octocat/Hello-World/blob/master/notes/hello.txt",
        },
        "commit": {
            "sha": "7638417db6d59f3c431d3e1f261cc637155684cd",
            "message": "my commit message",
            "html_url": "https://github.com/octocat/Hello-World/commit/7638417db6d59f3c431d3e1f261cc637155684cd",
        },
    },
)
def put_file(credentials: Credentials, params: PutFile) -> Result:
    """Create or replace a file of a repository; nothing is committed when it has this content already.

    https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents
    """
    content = bytes_to_put(params)
    with GitHub(credentials) as api:
        there = look_up(api, params.repo, params.path, params.branch)
        if there is not None and there.get("sha") == blob_sha(content):
            return Result.ok(f"{params.path} in {params.repo} is up to date", {"content": there, "commit": None})
        sha = params.sha or (there or {}).get("sha")
        body = {
            "message": params.message or f"{'Update' if sha else 'Add'} {params.path}",
            "content": base64.b64encode(content).decode(),
            **({"sha": sha} if sha else {}),
            **params.sent("branch"),
        }
        # The sha makes a repeated PUT fail with a conflict although the first one was carried out.
        path = address(params.repo, params.path)
        answer = object_of(api.put(path, json=body, retry=False, expect=(*DONE, *CREATED)), "commit")
    return Result.ok(f"{'Replaced' if sha else 'Added'} {params.path} in {params.repo}", answer)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_file(credentials: Credentials, params: DeleteFile) -> Result:
    """Delete a file of a repository; nothing is committed when there is none.

    https://docs.github.com/en/rest/repos/contents#delete-a-file
    """
    with GitHub(credentials) as api:
        there = look_up(api, params.repo, params.path, params.branch)
        if there is None:
            return Result.ok(f"There is no {params.path} in {params.repo}", {"content": None, "commit": None})
        body = {
            "message": params.message or f"Delete {params.path}",
            "sha": params.sha or there.get("sha"),
            **params.sent("branch"),
        }
        # A repeated DELETE would fail although the first one was carried out.
        answer = object_of(api.delete(address(params.repo, params.path), json=body, retry=False, expect=DONE), "commit")
    return Result.ok(f"Deleted {params.path} in {params.repo}", answer)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_directory(credentials: Credentials, params: ListDirectory) -> Result:
    """List a folder of a repository. Data: each entry's name, path, type (file, dir, symlink, submodule), sha and size.

    https://docs.github.com/en/rest/repos/contents#get-repository-content; the whole repository, and with recursive,
    by https://docs.github.com/en/rest/git/trees#get-a-tree
    """
    with GitHub(credentials) as api:
        if params.path and not params.recursive:
            found, whole = listing(api, params.repo, params.path, params.ref)
        else:
            found, whole = tree_of(api, params.repo, params.path or "", params.ref, deep=params.recursive)
    cut_off = "" if whole else " (GitHub tells no more than these: list its folders one by one)"
    return Result.ok(f"Found {some(found, 'entry', 'entries')} in {params.path or params.repo}{cut_off}", found)
