"""Google Cloud Storage, against fake-gcs-server: a server of its JSON API, which takes any token and checks no role.

What that server does not do is checked by answers as Google's documentation shows them
(https://docs.cloud.google.com/storage/docs/json_api/v1/status-codes), and links by Google's own conformance tests
(googleapis/conformance-tests, storage/v1/v4_signatures.json: what is to be signed).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from flowbook import Workflow, Workspace, google
from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, check_contract
from integrations import gcs
from integrations.gcs.models import SignUrl
from integrations.gcs.signing import to_sign
from tests.integrations.examples import examples
from tests.integrations.gcs_server import GcsServer

EMAIL = "test-iam-credentials@dummy-project-id.iam.gserviceaccount.com"


@pytest.fixture(autouse=True)
def root(tmp_path: Path) -> Iterator[Path]:
    with running_as(Context(root=tmp_path)):
        yield tmp_path


@pytest.fixture
def bucket(gcs_server: GcsServer, request: pytest.FixtureRequest) -> str:
    name = f"b-{abs(hash(request.node.name))}"
    done(gcs_server.credentials(), gcs.create_bucket, bucket=name)
    return name


def done(who: dict[str, Any], task: Callable[..., Any], **params: Any) -> Any:
    result = task(who, params)
    assert result["success"], result["message"]
    return result["data"]


def refused(who: dict[str, Any], task: Callable[..., Any], **params: Any) -> tuple[str, str]:
    result = task(who, params)
    assert not result["success"], result
    return str(result["message"]), (result["data"] or {}).get("kind", "")


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(gcs.__file__).parent) == []


def test_buckets_are_asked_for_by_how_their_names_begin(service: FakeService) -> None:
    """As https://docs.cloud.google.com/storage/docs/json_api/v1/buckets/list has it; the emulator passes it over."""
    service.on("GET", "/storage/v1/b", json={"kind": "storage#buckets", "items": [{"name": "made-1"}]})
    who = {"oauth2": "ya29.token-of-the-tests", "project": "shop", "base_url": service.url}
    assert [one["name"] for one in done(who, gcs.list_buckets, prefix="made-")] == ["made-1"]
    assert (service.requests[0].query["prefix"], service.requests[0].query["project"]) == ("made-", "shop")


def test_the_examples_of_the_page_are_valid() -> None:
    assert sorted(examples(Path(gcs.__file__).parent)) == sorted(gcs.__all__)


def test_buckets_are_made_listed_and_deleted(gcs_server: GcsServer) -> None:
    who = gcs_server.credentials()
    assert done(who, gcs.create_bucket, bucket="made-once") == {"bucket": "made-once", "created": True}
    assert done(who, gcs.create_bucket, bucket="made-once")["created"] is False
    found = [one["name"] for one in done(who, gcs.list_buckets, prefix="made-")]
    assert [name for name in found if name.startswith("made-")] == ["made-once"]  # the emulator gives others, too
    assert "made-once" in done(who, gcs.test_connection)["buckets"]
    assert done(who, gcs.test_connection, bucket="made-once") == {"bucket": "made-once"}
    done(who, gcs.put_object, bucket="made-once", key="a", data="x")
    assert refused(who, gcs.delete_bucket, bucket="made-once")[1] == "conflict"
    done(who, gcs.delete_objects, bucket="made-once", keys=["a"])
    assert done(who, gcs.delete_bucket, bucket="made-once")["deleted"] is True
    assert done(who, gcs.delete_bucket, bucket="made-once")["deleted"] is False
    assert "none is named" in refused(gcs_server.credentials(project=None), gcs.list_buckets)[0]


def test_a_file_goes_up_and_down(gcs_server: GcsServer, bucket: str, root: Path) -> None:
    who = gcs_server.credentials()
    (root / "a b.txt").write_bytes(b"hello")
    key = "deep/ü & b?.txt"
    done(
        who, gcs.upload_file, bucket=bucket, file_path="a b.txt", key=key, metadata={"k": "v"}, cache_control="no-store"
    )
    told = done(who, gcs.head_object, bucket=bucket, key=key)
    assert (told["size"], told["content_type"], told["metadata"]) == (5, "text/plain", {"k": "v"})
    assert (told["cache_control"], told["md5"]) == ("no-store", "5d41402abc4b2a76b9719d911017c592")
    saved = done(who, gcs.download_file, bucket=bucket, key=key, file_path="in/")
    assert saved == {"file_path": str(root / "in" / "ü & b?.txt"), "size": 5, "content_type": "text/plain"}
    assert (root / "in" / "ü & b?.txt").read_bytes() == b"hello"
    assert "is there already" in refused(who, gcs.download_file, bucket=bucket, key=key, file_path="in/")[0]
    assert done(who, gcs.upload_file, bucket=bucket, file_path="a b.txt")["key"] == "a b.txt"


