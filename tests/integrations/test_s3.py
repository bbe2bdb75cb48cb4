"""S3, against a real server; what only Amazon does (regions), against moto."""

from __future__ import annotations

import re
import socket
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import moto
import pandas as pd
import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, fake_service
from integrations import s3
from tests.integrations.postgres_server import make_certificate
from tests.integrations.s3_server import SECRET, S3Server
from tests.ports import refusing_port

Credentials = dict[str, Any]


@pytest.fixture(scope="module")
def owner(s3_server: S3Server) -> Credentials:
    """The key that may do everything."""
    return s3_server.credentials()


@pytest.fixture(scope="module")
def bucket(owner: Credentials) -> str:
    """A bucket of this module's own."""
    name = f"box-{uuid.uuid4().hex[:8]}"
    assert s3.create_bucket(owner, {"bucket": name})["data"] == {"bucket": name, "created": True}
    return name


@pytest.fixture
def prefix() -> str:
    """A folder of the test's own."""
    return f"{uuid.uuid4().hex[:8]}/"


def data(result: Any) -> Any:
    assert result["success"], result["message"]
    return result["data"]


# --- connection --------------------------------------------------------------------------------------------------


def test_a_key_that_works_sees_its_buckets(owner: Credentials, bucket: str) -> None:
    assert bucket in data(s3.test_connection(owner))["buckets"]
    assert data(s3.test_connection(owner, {"bucket": bucket})) == {"bucket": bucket}


@pytest.mark.parametrize(
    ("changed", "params", "kind"),
    [
        ({"access_key": "NOSUCHKEY"}, {}, "unauthorized"),
        ({"secret_key": "not-the-right-one"}, {}, "unauthorized"),
        ({"access_key": "READERKEY"}, {"bucket": "private"}, "forbidden"),
        ({}, {"bucket": "no-such-bucket-here"}, "not_found"),
        ({"endpoint_url": "http://no-such-host.invalid"}, {}, "wrong_address"),
        ({"endpoint_url": "not an address"}, {}, "wrong_address"),
        ({"endpoint_url": "http://elsewhere.invalid\\@127.0.0.1"}, {}, "wrong_address"),
        ({"endpoint_url": "http://me:pw@127.0.0.1"}, {}, "wrong_address"),
        ({"endpoint_url": "closed"}, {}, "unreachable"),
        ({}, {"bucket": "Not A Bucket"}, "invalid"),
    ],
)
def test_a_failed_connection_says_which_kind_of_failure_it_was(
    owner: Credentials, changed: dict[str, Any], params: dict[str, Any], kind: str
) -> None:
    data(s3.create_bucket(owner, {"bucket": "private"}))
    with refusing_port() as port:
        if changed.get("endpoint_url") == "closed":
            changed = {"endpoint_url": f"http://127.0.0.1:{port}"}
        result = s3.test_connection({**owner, **changed}, params)
    assert not result["success"]
    assert result["data"]["kind"] == kind, result["message"]
    assert SECRET not in str(result)
    assert "not-the-right-one" not in str(result)


_DENIED = '<?xml version="1.0"?><Error><Code>{}</Code><Message>No {} today</Message>{}</Error>'


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([Answer(403, body=_DENIED.format("AccessDenied", "entry", ""))], "forbidden"),
        ([Answer(503, body=_DENIED.format("SlowDown", "hurry", ""))], "rate_limited"),
        ([Answer(500, body=_DENIED.format("InternalError", "luck", ""))], "server_error"),
        ([Answer(400, body=_DENIED.format("ExpiredToken", "time", ""))], "unauthorized"),
        (
            [Answer(400, body=_DENIED.format("AuthorizationHeaderMalformed", "go", "<Region>eu-west-3</Region>"))],
            "wrong_region",
        ),
        ([Answer(200, body="<html>Welcome to the hotel</html>", headers={"Content-Type": "text/html"})], "bad_answer"),
        ([Answer(200, body="<ListAllMyBucketsResult><Buckets><Bu")], "server_error"),
    ],
)
def test_faults_of_a_server_are_told_in_words(answers: list[Answer], kind: str) -> None:
    with fake_service() as service:
        service.on("GET", "/", answers)
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": service.url}
        result = s3.list_buckets(credentials)
    assert not result["success"]
    assert result["data"]["kind"] == kind, result["message"]
    assert "very-secret-key" not in str(result)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(200, body=b"x" * 1000, truncate=10), "bad_answer"),
        (Answer(404, body="<html>nothing here</html>", headers={"Content-Type": "text/html"}), "not_found"),
        (Answer(200, drop=True), "unreachable"),
    ],
)
def test_a_body_that_breaks_off_is_no_shorter_object(answer: Answer, kind: str) -> None:
    with fake_service() as service:
        service.on("GET", "/box/key", answer)
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": service.url}
        result = s3.get_object(credentials, {"bucket": "box", "key": "key", "as": "bytes"})
    assert not result["success"]
    assert result["data"]["kind"] == kind, result["message"]


