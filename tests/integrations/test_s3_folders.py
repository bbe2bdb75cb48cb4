"""Whole folders up and down, and what objects are labelled with, against a real server; ACLs and encryption on moto."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import moto
import pytest

from flowbook.tasks import Context, running_as
from integrations import s3
from tests.integrations.examples import examples
from tests.integrations.s3_server import S3Server
from tests.integrations.test_s3 import bucket, data, owner, prefix

__all__ = ["bucket", "owner", "prefix"]
Credentials = dict[str, Any]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Path]:
    """The folder of a workspace with a folder to upload, beside a file outside."""
    root = tmp_path / "workspace"
    for name in ("site/a.html", "site/deep/b.css", "site/deep/ä b.txt", "site/.hidden/c.txt", "site/.env"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (tmp_path / "outside.txt").write_text("outside")
    with running_as(Context("run", root=root)):
        yield root


def test_a_folder_goes_up_and_comes_down_as_it_was(
    owner: Credentials, bucket: str, prefix: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import integrations.s3.folders as folders

    monkeypatch.setattr(folders, "AT_ONCE", 2)
    place = {"bucket": bucket, "prefix": prefix}
    up = s3.upload_folder(owner, {**place, "folder_path": "site", "cache_control": "max-age=60"})
    assert [one["key"] for one in data(up)] == [f"{prefix}a.html", f"{prefix}deep/b.css", f"{prefix}deep/ä b.txt"]
    assert "3 files uploaded" in up["message"]
    head = data(s3.head_object(owner, {"bucket": bucket, "key": f"{prefix}deep/b.css"}))
    assert (head["content_type"], head["cache_control"]) == ("text/css", "max-age=60")
    down = s3.download_folder(owner, {**place, "folder_path": "back"})
    assert {one["key"]: Path(one["file_path"]).read_text() for one in data(down)} == {
        f"{prefix}{name}": f"site/{name}" for name in ("a.html", "deep/b.css", "deep/ä b.txt")
    }
    some = s3.download_folder(owner, {**place, "folder_path": "some", "pattern": "*.css"})
    assert [path.name for path in (here / "some").rglob("*") if path.is_file()] == ["b.css"], some["message"]
    again = s3.download_folder(owner, {**place, "folder_path": "back", "overwrite": False})
    assert "is there already" in again["message"]


def test_a_link_in_a_folder_may_not_lead_out_of_the_workspace(owner: Credentials, here: Path, bucket: str) -> None:
    (here / "site" / "z.txt").symlink_to(here.parent / "outside.txt")
    result = s3.upload_folder(owner, {"bucket": bucket, "folder_path": "site"})
    assert "outside of the folder" in result["message"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (["../x.txt"], "outside of the folder"),
        (["ok.txt", ".bashrc"], "is hidden"),
        (["y.py"], "where Python looks"),
        (["a//b", "a/b"], "would be the same file"),
    ],
)
def test_keys_lead_nowhere_but_into_the_folder(here: Path, keys: list[str], says: str) -> None:
    """Nothing is downloaded when one of them would."""
    with moto.mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_bucket(Bucket="box")
        for key in keys:
            client.put_object(Bucket="box", Key=f"p/{key}", Body=b"x")
        wanted = {"bucket": "box", "prefix": "p/", "folder_path": "./"}
        result = s3.download_folder({"access_key": "a", "secret_key": "b"}, wanted)
    assert says in result["message"]
    assert [path.name for path in here.iterdir()] == ["site"]


def test_cancelling_ends_the_upload_of_a_folder(owner: Credentials, bucket: str, prefix: str, tmp_path: Path) -> None:
    for number in range(3):
        with (tmp_path / f"{number}.bin").open("wb") as file:
            file.truncate(100_000_000)
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    with running_as(Context("run", root=tmp_path, stop=stop)):
        result = s3.upload_folder(owner, {"bucket": bucket, "prefix": prefix, "folder_path": "./"})
    timer.join()
    assert "Cancelled" in result["message"]


def test_one_file_that_is_refused_ends_the_upload_of_all(s3_server: S3Server, here: Path, owner: Credentials) -> None:
    data(s3.create_bucket(owner, {"bucket": "library"}))
    reader = s3_server.credentials(access_key="READERKEY")
    result = s3.upload_folder(reader, {"bucket": "library", "folder_path": "site"})
    assert (result["data"]["kind"], result["permanent"]) == ("forbidden", True)


def test_tags_are_set_added_and_taken_away(owner: Credentials, bucket: str, prefix: str) -> None:
    place = {"bucket": bucket, "key": f"{prefix}a.txt"}
    data(s3.put_object(owner, {**place, "data": "x", "tags": {"team": "data", "a b": "c+d=e:f"}}))
    assert data(s3.get_tags(owner, place)) == {"team": "data", "a b": "c+d=e:f"}
    added = s3.set_tags(owner, {**place, "tags": {"team": "ops", "new": "1"}, "keep_others": True})
    assert data(added) == {"team": "ops", "a b": "c+d=e:f", "new": "1"}
    assert data(s3.set_tags(owner, {**place, "tags": {"only": "x"}})) == {"only": "x"}
    assert data(s3.set_tags(owner, {**place, "tags": {}})) == {}
    assert data(s3.get_tags(owner, place)) == {}
    many = {str(number): "x" for number in range(11)}
    assert "ten at most" in s3.set_tags(owner, {**place, "tags": many})["message"]


def test_a_bucket_is_deleted_and_one_with_something_in_it_only_when_asked_to(owner: Credentials) -> None:
    wanted = {"bucket": f"gone-{uuid.uuid4().hex[:8]}"}
    data(s3.create_bucket(owner, wanted))
    data(s3.put_object(owner, {**wanted, "key": "a", "data": "x"}))
    refused = s3.delete_bucket(owner, wanted)
    assert refused["data"]["kind"] == "conflict", refused["message"]
    assert data(s3.delete_bucket(owner, {**wanted, "empty": True})) == {**wanted, "deleted": True, "objects": 1}
    assert data(s3.delete_bucket(owner, wanted)) == {**wanted, "deleted": False, "objects": 0}


# --- what only Amazon does ---------------------------------------------------------------------------------------


@pytest.fixture
def amazon() -> Iterator[tuple[Credentials, Any]]:
    """Amazon's own S3, imitated in this process, with the bucket "box"; and a client to look with."""
    with moto.mock_aws():
        client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        client.create_bucket(Bucket="box")
        yield {"access_key": "AKIAEXAMPLE", "secret_key": "example"}, client