def test_a_large_file_goes_piece_by_piece(
    gcs_server: GcsServer, bucket: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google, "PIECE", 256 * 1024)
    (root / "big").write_bytes(bytes(range(256)) * 3000)
    done(gcs_server.credentials(), gcs.upload_file, bucket=bucket, file_path="big")
    done(gcs_server.credentials(), gcs.download_file, bucket=bucket, key="big", file_path="back")
    assert (root / "back").read_bytes() == (root / "big").read_bytes()


@pytest.mark.parametrize(
    ("key", "data", "back"),
    [
        ("a.txt", "text", "text"),
        ("a.json", {"a": [1, None]}, {"a": [1, None]}),
        ("a.csv", [{"a": 1}], [{"a": "1"}]),
        ("a.parquet", pd.DataFrame({"a": [1, 2]}), [{"a": 1}, {"a": 2}]),
        ("a.bin", b"\x00\xff", b"\x00\xff"),
        ("empty", "", b""),
    ],
)
def test_data_is_stored_and_read(gcs_server: GcsServer, bucket: str, key: str, data: Any, back: Any) -> None:
    who = gcs_server.credentials()
    done(who, gcs.put_object, bucket=bucket, key=key, data=data)
    form = "bytes" if isinstance(back, bytes) else "auto"
    assert done(who, gcs.get_object, bucket=bucket, key=key, table_as="rows", **{"as": form}) == back
    if back:
        assert "max_bytes" in refused(who, gcs.get_object, bucket=bucket, key=key, max_bytes=1)[0]


def test_objects_are_listed_copied_and_deleted(gcs_server: GcsServer, bucket: str) -> None:
    who = gcs_server.credentials()
    for key in ("a", "x/1", "x/2"):
        done(who, gcs.put_object, bucket=bucket, key=key, data=key)
    assert [one["key"] for one in done(who, gcs.list_objects, bucket=bucket)] == ["a", "x/1", "x/2"]
    result = gcs.list_objects(who, {"bucket": bucket, "limit": 2})
    assert len(result["data"]) == 2
    assert "there are more" in result["message"]
    level = done(who, gcs.list_objects, bucket=bucket, delimiter="/")
    assert [one.get("prefix") or one["key"] for one in level] == ["x/", "a"]
    other = f"{bucket}-2"
    done(who, gcs.create_bucket, bucket=other)
    done(who, gcs.copy_object, bucket=bucket, key="x/1", to_bucket=other)
    assert done(who, gcs.get_object, bucket=other, key="x/1", **{"as": "text"}) == "x/1"
    assert done(who, gcs.delete_objects, bucket=bucket, keys=["a", "none"]) == {"deleted": ["a"], "missing": ["none"]}
    assert done(who, gcs.delete_objects, bucket=bucket, prefix="x/")["deleted"] == ["x/1", "x/2"]
    assert done(who, gcs.list_objects, bucket=bucket) == []


def test_what_is_not_there_is_said(gcs_server: GcsServer, bucket: str, root: Path) -> None:
    who = gcs_server.credentials()
    for task, params in [
        (gcs.get_object, {"key": "none"}),
        (gcs.head_object, {"key": "none"}),
        (gcs.copy_object, {"key": "none", "to_key": "b"}),
        (gcs.download_file, {"key": "none", "file_path": "a"}),
    ]:
        assert refused(who, task, bucket=bucket, **params)[1] == "not_found"
    assert refused(who, gcs.list_objects, bucket="no-such-bucket")[1] == "not_found"
    assert list(root.iterdir()) == []
    assert "nobody is signed in" in refused({"project": "p"}, gcs.list_buckets)[0]


