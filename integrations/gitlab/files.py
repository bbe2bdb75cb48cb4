"""Files of repositories. Facts: https://docs.gitlab.com/api/repository_files/ and .../api/repositories/."""

from __future__ import annotations

import base64
import hashlib

from flowbook import Result, attachments, contents, http, task
from flowbook.counting import counted

from .client import GitLab, project_path
from .models import Credentials, GetFile, ListFiles, PutFile
from .projects import default_branch


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_files(credentials: Credentials, params: ListFiles) -> Result:
    """List a folder of a repository. Data: each entry's id, name, path and type (blob, tree or commit).

    https://docs.gitlab.com/api/repositories/#list-repository-tree
    """
    with GitLab(credentials) as gitlab:
        found, more = gitlab.several(
            f"{project_path(params.project)}/repository/tree",
            params.wanted,
            path=params.path,
            ref=params.ref,
            recursive="true" if params.recursive else None,
        )
    return Result.ok(f"{counted(len(found), 'file', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_file(credentials: Credentials, params: GetFile) -> Result:
    """Read a file of a repository: ``content`` is its text, or ``content_base64`` its bytes when it is none.

    https://docs.gitlab.com/api/repository_files/#retrieve-a-file-from-a-repository
    """
    with GitLab(credentials) as gitlab:
        found = gitlab.get(_file_path(params.project, params.path), ref=params.ref or "HEAD")
    content = base64.b64decode(str(found.get("content", "")))
    names = ("file_path", "file_name", "blob_id", "last_commit_id", "ref")
    data = {name: found.get(name) for name in names} | {"size": len(content)} | contents.as_data(content)
    return Result.ok(f"Read {params.path} of {params.project} ({counted(len(content), 'byte')}).", data)


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={"file_path": "docs/hello.md", "branch": "main", "changed": True},
)
def put_file(credentials: Credentials, params: PutFile) -> Result:
    """Create or replace a file of a repository, as one commit; nothing is committed when it has this content already.

    Data: {"file_path", "branch", "changed"}. https://docs.gitlab.com/api/repository_files/#create-a-file-in-a-repository
    """
    given = {"file_path": params.file_path} if params.file_path else {"content": params.content}
    content = attachments.read({**given, "filename": params.path.rpartition("/")[2]}).content
    with GitLab(credentials) as gitlab:
        branch = params.branch or default_branch(gitlab, params.project)
        path = _file_path(params.project, params.path)
        there = gitlab.found(path, ref=branch)
        data = {"file_path": params.path, "branch": branch, "changed": True}
        if there is not None and there.get("content_sha256") == hashlib.sha256(content).hexdigest():
            return Result.ok(f"{params.path} is up to date.", {**data, "changed": False})
        body = {
            "branch": branch,
            "content": base64.b64encode(content).decode(),
            "encoding": "base64",
            "commit_message": params.message or f"{'Update' if there else 'Add'} {params.path}",
        }
        if there is None:
            gitlab.post(path, body)
        else:
            # A commit in between makes this one fail.
            gitlab.put(path, {**body, "last_commit_id": there.get("last_commit_id")}, again=False)
    return Result.ok(f"{'Replaced' if there else 'Added'} {params.path} in {params.project}.", data)


def _file_path(project: str, path: str) -> str:
    return f"{project_path(project)}/repository/files/{http.segment(path)}"