def test_a_region_that_the_server_names_is_in_the_hint() -> None:
    text = _DENIED.format("AuthorizationHeaderMalformed", "go", "<Region>eu-west-3</Region>")
    with fake_service() as service:
        service.on("GET", "/", [Answer(400, body=text)])
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": service.url}
        assert "region to eu-west-3" in s3.list_buckets(credentials)["message"]


def test_an_error_that_passes_is_tried_again() -> None:
    good = "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket></Buckets></ListAllMyBucketsResult>"
    with fake_service() as service:
        service.on("GET", "/", [Answer(500), Answer(200, body=good)])
        result = s3.list_buckets({"access_key": "KEY", "secret_key": "x", "endpoint_url": service.url})
        assert [entry["name"] for entry in data(result)] == ["a"]
        assert len(service.requests) == 2


ASKING: list[tuple[str, dict[str, Any]]] = [
    ("test_connection", {}),
    ("test_connection", {"bucket": "box"}),
    ("list_objects", {"bucket": "box"}),
    ("put_object", {"bucket": "box", "key": "key", "data": "x"}),
    ("get_object", {"bucket": "box", "key": "key"}),
    ("head_object", {"bucket": "box", "key": "key"}),
    ("copy_object", {"source_bucket": "box", "source_key": "key", "key": "new"}),
    ("delete_objects", {"bucket": "box", "keys": ["key"]}),
    ("create_bucket", {"bucket": "box"}),
    ("upload_file", {"bucket": "box", "file_path": __file__}),
    ("delete_bucket", {"bucket": "box"}),
    ("set_tags", {"bucket": "box", "key": "key", "tags": {"a": "b"}}),
    ("get_acl", {"bucket": "box", "key": "key"}),
]


@pytest.mark.parametrize(
    ("task", "params"),
    [
        ("list_buckets", {}),
        ("list_objects", {"bucket": "box"}),
        ("get_object", {"bucket": "box", "key": "a"}),
        ("head_object", {"bucket": "box", "key": "a"}),
        ("put_object", {"bucket": "box", "key": "a", "data": "x"}),
        ("copy_object", {"source_bucket": "box", "source_key": "a", "key": "b"}),
        ("delete_objects", {"bucket": "box", "keys": ["a"]}),
        ("get_tags", {"bucket": "box", "key": "a"}),
        ("get_acl", {"bucket": "box", "key": "a"}),
    ],
)
def test_nothing_is_no_answer_of_a_storage(task: str, params: dict[str, Any]) -> None:
    """As a proxy may answer; boto3 takes it for a list without entries, an object without content, a deletion done."""
    with fake_service() as proxy:
        proxy.on("*", "/{rest:path}", status=200).on("*", "/", status=200)
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": proxy.url}
        result = getattr(s3, task)(credentials, params)
    assert result["success"] is False, result
    assert "Something else came in place of S3's answer." in result["message"]


def test_a_server_that_asks_to_wait_is_asked_again_after_that_and_not_at_all_after_a_day(waits: list[float]) -> None:
    with fake_service() as busy:
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": busy.url}
        busy.on("*", "/", Answer(503, headers={"Retry-After": "7"}))
        result = s3.list_buckets(credentials)
        assert waits == [7.0, 7.0]
        assert "It asks to wait 7 s" in result["message"]
        busy.on("*", "/", Answer(503, headers={"Retry-After": "86400"}))
        assert "It asks to wait 86400 s" in s3.list_buckets(credentials)["message"]
        assert len(waits) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(("task", "params"), ASKING)