def test_what_is_there_is_not_replaced_unless_that_is_wanted(service: FakeService) -> None:
    """fake-gcs-server takes the condition and does not look at it: Google answers 412 conditionNotMet."""
    refusal = {"error": {"code": 412, "message": "At least one of the pre-conditions you specified did not hold.",
                         "errors": [{"reason": "conditionNotMet", "domain": "global"}]}}  # fmt: skip
    service.on("POST", "/upload/storage/v1/b/b/o", Answer(412, json=refusal))
    who = {"oauth2": "ya29.x" * 5, "base_url": service.url}
    message, kind = refused(who, gcs.put_object, bucket="b", key="a", data="x", overwrite=False)
    assert kind == "conflict"
    assert "did not hold" in message
    assert service.requests[0].query["ifGenerationMatch"] == "0"


def test_a_copy_of_a_large_object_takes_several_requests(service: FakeService) -> None:
    path = "/storage/v1/b/b/o/a/rewriteTo/b/c/o/a"
    more = {"kind": "storage#rewriteResponse", "done": False, "rewriteToken": "t", "totalBytesRewritten": "1"}
    service.on("POST", path, [Answer(json=more), Answer(json={"kind": "storage#rewriteResponse", "done": True})])
    service.on("GET", "/storage/v1/b/c/o/a", json={"name": "a", "size": "2"})
    who = {"oauth2": "ya29.x" * 5, "base_url": service.url}
    assert done(who, gcs.copy_object, bucket="b", key="a", to_bucket="c") == {"bucket": "c", "key": "a", "size": 2}
    assert [one.query.get("rewriteToken") for one in service.requests if one.method == "POST"] == [None, "t"]


@pytest.mark.parametrize(
    ("key", "moment", "seconds", "digest"),
    [
        ("test-object", "2019-02-01", 10, "00e2fb794ea93d7adb703edaebdd509821fcc7d4f1a79ac5c8d2b394df109320"),
        ("test-object", "2019-03-01", 20, "779f19fdb6fd381390e2d5af04947cf21750277ee3c20e0c97b7e46a1dff8907"),
        (
            "/path/with/slashes/under_score/amper&sand/file.ext", "2019-02-01", 10,
            "63c601ecd6ccfec84f1113fc906609cbdf7651395f4300cecd96ddd2c35164f8",
        ),
    ],
)  # fmt: skip
def test_what_is_signed_is_what_google_s_conformance_tests_say(
    key: str, moment: str, seconds: int, digest: str
) -> None:
    now = datetime.fromisoformat(f"{moment}T09:00:00+00:00")
    params = SignUrl(bucket="test-bucket", key=key, expires=seconds)
    text, _, _ = to_sign(EMAIL, "https://storage.googleapis.com", params, now)
    day = moment.replace("-", "")
    assert text == f"GOOG4-RSA-SHA256\n{day}T090000Z\n{day}/auto/storage/goog4_request\n{digest}"


def account() -> tuple[rsa.RSAPrivateKey, dict[str, str]]:
    """A key, and the credentials of a service account with it."""
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    return key, {"service_account": json.dumps({"client_email": EMAIL, "private_key": pem})}


def test_a_run_that_only_signs_links_asks_for_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*given: Any) -> Any:
        raise AssertionError("it asked for a token")

    monkeypatch.setattr("flowbook.oauth2.accounts.tokens_for", ask)
    flow = Workflow(name="links")
    flow.add("sign", "gcs.sign_url", "Files", params={"bucket": "b", "key": "a.csv"})
    with Workspace(tmp_path) as ws:
        ws.create_type("gcs")
        ws.create_integration("Files", "gcs", account()[1])
        assert ws.run(flow)["sign"].data["url"].startswith("https://storage.googleapis.com/b/a.csv?")


def test_a_link_is_signed_with_the_service_account_s_key() -> None:
    key, who = account()
    data = done(who, gcs.sign_url, bucket="b", key="a b/ü.csv", method="PUT", expires=60)
    url = urlsplit(data["url"])
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    assert url.path == "/b/a%20b/%C3%BC.csv"
    now = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    params = SignUrl(bucket="b", key="a b/ü.csv", method="PUT", expires=60)
    text, _, _ = to_sign(EMAIL, "https://storage.googleapis.com", params, now)
    signature = bytes.fromhex(query["X-Goog-Signature"])
    key.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    assert "Only a service account" in refused({}, gcs.sign_url, bucket="b", key="a")[0]
    broken = refused(
        {"service_account": '{"client_email": "a", "private_key": "SECRET"}'}, gcs.sign_url, bucket="b", key="a"
    )
    assert "SECRET" not in broken[0]