def test_an_object_is_stored_with_all_that_goes_along(amazon: tuple[Credentials, Any], tmp_path: Path) -> None:
    credentials, client = amazon
    (tmp_path / "a.txt").write_text("x")
    given = {
        "bucket": "box", "acl": "public-read", "encryption": "aws:kms", "kms_key": "key-1", "tags": {"a": "1"},
        "cache_control": "no-cache", "content_disposition": "inline", "content_encoding": "gzip",
        "storage_class": "STANDARD_IA", "metadata": {"m": "1"},
    }  # fmt: skip
    data(s3.put_object(credentials, {**given, "key": "put", "data": "x", "content_type": "text/x"}))
    data(s3.upload_file(credentials, {**given, "key": "up", "file_path": str(tmp_path / "a.txt")}))
    for key, kind in (("put", "text/x"), ("up", "text/plain")):
        head = client.head_object(Bucket="box", Key=key)
        names = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentType", "StorageClass", "SSEKMSKeyId")
        assert [head[name] for name in names] == ["no-cache", "inline", "gzip", kind, "STANDARD_IA", "key-1"]
        assert (head["ServerSideEncryption"], head["Metadata"]) == ("aws:kms", {"m": "1"})
        grants = data(s3.get_acl(credentials, {"bucket": "box", "key": key}))["grants"]
        assert {"to": "http://acs.amazonaws.com/groups/global/AllUsers", "permission": "READ"} in grants
    assert data(s3.set_acl(credentials, {"bucket": "box", "key": "up", "acl": "private"}))["acl"] == "private"
    grants = data(s3.get_acl(credentials, {"bucket": "box", "key": "up"}))["grants"]
    assert [one["permission"] for one in grants] == ["FULL_CONTROL"]
    data(s3.copy_object(credentials, {"source_bucket": "box", "source_key": "up", "encryption": "AES256"}))
    assert data(s3.head_object(credentials, {"bucket": "box", "key": "up"}))["encryption"] == "AES256"


def test_a_bucket_with_versions_is_emptied_of_them(amazon: tuple[Credentials, Any]) -> None:
    credentials, client = amazon
    client.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        client.put_object(Bucket="box", Key="k", Body=b"x")
    client.delete_object(Bucket="box", Key="k")
    assert data(s3.delete_bucket(credentials, {"bucket": "box", "empty": True}))["objects"] == 3
    assert client.list_buckets()["Buckets"] == []


def test_amazon_refuses_to_delete_a_bucket_with_something_in_it(amazon: tuple[Credentials, Any]) -> None:
    credentials, client = amazon
    client.put_object(Bucket="box", Key="k", Body=b"x")
    assert s3.delete_bucket(credentials, {"bucket": "box"})["data"]["kind"] == "conflict"


def test_a_key_of_kms_without_that_encryption_is_a_mistake() -> None:
    result = s3.put_object(
        {"access_key": "a", "secret_key": "b"}, {"bucket": "b", "key": "k", "data": 1, "kms_key": "x"}
    )
    assert "kms_key belongs to encryption" in result["message"]


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(s3.__file__).parent)) == set(s3.__all__)