def test_an_address_that_redirects_is_the_wrong_one(task: str, params: dict[str, Any], status: int) -> None:
    """It is asked once, and the message says where it points."""
    headers = {"Location": "https://user:pw@login.example.com/sign-in?next=x"}
    with fake_service() as service:
        for method in ("GET", "PUT", "HEAD", "POST", "DELETE"):
            for path in ("/", "/box", "/box/key", "/box/new", f"/box/{Path(__file__).name}"):
                service.on(method, path, Answer(status, headers=headers))
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": service.url}
        result = getattr(s3, task)(credentials, params)
        asked = len(service.requests)
    assert not result["success"]
    assert result["data"]["kind"] == "wrong_address", result["message"]
    assert "sends one to https://login.example.com/sign-in (" in result["message"]
    assert "pw" not in result["message"]
    assert asked == 1


@pytest.mark.parametrize("task", ["put_object", "get_object", "list_objects"])
def test_a_refusal_that_is_not_known_keeps_its_own_words(task: str) -> None:
    answer = Answer(400, body=_DENIED.format("KeyTooLongError", "key like that", ""))
    with fake_service() as service:
        for method, path in (("PUT", "/box/key"), ("GET", "/box/key"), ("GET", "/box")):
            service.on(method, path, answer)
        credentials = {"access_key": "KEY", "secret_key": "very-secret-key", "endpoint_url": service.url}
        params = next(params for name, params in ASKING if name == task)
        result = getattr(s3, task)(credentials, params)
    assert result["data"]["kind"] == "invalid"
    assert "(KeyTooLongError: No key like that today)" in result["message"]
    assert "region" not in result["message"]


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (400, "KeyTooLongError", True), (404, "NoSuchKey", True), (408, "", False), (400, "RequestTimeout", False),
        (409, "", False), (409, "OperationAborted", False), (409, "NotYetKnown", False),
        (307, "TemporaryRedirect", False),
    ],
)  # fmt: skip
def test_a_refusal_says_whether_another_try_would_fail_too(status: int, code: str, permanent: bool) -> None:
    from integrations.s3.client import refusal

    error = {"Error": {"Code": code or str(status)}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert refusal("Reading", error).permanent is permanent


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time limits short enough for a test."""
    import integrations.s3.client as client

    monkeypatch.setattr(client, "READ_SECONDS", 0.3)
    monkeypatch.setattr(client, "ATTEMPTS", 2)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_does_not_answer_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        credentials = {"access_key": "KEY", "secret_key": "x", "endpoint_url": url}
        for result in (
            s3.list_buckets(credentials),
            s3.put_object(credentials, {"bucket": "b", "key": "k", "data": "x"}),
        ):
            assert result["data"]["kind"] == "timeout", result["message"]
            found = re.search(r"given up after (\d+) s and 2 attempts", result["message"])
            assert found
            assert 1 <= int(found.group(1)) <= 30


@pytest.mark.usefixtures("impatient")
def test_a_certificate_that_is_not_trusted_is_a_tls_failure(tmp_path: Path) -> None:
    import ssl

    certificate, key = make_certificate("127.0.0.1")
    (tmp_path / "both.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stop = threading.Event()
        thread = threading.Thread(target=_shake_hands, args=(listener, context, stop))
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        result = s3.list_buckets({"access_key": "KEY", "secret_key": "x", "endpoint_url": url})
        stop.set()
        thread.join()
    assert result["data"]["kind"] == "tls", result["message"]


def _shake_hands(listener: socket.socket, context: Any, stop: threading.Event) -> None:
    listener.settimeout(0.1)
    while not stop.is_set():
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        with connection:
            connection.settimeout(2)
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                continue


# --- buckets -----------------------------------------------------------------------------------------------------


def test_making_a_bucket_twice_is_fine(owner: Credentials, bucket: str) -> None:
    assert data(s3.create_bucket(owner, {"bucket": bucket})) == {"bucket": bucket, "created": False}
    listed = data(s3.list_buckets(owner, {"prefix": bucket}))
    assert [entry["name"] for entry in listed] == [bucket]
    assert listed[0]["created"].startswith("20")


def test_objects_are_listed_over_pages_up_to_the_limit_or_all(owner: Credentials, bucket: str, prefix: str) -> None:
    names = [f"{prefix}{n:02}.txt" for n in range(7)] + [f"{prefix}deep/x.txt"]
    for name in names:
        data(s3.put_object(owner, {"bucket": bucket, "key": name, "data": "hello"}))
    whole = {"bucket": bucket, "prefix": prefix}
    cut = s3.list_objects(owner, {**whole, "limit": 3})
    assert [entry["key"] for entry in data(cut)] == names[:3]
    assert "cut at the limit of 3" in cut["message"]
    exact = s3.list_objects(owner, {**whole, "limit": 8})
    assert [entry["key"] for entry in data(exact)] == names
    assert "cut" not in exact["message"]
    assert len(data(s3.list_objects(owner, {**whole, "limit": 1, "all": True}))) == 8
    first = data(exact)[0]
    assert (first["size"], first["storage_class"]) == (5, "STANDARD")
    top = data(s3.list_objects(owner, {**whole, "delimiter": "/"}))
    assert {"prefix": f"{prefix}deep/"} in top
    assert len(top) == 8


# --- files -------------------------------------------------------------------------------------------------------


def test_a_large_file_travels_in_parts_with_progress(
    owner: Credentials, bucket: str, prefix: str, tmp_path: Path
) -> None:
    source = tmp_path / "big.bin"
    source.write_bytes(bytes(range(256)) * 4096 * 20)  # 20 MiB: three parts
    seen: list[tuple[float, float | None]] = []
    context = Context("run", root=tmp_path, progress=lambda done, total, text: seen.append((done, total)))
    size = source.stat().st_size
    with running_as(context):
        up = s3.upload_file(owner, {"bucket": bucket, "key": prefix + "big.bin", "file_path": "big.bin"})
        assert data(up)["size"] == size
        assert seen[-1] == (size, size)
        down = s3.download_file(owner, {"bucket": bucket, "key": prefix + "big.bin", "file_path": "back.bin"})
    assert data(down)["file_path"] == str(tmp_path / "back.bin")
    assert (tmp_path / "back.bin").read_bytes() == source.read_bytes()
    head = data(s3.head_object(owner, {"bucket": bucket, "key": prefix + "big.bin"}))
    assert head["etag"].endswith("-3")


def test_a_file_is_stored_with_type_and_metadata_under_its_own_name(
    owner: Credentials, bucket: str, tmp_path: Path
) -> None:
    source = tmp_path / f"{uuid.uuid4().hex}.csv"
    source.write_text("a,b\n1,2\n")
    given = {"bucket": bucket, "file_path": str(source), "metadata": {"origin": "tests"}}
    assert data(s3.upload_file(owner, given))["key"] == source.name
    head = data(s3.head_object(owner, {"bucket": bucket, "key": source.name}))
    assert (head["content_type"], head["metadata"], head["size"]) == ("text/csv", {"origin": "tests"}, 8)
    folder = tmp_path / "folder"
    folder.mkdir()
    wanted = {"bucket": bucket, "key": source.name, "file_path": str(folder)}
    assert data(s3.download_file(owner, wanted))["file_path"] == str(folder / source.name)
    refused = s3.download_file(owner, {**wanted, "overwrite": False})
    assert "there already" in refused["message"]


def test_cancelling_ends_an_upload_and_stores_nothing(
    owner: Credentials, bucket: str, prefix: str, tmp_path: Path
) -> None:
    source = tmp_path / "big.bin"
    with source.open("wb") as file:
        file.truncate(200_000_000)
    stop = threading.Event()
    timer = threading.Timer(0.15, stop.set)
    timer.start()
    with running_as(Context("run", stop=stop)):
        result = s3.upload_file(owner, {"bucket": bucket, "key": prefix + "big.bin", "file_path": str(source)})
    timer.join()
    assert "Cancelled" in result["message"]
    assert data(s3.list_objects(owner, {"bucket": bucket, "prefix": prefix})) == []


@pytest.mark.parametrize(
    ("task", "params", "kind"),
    [
        ("upload_file", {"file_path": "no-such-file"}, None),
        ("download_file", {"file_path": "x.bin"}, "not_found"),
        ("get_object", {}, "not_found"),
        ("head_object", {}, "not_found"),
        ("copy_object", {"key": "other"}, "not_found"),
    ],
)
def test_what_is_not_there_is_said_to_be_missing(
    owner: Credentials, bucket: str, task: str, params: dict[str, Any], kind: str | None, tmp_path: Path
) -> None:
    names = ("source_bucket", "source_key") if task == "copy_object" else ("bucket", "key")
    with running_as(Context("run", root=tmp_path)):
        result = getattr(s3, task)(owner, {names[0]: bucket, names[1]: "nowhere", **params})
    assert not result["success"]
    assert "here is no" in result["message"]
    assert (result["data"] or {}).get("kind") == kind
    assert list(tmp_path.iterdir()) == []


# --- contents ----------------------------------------------------------------------------------------------------

FRAME = pd.DataFrame({"n": [1, 2], "t": ["ä", "b,c"]})
ROWS = [{"n": 1, "t": "ä"}, {"n": 2, "t": "b,c"}]


@pytest.mark.parametrize(
    ("key", "stored", "read", "content_type"),
    [
        ("a.txt", "grüße", "grüße", "text/plain; charset=utf-8"),
        ("a.json", {"a": [1, None, "ä"]}, {"a": [1, None, "ä"]}, "application/json"),
        ("a.json", '{"a": 1}', {"a": 1}, "application/json"),
        ("no-ending", {"a": 1}, {"a": 1}, "application/json"),
        ("a.bin", b"\x00\xff", b"\x00\xff", "application/octet-stream"),
        ("a.csv", ROWS, FRAME, "text/csv; charset=utf-8"),
        ("a.csv", FRAME, FRAME, "text/csv; charset=utf-8"),
        ("a.parquet", FRAME, FRAME, "application/vnd.apache.parquet"),
        ("a.parquet", ROWS, FRAME, "application/vnd.apache.parquet"),
        ("a.json", FRAME, ROWS, "application/json"),
    ],
)
def test_data_comes_back_as_it_was_stored(
    owner: Credentials, bucket: str, prefix: str, key: str, stored: Any, read: Any, content_type: str
) -> None:
    put = data(s3.put_object(owner, {"bucket": bucket, "key": prefix + key, "data": stored}))
    assert put["content_type"] == content_type
    got = data(s3.get_object(owner, {"bucket": bucket, "key": prefix + key}))
    if isinstance(read, pd.DataFrame):
        pd.testing.assert_frame_equal(got, read)
    else:
        assert got == read


def test_tables_may_be_read_as_plain_rows(owner: Credentials, bucket: str, prefix: str) -> None:
    for key, expected in (("a.csv", [{**row, "n": str(row["n"])} for row in ROWS]), ("a.parquet", ROWS)):
        data(s3.put_object(owner, {"bucket": bucket, "key": prefix + key, "data": FRAME}))
        got = s3.get_object(owner, {"bucket": bucket, "key": prefix + key, "table_as": "rows"})
        assert data(got) == expected


@pytest.mark.parametrize(
    ("stored", "params", "words"),
    [
        (b"\xff\xfe", {"as": "text"}, "not utf-8"),
        (b"<html>", {"as": "json"}, "not JSON"),
        (b"<html>", {"as": "parquet"}, "not Parquet"),
        (b'a,b\n1,2,3\n4,"', {"as": "csv"}, "not CSV"),
        (b"0123456789", {"as": "bytes", "max_bytes": 9}, "max_bytes"),
    ],
)
def test_an_object_that_is_not_what_it_should_be_is_explained(
    owner: Credentials, bucket: str, prefix: str, stored: bytes, params: dict[str, Any], words: str
) -> None:
    data(s3.put_object(owner, {"bucket": bucket, "key": prefix + "x", "data": stored}))
    result = s3.get_object(owner, {"bucket": bucket, "key": prefix + "x", **params})
    assert not result["success"]
    assert words in result["message"]


def test_bytes_stay_bytes_but_inside_of_json_and_csv(owner: Credentials, bucket: str, prefix: str) -> None:
    frame = pd.DataFrame({"n": [1, 2], "raw": [b"\x00\xff", None]})
    for ending, stored, read, expected in (
        ("parquet", frame, {"table_as": "rows"}, [{"n": 1, "raw": b"\x00\xff"}, {"n": 2, "raw": None}]),
        ("parquet", frame[["raw"]], {"table_as": "rows"}, [{"raw": b"\x00\xff"}, {"raw": None}]),
        ("json", frame, {}, [{"n": 1, "raw": "AP8="}, {"n": 2, "raw": None}]),
        ("json", {"raw": [b"\x00\xff"]}, {}, {"raw": ["AP8="]}),
        ("csv", frame, {"table_as": "rows"}, [{"n": "1", "raw": "AP8="}, {"n": "2", "raw": ""}]),
        ("csv", [{"raw": b"\x00\xff", "more": [b""]}], {"table_as": "rows"}, [{"raw": "AP8=", "more": '[""]'}]),
    ):
        place = {"bucket": bucket, "key": f"{prefix}raw.{ending}"}
        data(s3.put_object(owner, {**place, "data": stored}))
        assert data(s3.get_object(owner, {**place, **read})) == expected


def test_lone_surrogates_are_stored_as_escapes(owner: Credentials, bucket: str, prefix: str) -> None:
    for ending, stored, expected in (
        ("txt", "a\ud800", "a\\ud800"),
        ("json", {"a": "\ud800"}, {"a": "\ud800"}),
        ("csv", [{"a": "\ud800"}], [{"a": "\\ud800"}]),
    ):
        place = {"bucket": bucket, "key": f"{prefix}lone.{ending}"}
        data(s3.put_object(owner, {**place, "data": stored}))
        assert data(s3.get_object(owner, {**place, "table_as": "rows"})) == expected


def test_a_cell_may_be_long(owner: Credentials, bucket: str, prefix: str) -> None:
    place = {"bucket": bucket, "key": f"{prefix}long.csv"}
    data(s3.put_object(owner, {**place, "data": [{"a": "x" * 200_000}]}))
    assert data(s3.get_object(owner, {**place, "table_as": "rows"})) == [{"a": "x" * 200_000}]


def test_a_download_makes_the_folders_that_are_missing(
    owner: Credentials, bucket: str, prefix: str, tmp_path: Path
) -> None:
    place = {"bucket": bucket, "key": f"{prefix}a.txt"}
    data(s3.put_object(owner, {**place, "data": "hi"}))
    with running_as(Context("run", root=tmp_path)):
        for file_path, made in (("new/er/b.txt", "new/er/b.txt"), ("other/", "other/a.txt")):
            down = s3.download_file(owner, {**place, "file_path": file_path})
            assert data(down)["file_path"] == str(tmp_path / made)
            assert (tmp_path / made).read_text() == "hi"
        (tmp_path / "file").touch()
        blocked = s3.download_file(owner, {**place, "file_path": "file/b.txt"})
    assert "cannot be written" in blocked["message"]


@pytest.mark.parametrize(
    ("stored", "form"), [(object(), "json"), (3, "csv"), ("text", "bytes"), ([1, 2], "parquet"), (float("nan"), "json")]
)
def test_data_that_does_not_fit_the_format_is_refused(
    owner: Credentials, bucket: str, prefix: str, stored: Any, form: str
) -> None:
    result = s3.put_object(owner, {"bucket": bucket, "key": prefix + "x", "data": stored, "format": form})
    assert not result["success"]
    assert form.lower() in result["message"].lower()


# --- the rest ----------------------------------------------------------------------------------------------------


def test_copies_keep_or_replace_metadata(owner: Credentials, bucket: str, prefix: str) -> None:
    source, target = prefix + "ä b+c.txt", prefix + "copy.txt"
    data(s3.put_object(owner, {"bucket": bucket, "key": source, "data": "hi", "metadata": {"a": "1"}}))
    copied = s3.copy_object(owner, {"source_bucket": bucket, "source_key": source, "key": target})
    assert data(copied) == {"bucket": bucket, "key": target}
    assert data(s3.head_object(owner, {"bucket": bucket, "key": target}))["metadata"] == {"a": "1"}
    data(s3.copy_object(owner, {"source_bucket": bucket, "source_key": source, "metadata": {"b": "2"}}))
    head = data(s3.head_object(owner, {"bucket": bucket, "key": source}))
    assert head["metadata"] == {"b": "2"}
    assert head["content_type"].startswith("text/plain")
    nowhere = s3.copy_object(owner, {"source_bucket": bucket, "source_key": source})
    assert "another" in nowhere["message"]


def test_objects_are_deleted_by_keys_or_by_prefix(owner: Credentials, bucket: str, prefix: str) -> None:
    keys = [f"{prefix}{n}" for n in range(4)]
    for key in keys:
        data(s3.put_object(owner, {"bucket": bucket, "key": key, "data": "x"}))
    assert data(s3.delete_objects(owner, {"bucket": bucket, "keys": keys[:2]}))["deleted"] == keys[:2]
    assert sorted(data(s3.delete_objects(owner, {"bucket": bucket, "prefix": prefix}))["deleted"]) == keys[2:]
    assert data(s3.list_objects(owner, {"bucket": bucket, "prefix": prefix})) == []
    for params in ({}, {"prefix": ""}, {"keys": ["a"], "prefix": "b"}):
        assert not s3.delete_objects(owner, {"bucket": bucket, **params})["success"]


def test_many_objects_are_deleted_batch_by_batch(
    owner: Credentials, bucket: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import integrations.s3.objects as objects

    monkeypatch.setattr(objects, "DELETE_BATCH", 2)
    keys = [f"{prefix}{n}" for n in range(5)]
    for chosen in ({"keys": keys}, {"prefix": prefix}):
        for key in keys:
            data(s3.put_object(owner, {"bucket": bucket, "key": key, "data": "x"}))
        assert data(s3.delete_objects(owner, {"bucket": bucket, **chosen}))["deleted"] == keys


def test_objects_that_cannot_be_deleted_are_each_named() -> None:
    answer = (
        "<DeleteResult><Deleted><Key>a</Key></Deleted>"
        "<Error><Key>b</Key><Code>AccessDenied</Code><Message>locked</Message></Error></DeleteResult>"
    )
    with fake_service() as service:
        service.on("POST", "/box", [Answer(200, body=answer)])
        credentials = {"access_key": "KEY", "secret_key": "x", "endpoint_url": service.url}
        result = s3.delete_objects(credentials, {"bucket": "box", "keys": ["a", "b"]})
    assert not result["success"]
    assert "b: AccessDenied locked" in result["message"]
    assert result["data"]["deleted"] == ["a"]
    assert result["data"]["errors"] == [{"key": "b", "code": "AccessDenied", "message": "locked"}]


def test_a_presigned_link_works_without_credentials(owner: Credentials, bucket: str, prefix: str) -> None:
    key = prefix + "linked file.txt"
    upload = data(s3.presign_url(owner, {"bucket": bucket, "key": key, "method": "put", "content_type": "text/plain"}))
    request = urllib.request.Request(
        upload["url"], data=b"linked", method="PUT", headers={"Content-Type": "text/plain"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200
    link = data(s3.presign_url(owner, {"bucket": bucket, "key": key, "expires": 60, "filename": "ä.txt"}))
    with urllib.request.urlopen(link["url"], timeout=20) as answer:
        assert answer.read() == b"linked"
        assert "%C3%A4.txt" in answer.headers["Content-Disposition"]
    assert SECRET not in str(link)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(link["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"), timeout=20)


def test_a_key_without_the_permission_is_told_so(owner: Credentials) -> None:
    data(s3.create_bucket(owner, {"bucket": "library"}))
    data(s3.put_object(owner, {"bucket": "library", "key": "book.txt", "data": "once upon a time"}))
    reader = {**owner, "access_key": "READERKEY"}
    assert data(s3.get_object(reader, {"bucket": "library", "key": "book.txt"})) == "once upon a time"
    refused = s3.put_object(reader, {"bucket": "library", "key": "book.txt", "data": "mine"})
    assert refused["data"]["kind"] == "forbidden"


# --- what only Amazon does ---------------------------------------------------------------------------------------


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[Credentials]:
    """Amazon's own S3, imitated in this process."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://elsewhere.invalid")
    with moto.mock_aws():
        yield {"access_key": "AKIAEXAMPLE", "secret_key": "example", "region": "eu-central-1", "endpoint_url": ""}


def test_on_amazon_a_bucket_is_made_in_the_credentials_region(amazon: Credentials) -> None:
    data(s3.create_bucket(amazon, {"bucket": "in-frankfurt"}))
    data(s3.create_bucket({**amazon, "region": ""}, {"bucket": "in-virginia"}))
    names = [entry["name"] for entry in data(s3.list_buckets(amazon))]
    assert names == ["in-frankfurt", "in-virginia"]
    link = data(s3.presign_url(amazon, {"bucket": "in-frankfurt", "key": "k"}))["url"]
    assert link.startswith("https://in-frankfurt.s3.")


@pytest.mark.parametrize("as_frame", [False, True])
def test_csv_that_people_open_runs_nothing_in_a_spreadsheet(as_frame: bool) -> None:
    from flowbook.stored import encode

    rows = [{"=who": "=cmd|' /C calc'!A0", "n": -3}, {"=who": "+1", "n": 4}]
    data = pd.DataFrame(rows) if as_frame else rows
    assert encode(data, "csv", "a.csv", "utf-8", safe=True)[0] == b"'=who,n\n'=cmd|' /C calc'!A0,-3\n+1,4\n"
    assert encode(data, "csv", "a.csv", "utf-8")[0].startswith(b"=who,n\n=cmd|")
